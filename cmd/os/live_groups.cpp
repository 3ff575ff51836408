#include "cmd/os/live_groups.h"

#include <array>
#include <csignal>

namespace waaft::os {
namespace {

std::array<std::atomic<pid_t>, 64> slots{};
static_assert(std::atomic<pid_t>::is_always_lock_free, "a signal handler reads it");

}  // namespace

LiveGroup::LiveGroup(pid_t group) {
    for (auto& slot : slots) {
        pid_t free = 0;
        if (slot.compare_exchange_strong(free, group)) {
            slot_ = &slot;
            return;
        }
    }
}

LiveGroup::~LiveGroup() {
    if (slot_ != nullptr) slot_->store(0);
}

void kill_live_groups() {
    for (const auto& slot : slots) {
        if (const pid_t group = slot.load(); group > 0) kill(-group, SIGKILL);
    }
}

}  // namespace waaft::os
