#include "server/app/services.h"

#include "server/app/post_office.h"

namespace waaft::app {

Services::Services(const Config& settings)
    : config(settings),
      room_limit(settings.rooms_per_minute, std::chrono::minutes(1)),
      password_limit(settings.passwords_per_minute, std::chrono::minutes(1)) {}
Services::~Services() = default;

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

}  // namespace waaft::app
