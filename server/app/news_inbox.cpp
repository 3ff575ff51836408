#include "server/app/news_inbox.h"

#include <utility>

namespace waaft::app {
namespace {

// A value that waits costs about so much besides its texts.
constexpr std::size_t value_bytes = 256;

std::size_t size_of(const store::Told& told) {
    return value_bytes + told.room.size() + told.message.size() + told.records.size() * sizeof(store::Written);
}

}  // namespace

// One that alone is more than the bytes allowed passes when nothing else waits.
bool NewsInbox::has_space(std::size_t bytes) {
    const std::size_t count = count_.load(std::memory_order_acquire);
    if (count >= limits_.count || (count > 0 && bytes_.load(std::memory_order_acquire) + bytes > limits_.bytes))
        return false;
    count_.fetch_add(1, std::memory_order_acq_rel);
    bytes_.fetch_add(bytes, std::memory_order_acq_rel);
    return true;
}

void NewsInbox::taken(std::size_t bytes) {
    bytes_.fetch_sub(bytes, std::memory_order_acq_rel);
    count_.fetch_sub(1, std::memory_order_acq_rel);
}

void NewsInbox::tell(store::Told told) {
    const std::size_t bytes = size_of(told);
    if (!has_space(bytes)) return miss(told.room);
    taker_.on_thread([this, bytes, told = std::move(told)] {
        taken(bytes);
        taker_.on_told(told);
    });
}

void NewsInbox::whisper(std::string room, std::string message) {
    const std::size_t bytes = value_bytes + room.size() + message.size();
    if (!has_space(bytes)) return;
    taker_.on_thread([this, bytes, room = std::move(room), message = std::move(message)] {
        taken(bytes);
        taker_.on_whisper(room, message);
    });
}

void NewsInbox::miss(const std::string& room) {
    {
        const std::lock_guard lock(mutex_);
        const auto [entry, first] = missed_.try_emplace(room, false);
        if (!first) entry->second = true;
        if (!first) return;
    }
    taker_.on_thread([this, room] { on_missed(room); });
}

// What is missed later than this was posted is told once more: the room may be one that was opened only in between.
void NewsInbox::on_missed(const std::string& room) {
    bool again = false;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = missed_.find(room);
        again = std::exchange(entry->second, false);
        if (!again) missed_.erase(entry);
    }
    if (again) taker_.on_thread([this, room] { on_missed(room); });
    taker_.on_missed(room);
}

void NewsInbox::say_alive(std::set<std::string> servers) {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(alive_, std::move(servers))) return;
    }
    taker_.on_thread([this] { on_servers(); });
}

void NewsInbox::on_servers() {
    std::optional<std::set<std::string>> alive;
    {
        const std::lock_guard lock(mutex_);
        alive = std::exchange(alive_, std::nullopt);
    }
    taker_.on_servers(*alive);
}

void NewsInbox::say_connection(bool up) {
    {
        const std::lock_guard lock(mutex_);
        was_down_ = was_down_ || !up;
        if (std::exchange(up_, up)) return;
    }
    taker_.on_thread([this] { on_connection(); });
}

void NewsInbox::on_connection() {
    bool up = false;
    bool was_down = false;
    {
        const std::lock_guard lock(mutex_);
        up = std::exchange(up_, std::nullopt).value_or(false);
        was_down = std::exchange(was_down_, false);
    }
    if (was_down) taker_.on_connection(false);
    if (up) taker_.on_connection(true);
}

}  // namespace waaft::app
