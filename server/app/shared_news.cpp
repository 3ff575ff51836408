#include "server/app/shared_news.h"

#include "server/app/post_office.h"
#include "server/base/log.h"

namespace waaft::app {

void SharedNews::add_home(NewsTaker& home) {
    const std::lock_guard lock(mutex_);
    inboxes_.push_back(std::make_unique<NewsInbox>(home));
}

std::vector<NewsInbox*> SharedNews::inboxes() {
    const std::lock_guard lock(mutex_);
    std::vector<NewsInbox*> all;
    for (const auto& inbox : inboxes_) all.push_back(inbox.get());
    return all;
}

NewsInbox* SharedNews::inbox_of(const std::string& room) {
    const std::lock_guard lock(mutex_);
    const std::size_t index = services_.post_office->home_of(room);
    return index < inboxes_.size() ? inboxes_[index].get() : nullptr;
}

void SharedNews::on_told(store::Told told) {
    if (NewsInbox* inbox = inbox_of(told.room)) inbox->tell(std::move(told));
}

void SharedNews::on_whisper(std::string room, std::string, std::string message) {
    if (NewsInbox* inbox = inbox_of(room)) inbox->whisper(std::move(room), std::move(message));
}

void SharedNews::on_link_revoked(std::string id, UnixMs expires_at) {
    services_.revoked_links.add(std::move(id), expires_at);
}

void SharedNews::on_servers(std::vector<std::string> servers) {
    services_.servers_alive = servers.size();
    const std::set<std::string> alive(servers.begin(), servers.end());
    for (NewsInbox* inbox : inboxes()) inbox->say_alive(alive);
}

void SharedNews::on_connection(bool up) {
    // What was revoked meanwhile nobody has told us.
    services_.revoked_links.set_known(false);
    if (up && services_.shared) read_revoked_links(services_);
    if (up)
        log::info("The server that keeps the rooms is back.");
    else
        log::warn("The server that keeps the rooms is away: calls go on, chat waits, no new rooms are made.");
    for (NewsInbox* inbox : inboxes()) inbox->say_connection(up);
}

}  // namespace waaft::app
