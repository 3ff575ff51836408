// What all pods of one deployment share, made by the first of them and kept in a Secret: the secret that
// signs tokens, a CA, a certificate for the address that people use, and the password of the Redis beside them.
//
// An engine: answers of the API server and `now` in, the next thing to do out; no socket, no clock, no
// file. Thread: any, one at a time. Ownership: values. Bounds: attempts_max writes; an answer has at most
// answer_bytes_max bytes. Errors: cluster_forbidden, cluster_unreachable, cluster_answer,
// cluster_conflict, tls_write. Source: Kubernetes API v1, Secret and Service; an update names the
// resourceVersion it was made from, and 409 means that somebody else was faster.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"
#include "server/net/tls.h"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waaft::pod {

inline constexpr std::size_t answer_bytes_max = 4 * 1024 * 1024;

struct ClusterInitOptions {
    std::string namespace_;
    std::string secret;              // name of the Secret
    std::string service;             // whose address the certificate has; empty: none
    std::vector<std::string> names;  // more names of the certificate: domains, reserved addresses
    Duration address_wait = std::chrono::seconds(60);
};

struct Request {
    std::string method;  // GET, POST, PUT
    std::string path;
    std::string body;  // JSON; holds secrets
};
struct Wait {
    TimePoint until;
};
// What the server needs; the CA's key stays in the Secret.
struct Shared {
    std::string secret;
    std::string ca_cert;
    std::string cert;
    std::string key;
    std::string redis_password;
};
using Step = std::variant<Request, Wait, Shared, Error>;

// What Redis reads at its start; the password is of letters, digits, - and _.
std::string redis_configuration(const std::string& password);

class ClusterInit {
public:
    ClusterInit(ClusterInitOptions options, Now now);

    // A Request is repeated until its answer is given; a Wait until its time has come.
    Step next(Now now);
    // Of the last Request. `status` 0: there was none, and `body` says why.
    void on_answer(int status, std::string_view body, Now now);
    // What happened since the last call, for people.
    std::vector<std::string> take_notes();

private:
    enum class Phase : std::uint8_t { service, secret, write, done, failed };

    void on_service(int status, std::string_view body);
    void on_secret(int status, std::string_view body, Now now);
    void on_written(int status, std::string_view body);
    void go_on(const boost::json::object& kept, Now now);
    void write(boost::json::object kept, const net::RenewedCertificates& renewed);
    void pause(Phase then, Now now);
    void fail(Error error);
    bool waits_for_address(Now now) const { return address_pending_ && now.steady < address_until_; }
    std::vector<std::string> certificate_names() const;

    ClusterInitOptions options_;
    Phase phase_;
    TimePoint address_until_;
    TimePoint refused_until_;
    TimePoint give_up_at_;
    std::optional<TimePoint> not_before_;
    std::vector<std::string> addresses_;
    bool address_pending_ = false;
    bool noted_pending_ = false;
    int attempts_ = 0;
    Request write_;
    Shared shared_;
    Error error_;
    std::vector<std::string> notes_;
};

}  // namespace waaft::pod
