// Decides whether a rollout goes on, has succeeded, or is doomed: looks at what the cluster says, one look after the
// other, and remembers since when each pod has its trouble. Sans-IO.
//
// Thread: one. Ownership: a few bytes for each pod of the new version. Units: `now` is the caller's wall clock and
// never goes back. Errors: none; what it does not know is progress. Doomed means that all pods of the new ReplicaSet
// are; a pod that drains, a node that is being added, an HPA without its first sample are progress.
// Source: the table of broken and slow deploys; reference in trouble.h.
#pragma once

#include "cmd/kube/fields.h"
#include "cmd/kube/trouble.h"

#include <map>
#include <string>
#include <vector>

namespace waaft::kube {

struct Snapshot {
    Object deployment;  // empty: there is none
    Objects replica_sets;
    Objects pods;
    Objects events;
    Object redis;  // the StatefulSet beside it; empty: there is none
};

// Puts the items of one or more lists where they belong; `name`: the Deployment's.
Snapshot make_snapshot(const Objects& items, std::string_view name);

enum class Standing : std::uint8_t { progressing, ready, doomed };

struct LogWanted {
    std::string pod;
    std::string container;
    bool previous = false;
    std::size_t cause = 0;  // whose log_tail it is, an index of Verdict::causes
};

struct Verdict {
    Standing standing = Standing::progressing;
    std::string waiting_for;      // "1 of 3 new pods ready; 2 draining"
    std::vector<Cause> causes;    // why it is doomed, or what troubles it so far
    std::vector<LogWanted> logs;  // for them
    std::int64_t desired = 0;
    std::int64_t ready = 0;     // of the new version
    std::int64_t old = 0;       // still serving, of other versions
    std::int64_t draining = 0;  // told to end, not gone
    bool redis_ready = true;    // or there is none
};

class Rollout {
public:
    Verdict look(const Snapshot& snapshot, UnixMs now);

private:
    // Whether it will not come.
    bool look_at_redis(const Snapshot& snapshot, UnixMs now, Verdict& verdict, std::map<std::string, UnixMs>& seen);
    bool is_doom(const std::string& key, const Trouble& trouble, UnixMs now, std::map<std::string, UnixMs>& seen);

    std::map<std::string, UnixMs> since_;  // "uid CODE": first seen
};

}  // namespace waaft::kube
