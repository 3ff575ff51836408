// What runs on the cluster, as one value: made from the objects that the cluster shows and from what the
// pods say. Sans-IO.
//
// Thread: any, no state. Ownership: values. Units: in the names; times are of the cluster's clock. Errors:
// none; what could not be read is a Problem. Source: kube/diagnose.h for the rollout, kube/trouble.h for
// single pods; the rest are the fields of Kubernetes 1.28-1.34.
#pragma once

#include "cmd/kube/fields.h"
#include "cmd/status/autoscaler.h"
#include "cmd/status/certificate.h"
#include "cmd/status/statusz.h"
#include "cmd/ui/causes.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace waaft::status {

// What was read, before anything is made of it.
struct View {
    std::string context;
    std::string name_space;
    std::string name;    // of the Deployment
    std::string domain;  // empty: the address is the name
    bool exposed = true;
    kube::Object deployment;
    kube::Objects replica_sets;
    kube::Objects pods;
    kube::Objects events;
    kube::Object autoscaler;
    kube::Object redis;  // the StatefulSet beside it; empty: there is none
    kube::Objects services;
    kube::Objects entrances;  // Gateway, Ingress
    std::optional<Certificate> certificate;
    std::map<std::string, Live> live;  // by pod
    std::vector<Error> refused;        // parts that could not be read
};

struct Problem {
    bool severe = false;  // something is wrong now; otherwise: it may become so
    cmd::Cause cause;
};

struct PodReport {
    std::string name;
    std::string node;
    std::string phase;
    bool ready = false;
    bool draining = false;
    bool current = false;  // of the version that the Deployment asks for
    std::int64_t restarts = 0;
    std::int64_t age_s = 0;
    Live live;
};

enum class RolloutState : std::uint8_t { none, complete, progressing, failing };

struct Report {
    std::string context;
    std::string name_space;
    std::string name;
    std::string image;   // as the Deployment has it
    std::string digest;  // "sha256:..."; empty: not known
    std::string version;
    std::string revision;
    RolloutState state = RolloutState::none;
    std::string rollout;  // one sentence
    std::int64_t desired = 0;
    std::int64_t ready = 0;
    std::int64_t old = 0;
    std::int64_t draining = 0;
    std::vector<PodReport> pods;
    std::optional<Autoscaler> autoscaler;
    std::string url;      // empty: no address yet
    std::string address;  // the IP or host name
    std::optional<Certificate> certificate;
    std::vector<Problem> problems;  // the severe ones first
    UnixMs at = 0;

    // Sums over the pods that answered.
    std::int64_t answered = 0;
    std::int64_t rooms = 0;
    std::int64_t people = 0;
    std::optional<double> mbps;
    std::optional<double> cpu_cores;
    // As the pods find it, the worst of them; its latency is that of the slowest. Nothing: none shares rooms.
    std::optional<LiveRedis> redis;

    bool healthy() const;
};

Report make_report(const View& view, UnixMs now);

// Where people find it: what the Services, Gateway and Ingress have got by now.
struct Address {
    std::string host;
    std::string url;
};
Address address_of(const View& view);

}  // namespace waaft::status
