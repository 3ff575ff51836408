#include "cmd/deploy/lease.h"

#include "cmd/deploy/revision.h"

#include <poll.h>
#include <unistd.h>

namespace waaft::deploy {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// "2026-11-24T05:00:01.000000Z"
std::string micro_time(UnixMs time) {
    auto text = kube::format_time(time);
    text.insert(text.size() - 1, ".000000");
    return text;
}

Error locked(const kube::Object& lease, std::int64_t left_ms) {
    return {"LOCKED",
            "another deploy is going on: " + kube::text(lease, {"spec", "holderIdentity"}) +
                " holds the lock for at least another " + std::to_string(left_ms / 1000 + 1) + " s",
            "Lease/" + kube::name_of(lease), "wait for it, or give --lock-wait 5m to wait here"};
}

}  // namespace

kube::Object make_lease(const std::string& name, const std::string& holder, UnixMs now) {
    return {{"apiVersion", "coordination.k8s.io/v1"},
            {"kind", "Lease"},
            {"metadata",
             {{"name", name + "-deploy"},
              {"labels",
               {{"app.kubernetes.io/name", "waaft"},
                {"app.kubernetes.io/instance", name},
                {"app.kubernetes.io/component", "lock"},
                {"app.kubernetes.io/managed-by", "waaft"}}}}},
            {"spec",
             {{"holderIdentity", holder},
              {"leaseDurationSeconds", std::int64_t{lock_for.count()}},
              {"acquireTime", micro_time(now)},
              {"renewTime", micro_time(now)}}}};
}

std::int64_t held_for(const kube::Object& lease, const std::string& holder, UnixMs now) {
    const auto owner = kube::text(lease, {"spec", "holderIdentity"});
    if (owner.empty() || owner == holder) return 0;
    const auto renewed = kube::parse_time(kube::text(lease, {"spec", "renewTime"}));
    if (!renewed) return 0;
    const auto until = *renewed + kube::number(lease, {"spec", "leaseDurationSeconds"}, lock_for.count()) * 1000;
    return until > now ? until - now : 0;
}

bool pause(const os::Interrupt& interrupt, Duration duration) {
    pollfd wait{interrupt.fd(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>(duration_cast<milliseconds>(duration).count()));
    return !interrupt.raised();
}

Result<std::unique_ptr<Lock>> Lock::take(kube::Api& api, const std::string& name, Duration wait,
                                         cmd::Progress& progress, const os::Interrupt& interrupt) {
    const auto give_up = Clock::now() + wait;
    const auto holder = whoami() + " (process " + std::to_string(getpid()) + ")";
    while (true) {
        const auto there = api.get(api.path({"coordination.k8s.io/v1", "Lease"}, name + "-deploy"));
        const auto now = api.cluster_time();
        if (!there && there.error().code != "NOT_FOUND") return there.error();
        const auto left = there ? held_for(*there, holder, now) : 0;
        if (left == 0) {
            auto wanted = make_lease(name, holder, now);
            // With the version that was read: of two that come at once the second is refused.
            if (there) {
                wanted["metadata"].get_object()["resourceVersion"] =
                    kube::text(*there, {"metadata", "resourceVersion"});
            }
            auto taken = there ? api.replace(wanted) : api.create(wanted);
            if (taken) return std::unique_ptr<Lock>(new Lock(api, std::move(*taken)));
            if (taken.error().code != "CONFLICT") return taken.error();
        } else if (Clock::now() >= give_up) {
            return locked(*there, left);
        } else {
            progress.status("waiting for " + kube::text(*there, {"spec", "holderIdentity"}));
        }
        if (!pause(interrupt, std::chrono::seconds(1))) return interrupt.error();
        progress.tick();
    }
}

Result<void> Lock::renew() {
    if (Clock::now() - renewed_ < renew_each) return {};
    lease_["spec"].get_object()["renewTime"] = micro_time(api_.cluster_time());
    auto written = api_.replace(lease_);
    if (!written) return written.error();
    lease_ = std::move(*written);
    renewed_ = Clock::now();
    return {};
}

Lock::~Lock() {
    // Also after an interrupt: else the next deploy would have to wait for the end of the lease. If the cluster
    // does not answer, it ends by itself. It is read again, since a renewal that an interrupt cut off may have arrived.
    api_.ignore_interrupt();
    auto there = api_.get(api_.path({"coordination.k8s.io/v1", "Lease"}, kube::name_of(lease_)));
    const auto owner = kube::text(lease_, {"spec", "holderIdentity"});
    if (!there || kube::text(*there, {"spec", "holderIdentity"}) != owner) return;
    (*there)["spec"].get_object()["holderIdentity"] = "";
    (void)api_.replace(*there);
}

}  // namespace waaft::deploy
