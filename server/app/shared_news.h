// Hands what the shared store hears to the home of the room that it is about.
//
// Thread: the store's thread calls it; homes are added before they run and outlive the store's thread.
// Ownership: none of the homes. Errors: none.
#pragma once

#include "server/app/services.h"
#include "server/store/shared.h"

#include <mutex>
#include <vector>

namespace waaft::app {

class Home;

class SharedNews final : public store::SharedListener {
public:
    explicit SharedNews(Services& services) : services_(services) {}
    // In the order of the shards.
    void add_home(Home& home);

    void on_told(store::Told told) override;
    void on_whisper(std::string room, std::string server, std::string message) override;
    void on_link_revoked(std::string id, UnixMs expires_at) override;
    void on_servers(std::vector<std::string> servers) override;
    void on_connection(bool up) override;

private:
    Home* home_of(const std::string& room);
    std::vector<Home*> homes();

    Services& services_;
    std::mutex mutex_;  // only at the start somebody else holds it
    std::vector<Home*> homes_;
};

}  // namespace waaft::app
