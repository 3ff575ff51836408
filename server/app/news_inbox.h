// What was told of shared rooms and waits for the shard that is their home: bounded, whether the shard turns or not.
//
// Beyond the bounds a change is dropped and the shard is told that it missed something of that room, which it reads
// again then, as after a lost connection. What servers whisper to each other may be lost anyway. Of who is alive and of
// the connection only the newest waits.
//
// Thread: the calls come from one thread, the store's; the taker's run on the shard's thread, in the order of the
// calls. Ownership: the taker outlives it, and it outlives the shard's event loop. Bounds: the budget, and a name for
// each room of which something was missed. Errors: none.
#pragma once

#include "server/base/budget.h"
#include "server/store/shared.h"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace waaft::app {

// Who has the rooms.
class NewsTaker {
public:
    virtual ~NewsTaker() = default;
    // Runs `task` on the shard's thread, after those that were given before; from any thread.
    virtual void on_thread(std::function<void()> task) = 0;
    // On the shard's thread.
    virtual void on_told(const store::Told& told) = 0;
    virtual void on_whisper(const std::string& room, const std::string& message) = 0;
    virtual void on_missed(const std::string& room) = 0;
    virtual void on_servers(const std::set<std::string>& alive) = 0;
    virtual void on_connection(bool up) = 0;
};

class NewsInbox {
public:
    static constexpr Budget::Max max_usual{.count = 8192, .bytes = std::size_t{16} << 20};
    explicit NewsInbox(NewsTaker& taker, Budget::Max max = max_usual) : taker_(taker), waiting_(max) {}

    void tell(store::Told told);
    void whisper(std::string room, std::string message);
    void say_alive(std::set<std::string> servers);
    void say_connection(bool up);

private:
    void miss(const std::string& room);
    void on_missed(const std::string& room);
    void on_servers();
    void on_connection();

    NewsTaker& taker_;
    Budget waiting_;    // changes and whispers
    std::mutex mutex_;  // of what is rare, below
    // Rooms that the shard will hear of; true: something was missed again since that was posted.
    std::map<std::string, bool> missed_;
    std::optional<std::set<std::string>> alive_;
    std::optional<bool> up_;
    bool was_down_ = false;  // before it came to what up_ says
};

}  // namespace waaft::app
