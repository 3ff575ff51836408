// The API of one cluster, as the user of a kubeconfig context sees it: through one `kubectl proxy` on a socket in a
// private folder, so that signing in stays kubectl's work and a command needs one process, however much it asks.
//
// Thread: one; calls wait for the answer, 30 s at most. Ownership: owns the proxy and its folder. Bounds: as Http.
// Errors: as in api_error.h, plus those of os::Child. The context is always named, never kubectl's current one.
// Source: https://kubernetes.io/docs/reference/using-api/, server-side apply with field manager `waaft`.
#pragma once

#include "cmd/kube/fields.h"
#include "cmd/kube/http.h"
#include "cmd/kube/kinds.h"
#include "cmd/os/interrupt.h"
#include "server/base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::kube {

inline constexpr std::string_view field_manager = "waaft";

struct Target {
    std::string kubeconfig;  // empty: kubectl's own rules
    std::string context;
    std::string name_space;
};

// kubectl with the flags that name the target; for the programs we run and for what people are told to type.
std::vector<std::string> kubectl_argv(const Target& target, std::vector<std::string> arguments);
// The context to use if none was named: the only one of a kubeconfig that was named. Otherwise CONTEXT_UNNAMED, which
// says what there is.
struct Contexts {
    std::string current;
    std::vector<std::string> names;
};
Result<Contexts> read_contexts(const std::string& kubeconfig, const os::Interrupt* interrupt);

struct ApplyOptions {
    bool dry_run = false;
    bool force = false;  // take over fields that others manage
};

class Api {
public:
    // Waits until the proxy serves.
    static Result<std::unique_ptr<Api>> open(const Target& target, const os::Interrupt* interrupt);
    // The first request waits for it instead, and has its errors: the caller does other things meanwhile.
    static Result<std::unique_ptr<Api>> start(const Target& target, const os::Interrupt* interrupt);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    const Target& target() const { return target_; }

    // "/api/v1/namespaces/live/pods" and the like, for the target's namespace.
    std::string path(const Kind& kind, std::string_view name = {}) const;
    // Of any object; asks the cluster for kinds that the table does not have.
    Result<std::string> path_of_object(const Object& object);

    Result<Object> get(const std::string& path);
    // The same for several at once, in their order.
    std::vector<Result<Object>> get_all(const std::vector<std::string>& paths);
    Result<std::string> get_text(const std::string& path);

    Result<Object> apply(const Object& object, const ApplyOptions& options);
    std::vector<Result<Object>> apply_all(const Objects& objects, const ApplyOptions& options);
    Result<Object> create(const Object& object);
    // The same for several at once, in their order; also of what has no name, such as a SelfSubjectAccessReview.
    std::vector<Result<Object>> create_all(const Objects& objects);
    // With metadata.resourceVersion of what was read: refused as CONFLICT if it has changed since.
    Result<Object> replace(const Object& object);
    Result<Object> merge(const std::string& path, const Object& patch);
    Result<void> remove(const std::string& path, std::string_view propagation = "Background");

    // From now on requests are made though an interrupt has come: to leave things tidy.
    void ignore_interrupt();

    // The time that the cluster's answers carry, so that leases of two machines are judged by one clock.
    UnixMs cluster_time() const;

private:
    struct Process;
    Api(Target target, std::unique_ptr<Process> process);
    Result<Resource> resource_of(const Kind& kind);
    std::vector<Result<Answer>> send(const std::vector<Request>& requests);
    Result<Object> send_object(Request request, const std::string& where);
    Result<Object> object_of(Result<Answer> answer, const std::string& where);

    Target target_;
    std::unique_ptr<Process> process_;
    std::vector<std::pair<Kind, Resource>> looked_up_;
    std::int64_t ahead_ms_ = 0;  // the cluster's clock minus ours
};

}  // namespace waaft::kube
