#include "server/base/cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <thread>

namespace waaft {
namespace {

constexpr std::string_view mounted_at = "/sys/fs/cgroup";

std::optional<std::string> text_of(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> rounded_up(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>((*quota - 1) / *period + 1, 1, 1 << 16));
}

// "max 100000" or "150000 100000"
std::optional<std::uint32_t> of_v2(const std::string& folder, const ReadFile& read) {
    const auto text = read(folder + "/cpu.max");
    const auto blank = text ? text->find(' ') : std::string::npos;
    if (blank == std::string::npos) return std::nullopt;
    return rounded_up(number_in(*text), number_in(std::string_view(*text).substr(blank + 1)));
}

std::optional<std::uint32_t> of_v1(const std::string& folder, const ReadFile& read) {
    const auto quota = read(folder + "/cpu.cfs_quota_us");
    const auto period = read(folder + "/cpu.cfs_period_us");
    if (!quota || !period) return std::nullopt;
    return rounded_up(number_in(*quota), number_in(*period));
}

bool lists_cpu(std::string_view controllers) {
    while (!controllers.empty()) {
        const auto comma = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, comma) == "cpu") return true;
        controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    }
    return false;
}

struct Least {
    std::optional<std::uint32_t> cores;
    void take(std::optional<std::uint32_t> other) {
        if (other && (!cores || *other < *cores)) cores = other;
    }
};

// The group and all above it. A container sees its own group as the root: the path that the host knows it by is not
// there, and what counts is found at the end of the way up.
void look(Least& least, std::string_view path, bool v2, const ReadFile& read) {
    const std::string base = std::string(mounted_at) + (v2 ? "" : "/cpu");
    std::string group = path == "/" ? "" : std::string(path);
    while (true) {
        least.take(v2 ? of_v2(base + group, read) : of_v1(base + group, read));
        if (group.empty()) return;
        group.resize(group.find_last_of('/') == std::string::npos ? 0 : group.find_last_of('/'));
    }
}

}  // namespace

std::optional<std::uint32_t> quota_cores(std::string_view memberships, const ReadFile& read) {
    Least least;
    while (!memberships.empty()) {
        const auto end = std::min(memberships.find('\n'), memberships.size());
        const std::string_view line = memberships.substr(0, end);
        memberships.remove_prefix(std::min(end + 1, memberships.size()));
        // "0::/path" is v2, "4:cpu,cpuacct:/path" is v1.
        const auto first = line.find(':');
        const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const bool v2 = controllers.empty();
        if (v2 || lists_cpu(controllers)) look(least, line.substr(second + 1), v2, read);
    }
    return least.cores;
}

std::uint32_t usable_cores() {
    std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
    cpu_set_t mask;
    // More cores than the set has room for: it fails, and nothing is known of the mask.
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) cores = static_cast<std::uint32_t>(CPU_COUNT(&mask));
    const auto quota = quota_cores(text_of("/proc/self/cgroup").value_or(""), text_of);
    return std::max(1U, quota ? std::min(cores, *quota) : cores);
}

}  // namespace waaft
