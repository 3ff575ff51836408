// How many cores this process may use at once: those that its affinity mask allows, and no more than the CPU quotas of
// its control groups add up to. A machine has more of them than a container.
//
// Thread: any. Ownership: values. Errors: what cannot be read allows everything. Sources: sched_setaffinity(2); the
// kernel's documentation of cgroup v2 (cpu.max) and of CFS bandwidth control (cpu.cfs_quota_us).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace waaft {

// At least 1.
std::uint32_t usable_cores();

// The text of a file, nullopt if there is none.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// What the quotas of all control groups above the process allow, rounded up; nullopt: there is none.
// `memberships` is the text of /proc/self/cgroup.
std::optional<std::uint32_t> quota_cores(std::string_view memberships, const ReadFile& read);

}  // namespace waaft
