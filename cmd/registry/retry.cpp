#include "cmd/registry/retry.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace waaft::registry {

std::optional<TimePoint> Retry::failed(TimePoint now, std::optional<Duration> retry_after, double random) {
    if (++failures_ >= policy_.attempts) return std::nullopt;
    if (retry_after && *retry_after > policy_.retry_after_max) return std::nullopt;
    const auto doublings = std::min(failures_ - 1, 16U);
    const Duration bound = std::min(policy_.cap, policy_.base * (1U << doublings));
    const Duration jitter(static_cast<Duration::rep>(static_cast<double>(bound.count()) * random));
    return now + std::max(jitter, retry_after.value_or(Duration::zero()));
}

bool is_passing(int status) {
    return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

std::optional<Duration> parse_retry_after(std::string_view text, UnixMs now) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size()) return std::chrono::seconds(seconds);
    std::istringstream in{std::string(text)};
    in.imbue(std::locale::classic());
    std::tm date{};
    in >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
    if (in.fail()) return std::nullopt;
    const std::int64_t wait = static_cast<std::int64_t>(timegm(&date)) * 1000 - now;
    constexpr std::int64_t year = 365LL * 86'400'000;
    return std::chrono::milliseconds(std::clamp<std::int64_t>(wait, 0, year));
}

}  // namespace waaft::registry
