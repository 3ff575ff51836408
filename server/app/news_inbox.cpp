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

void NewsInbox::tell(store::Told told) {
    const std::size_t bytes = size_of(told);
    if (!waiting_.take(bytes)) return miss(told.room);
    taker_.on_thread([this, bytes, told = std::move(told)] {
        waiting_.give_back(bytes);
        taker_.on_told(told);
    });
}

void NewsInbox::whisper(std::string room, std::string message) {
    const std::size_t bytes = value_bytes + room.size() + message.size();
    if (!waiting_.take(bytes)) return;
    taker_.on_thread([this, bytes, room = std::move(room), message = std::move(message)] {
        waiting_.give_back(bytes);
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
