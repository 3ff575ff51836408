#include "server/app/shared_news.h"

#include "server/app/home.h"
#include "server/app/post_office.h"
#include "server/base/log.h"

namespace waaft::app {

void SharedNews::add_home(Home& home) {
    const std::lock_guard lock(mutex_);
    homes_.push_back(&home);
}

std::vector<Home*> SharedNews::homes() {
    const std::lock_guard lock(mutex_);
    return homes_;
}

Home* SharedNews::home_of(const std::string& room) {
    const std::lock_guard lock(mutex_);
    const std::size_t index = services_.post_office->home_of(room);
    return index < homes_.size() ? homes_[index] : nullptr;
}

void SharedNews::on_told(store::Told told) {
    Home* home = home_of(told.room);
    if (home == nullptr) return;
    home->on_thread([home, told = std::move(told)] { home->on_told(told); });
}

void SharedNews::on_whisper(std::string room, std::string, std::string message) {
    Home* home = home_of(room);
    if (home == nullptr) return;
    home->on_thread([home, room = std::move(room), message = std::move(message)] { home->on_whisper(room, message); });
}

void SharedNews::on_link_revoked(std::string id, UnixMs expires_at) {
    services_.revoked_links.add(std::move(id), expires_at);
}

void SharedNews::on_servers(std::vector<std::string> servers) {
    services_.servers_alive = servers.size();
    const std::set<std::string> alive(servers.begin(), servers.end());
    for (Home* home : homes()) home->on_thread([home, alive] { home->on_servers(alive); });
}

void SharedNews::on_connection(bool up) {
    // What was revoked meanwhile nobody has told us.
    services_.revoked_links.set_known(false);
    if (up && services_.shared) read_revoked_links(services_);
    if (up)
        log::info("The server that keeps the rooms is back.");
    else
        log::warn("The server that keeps the rooms is away: calls go on, chat waits, no new rooms are made.");
    for (Home* home : homes()) home->on_thread([home, up] { home->on_connection(up); });
}

}  // namespace waaft::app
