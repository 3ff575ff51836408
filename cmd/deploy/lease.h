// One deploy at a time: a Lease in the namespace with an owner and an end.
//
// Thread: main. Ownership: a Lock gives its lease back when it goes; one that was left by a dead process ends by
// itself after lock_for. Units: the cluster's clock, so that two machines agree. Errors: LOCKED with the owner and how
// long it still holds; those of kube::Api. Source: coordination.k8s.io/v1.
#pragma once

#include "cmd/kube/api.h"
#include "cmd/ui/progress.h"

#include <functional>
#include <memory>
#include <string>

namespace waaft::deploy {

inline constexpr std::chrono::seconds lock_for{30};
inline constexpr std::chrono::seconds renew_each{10};

kube::Object make_lease(const std::string& name, const std::string& holder, UnixMs now);
// How long somebody else than `holder` still has it, in milliseconds; 0: it may be taken.
std::int64_t held_for(const kube::Object& lease, const std::string& holder, UnixMs now);

class Lock {
public:
    // Waits up to `wait` for another deploy to end.
    static Result<std::unique_ptr<Lock>> take(kube::Api& api, const std::string& name, Duration wait,
                                              cmd::Progress& progress, const os::Interrupt& interrupt);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    // At least every renew_each while the work goes on; does nothing if it is not yet time.
    Result<void> renew();

private:
    Lock(kube::Api& api, kube::Object lease) : api_(api), lease_(std::move(lease)), renewed_(Clock::now()) {}

    kube::Api& api_;
    kube::Object lease_;  // as the cluster answered last
    TimePoint renewed_;
};

// Waits; false if an interrupt came.
bool pause(const os::Interrupt& interrupt, Duration duration);

}  // namespace waaft::deploy
