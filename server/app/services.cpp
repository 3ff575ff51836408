#include "server/app/services.h"

#include "server/app/post_office.h"

#include <algorithm>

namespace waaft::app {

namespace {

constexpr std::chrono::minutes limit_period{1};
// A network of many addresses has honest people in it, and so has a room that somebody guesses at.
constexpr std::uint32_t network_factor = 4;
constexpr std::uint32_t room_factor = 10;

}  // namespace

Services::Services(const Config& settings)
    : config(settings),
      rooms_by_address("rooms", settings.rooms_per_minute, limit_period),
      rooms_by_network("rooms of a network", settings.rooms_per_minute * network_factor, limit_period),
      passwords_by_address("passwords", settings.passwords_per_minute, limit_period),
      passwords_by_network("passwords of a network", settings.passwords_per_minute * network_factor, limit_period),
      passwords_by_room("passwords of a room", settings.passwords_per_minute * room_factor, limit_period) {}
Services::~Services() = default;

void LagCounters::add(Duration late) {
    const double seconds = std::chrono::duration<double>(late).count();
    const auto bucket =
        static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin());
    counts[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_us.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

void RevokedLinks::add(std::string id, UnixMs expires_at) {
    const std::lock_guard lock(mutex_);
    expiry_by_id_.insert_or_assign(std::move(id), expires_at);
}

bool RevokedLinks::contains(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return expiry_by_id_.contains(id);
}

void RevokedLinks::forget_expired(UnixMs now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(expiry_by_id_, [now](const auto& entry) { return entry.second < now; });
}

void KeyedLimit::forgive(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = windows_.find(key);
    if (found != windows_.end() && found->second.used > 0) --found->second.used;
}

bool KeyedLimit::allow(const std::string& key, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (windows_.size() >= keys_max) {
        std::erase_if(windows_, [&](const auto& entry) { return now - entry.second.start >= period_; });
        if (windows_.size() >= keys_max && !windows_.contains(key)) return false;
    }
    Window& window = windows_[key];
    if (now - window.start >= period_) window = {now, 0};
    if (window.used >= per_period_) return false;
    ++window.used;
    return true;
}

void read_revoked_links(Services& services) {
    const auto take = [&services](auto ids) {
        if (!ids.has_value()) return;
        constexpr UnixMs year_ms = 366LL * 86400 * 1000;
        for (std::string& id : *ids) services.revoked_links.add(std::move(id), read_clocks().wall + year_ms);
        services.revoked_links.set_known(true);
    };
    if (services.shared)
        services.shared->revoked_links(take);
    else
        services.store->revoked_links(take);
}

}  // namespace waaft::app
