// Hands what the shared store hears to the home of the room that it is about.
//
// Thread: the store's thread calls it; homes are added before they run and outlive the store's thread.
// Ownership: none of the homes; it outlives their event loops. Bounds: those of a NewsInbox for each home.
// Errors: none.
#pragma once

#include "server/app/news_inbox.h"
#include "server/app/services.h"
#include "server/store/shared.h"

#include <memory>
#include <mutex>
#include <vector>

namespace waaft::app {

class SharedNews final : public store::SharedListener {
public:
    explicit SharedNews(Services& services) : services_(services) {}
    // In the order of the shards.
    void add_home(NewsTaker& home);

    void on_told(store::Told told) override;
    void on_whisper(std::string room, std::string server, std::string message) override;
    void on_link_revoked(std::string id, UnixMs expires_at) override;
    void on_servers(std::vector<std::string> servers) override;
    void on_connection(bool up) override;

private:
    NewsInbox* inbox_of(const std::string& room);
    std::vector<NewsInbox*> inboxes();

    Services& services_;
    std::mutex mutex_;  // only at the start somebody else holds it
    std::vector<std::unique_ptr<NewsInbox>> inboxes_;
};

}  // namespace waaft::app
