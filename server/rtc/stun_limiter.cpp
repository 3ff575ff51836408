#include "server/rtc/stun_limiter.h"

#include <algorithm>
#include <span>

namespace waaft::rtc {
namespace {

constexpr std::uint64_t micro = 1'000'000;
constexpr std::size_t ways = 8;

// The finisher of SplitMix64: every bit of the input reaches every bit of the output.
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

}  // namespace

StunLimiter::StunLimiter(std::uint32_t per_second, std::uint32_t burst, std::uint64_t seed)
    : per_second_(per_second), burst_micro_(burst * micro), seed_(seed), entries_(entries_max) {}

std::uint64_t StunLimiter::key_of(const SocketAddress& from) const {
    std::uint64_t network = from.v6 ? 6 : 4;
    std::uint64_t prefix = 0;
    for (std::size_t i = 0; i < (from.v6 ? 8U : 4U); ++i) prefix = prefix << 8U | from.ip[i];
    network = mix(network ^ seed_);
    const std::uint64_t key = mix(mix(prefix ^ network) + seed_);
    return key == 0 ? 1 : key;
}

StunLimiter::Entry& StunLimiter::find(std::uint64_t key, std::int64_t now_us) {
    const std::size_t set = key % (entries_max / ways) * ways;
    const auto entries = std::span(entries_).subspan(set, ways);
    for (Entry& entry : entries) {
        if (entry.key == key) return entry;
    }
    Entry& idle = *std::min_element(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return a.key == 0 ? b.key != 0 : b.key != 0 && a.refilled_us < b.refilled_us;
    });
    idle = {key, now_us, burst_micro_};
    return idle;
}

bool StunLimiter::allow(const SocketAddress& from, TimePoint now) {
    const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    Entry& entry = find(key_of(from), now_us);
    // An hour fills every bucket that is worth having, and keeps the product small.
    const auto idle_us = static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(now_us - entry.refilled_us, 0, std::int64_t{3600} * 1'000'000));
    entry.tokens_micro = std::min(burst_micro_, entry.tokens_micro + idle_us * per_second_);
    entry.refilled_us = now_us;
    if (entry.tokens_micro < micro) return false;
    entry.tokens_micro -= micro;
    return true;
}

}  // namespace waaft::rtc
