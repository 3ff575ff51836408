// Several servers that have one room open, and the store between them, in virtual time: what is said takes a while,
// comes in another order, twice or not at all, as the class derived from this one wants it.
//
// Thread: one. Ownership: owns the replicas and the store. Units: Duration; each server has a steady clock of its own.
// Errors: what a Replica must never do fails the running test.
#pragma once

#include "server/room/replica.h"
#include "tests/unit/room/shared_order.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace waaft::room::test {

// A connection of a server; other servers have the same numbers.
struct At {
    std::size_t server = 0;
    ConnectionId connection = 0;
    auto operator<=>(const At&) const = default;
};

class Servers {
public:
    Servers(std::size_t count, Settings settings, Options options);
    virtual ~Servers() = default;

    At connect(std::size_t server);
    void join(At at, Admission admission);
    void say(At at, signaling::ClientMessage message);
    // The connection is gone without a word.
    void disconnect(At at);

    void advance(Duration duration);
    // What is under way arrives.
    void settle() { advance(std::chrono::milliseconds(100)); }

    void drop_link(std::size_t server);
    void restore_link(std::size_t server);
    // Its people's connections are gone, and what it wanted.
    void kill(std::size_t server);
    void start(std::size_t server);
    void pause(std::size_t server);
    void go_on(std::size_t server);
    // Changes that are committed from now on are told to it when they are let through, or lost.
    void hold(std::size_t server);
    void let_through(std::size_t server);
    void lose_held(std::size_t server) { at(server).held.clear(), at(server).holds = false; }
    // The store goes back to what it was; nobody was connected meanwhile.
    void fail_over(SharedOrder older);
    // As a server does with a room that nobody of its own is in.
    bool forget_if_idle(std::size_t server);

    bool is_open(At at) const { return servers_[at.server].open.contains(at.connection); }
    Replica* replica(std::size_t server) { return at(server).replica.get(); }
    bool is_up(std::size_t server) const { return servers_[server].up; }
    bool is_alive(std::size_t server) const { return servers_[server].alive; }
    std::size_t count() const { return servers_.size(); }
    std::size_t reads() const { return reads_; }

    SharedOrder order;
    Now now;

protected:
    virtual void on_message(At at, const signaling::ServerMessage& message) = 0;
    virtual void on_attach(At at, const Attach& attach) = 0;
    virtual void on_close(At at, signaling::CloseCode code) = 0;
    // Its server is dead.
    virtual void on_cut(At) {}
    virtual void on_taken(const Change&) {}
    virtual Duration delay() { return std::chrono::milliseconds(1); }
    virtual unsigned times_told() { return 1; }
    // Whether what was on its way to the store when the connection broke is taken there.
    virtual bool arrives_late() { return false; }

private:
    using Task = std::function<void()>;
    struct Server {
        std::string name;
        bool alive = true;
        bool up = true;
        bool paused = false;
        bool holds = false;
        std::uint64_t life = 0;
        std::uint64_t link = 0;
        std::uint64_t committing = 0;  // the request; 0: none
        std::uint64_t reading = 0;
        std::optional<Change> on_its_way;
        TimePoint line;  // when the last event of its connection comes
        TimePoint seen;  // by the store
        std::unique_ptr<Replica> replica;
        std::set<ConnectionId> open;
        std::set<ConnectionId> attached;
        std::set<ConnectionId> gone;  // the room was told so
        std::deque<Task> deferred;
        std::vector<Told> held;
        ConnectionId next_connection = 1;
    };

    Server& at(std::size_t server) { return servers_[server]; }
    Now clock_of(std::size_t server) const;
    void after(Duration duration, Task task);
    void run(std::size_t server, const Task& task);
    void run_after(std::size_t server, Duration duration, Task task);
    void run_in_line(std::size_t server, Task task);
    bool step(TimePoint until);
    void run_deadline(std::size_t server);
    void beat();
    bool open_room(std::size_t server);

    void drain(std::size_t server);
    void perform(std::size_t server, const Commit& request);
    void perform(std::size_t server, const Whisper& request);
    void perform(std::size_t server, const ReadAgain& request);
    void reach_store(std::size_t server, std::uint64_t id, const std::string& name, const Change& change);
    void answer(std::size_t server, std::uint64_t id, const Answer& answer);
    void fail_to_read(std::size_t server, std::uint64_t id);
    void tell(const Told& told);
    void tell(std::size_t server, const Told& told);
    void apply(std::size_t server, const Send& output);
    void apply(std::size_t server, const SendAll& output);
    void apply(std::size_t server, const Attach& output);
    void apply(std::size_t server, const Close& output);
    void apply(std::size_t server, const Lookup& output);
    void apply(std::size_t server, const Ended& output);
    void apply(std::size_t, const ReadHistory&) {}
    template <class Other>
    void apply(std::size_t server, const Other& output);

    Options options_;
    std::vector<Server> servers_;
    std::map<std::pair<TimePoint, std::uint64_t>, Task> events_;
    std::uint64_t next_event_ = 1;
    std::uint64_t next_request_ = 1;
    std::uint64_t next_key_ = 1;
    std::size_t reads_ = 0;
};

}  // namespace waaft::room::test
