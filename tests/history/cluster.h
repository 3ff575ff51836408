// Three servers, the Redis that they share and a replica of it, as processes; and all that can befall them.
//
// Each server reaches Redis through a relay, so that Redis can fail over behind one address. Where network namespaces
// are permitted each server has one, and packets are lost by its packet filter; elsewhere a relay stands before each
// server, too, and falls silent.
//
// Thread: main. Ownership: the loop outlives it; the processes end with it. Errors: Error when something could not be
// started or done. Servers are named by a number; one that is added gets the next.
#pragma once

#include "cmd/load/connection.h"
#include "cmd/load/process.h"
#include "tests/history/namespaces.h"
#include "tests/history/relay.h"

#include <memory>
#include <string>
#include <vector>

namespace waaft::history {

class Cluster {
public:
    struct Options {
        std::string program;
        std::string redis = "redis-server";
        std::size_t servers = 3;
        const Namespaces* namespaces = nullptr;  // nullptr: relays alone
        bool replica = false;                    // Redis has one, to fail over to
    };
    // Does not wait for the servers.
    static Result<std::unique_ptr<Cluster>> start(load::EventLoop& loop, Options options);

    std::size_t servers() const { return servers_.size(); }
    const load::Target& target(std::size_t server) const { return servers_[server]->target; }
    // What a balancer believes: it looks each few seconds, and learns of a server that leaves by itself at once.
    bool is_believed(std::size_t server) const;

    Result<void> kill_server(std::size_t server);
    Result<void> start_server(std::size_t server);
    Result<void> pause_server(std::size_t server, bool on);
    // In the place of `like`, beside it.
    Result<void> add_server(std::size_t like);
    Result<void> stop_server(std::size_t server);
    Result<void> lose_packets(std::size_t server, bool on);
    Result<void> lose_redis(std::size_t server, bool on);

    void kill_redis();
    Result<void> start_redis();
    void pause_redis(bool on);
    Result<void> ask_redis(const std::string& command);
    // From now on its replica lacks what is written.
    void lose_replication();
    // The replica is in its place from now on.
    Result<void> fail_over();

    // To be called between the loop's turns. An error if a process ended by itself, but for one whose Redis would not
    // do (full) when it was started: that one is started again, as whatever watches over servers does.
    Result<void> look();
    // Those who were asked to stop have done so.
    bool all_stopped() const;

private:
    struct Server {
        std::size_t place = 0;  // its namespace and its relay to Redis
        std::uint16_t port = 0;
        std::unique_ptr<Relay> relay;  // before it, without namespaces
        load::Server::Options options;
        std::unique_ptr<load::Server> process;
        load::Target target;
        std::optional<TimePoint> again_at;  // Redis would not do at its start, and it is started once more
        bool stopping = false;
        bool gone = false;
        std::optional<TimePoint> mute_since;  // killed, paused or cut off
    };
    struct Redis {
        std::uint16_t port = 0;
        load::Server::Options options;
        std::unique_ptr<load::Server> process;
    };

    Cluster(load::EventLoop& loop, Options options) : loop_(loop), options_(std::move(options)) {}
    Result<void> begin();
    Result<void> begin_redis(Redis& redis, const std::string& name);
    Result<void> begin_replica();
    Result<void> begin_server(std::size_t place);
    std::vector<std::string> arguments_of(const Server& server) const;
    Result<void> launch(Server& server);
    Result<void> look_at(Server& server);
    Result<void> set_lost(std::size_t place);

    load::EventLoop& loop_;
    Options options_;
    load::TemporaryFolder folder_;
    Redis redis_;
    Redis replica_;
    std::unique_ptr<Relay> to_primary_;             // the replica's way
    std::vector<std::unique_ptr<Relay>> to_redis_;  // by place
    std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace waaft::history
