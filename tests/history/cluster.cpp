#include "tests/history/cluster.h"

#include "server/base/id.h"
#include "tests/history/redis_call.h"
#include "tests/support/free_port.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Two looks that failed, five seconds apart.
constexpr seconds balancer_notices_after{10};
constexpr seconds redis_ready_within{60};
constexpr milliseconds look_again{20};
constexpr milliseconds start_again_after{500};

Result<void> wait_for(load::EventLoop& loop, std::uint16_t port, const std::string& command,
                      const std::string& answer) {
    const TimePoint give_up = Clock::now() + redis_ready_within;
    while (Clock::now() < give_up) {
        const auto said = redis_call(port, command);
        if (said && said->find(answer) != std::string::npos) return {};
        loop.turn(Clock::now() + look_again);  // for the relays
    }
    return Error{"redis", "Redis did not answer " + command + " with " + answer, {}, {}};
}

void send_signal(const load::Server& process, int signal) {
    if (process.pid() > 0) ::kill(process.pid(), signal);
}

}  // namespace

Result<std::unique_ptr<Cluster>> Cluster::start(load::EventLoop& loop, Options options) {
    std::unique_ptr<Cluster> cluster(new Cluster(loop, std::move(options)));
    if (auto begun = cluster->begin(); !begun) return begun.error();
    return cluster;
}

Result<void> Cluster::begin() {
    std::ofstream(folder_.path() + "/secret") << std::to_string(random_u64()) + std::to_string(random_u64()) << '\n';
    std::filesystem::permissions(folder_.path() + "/secret", std::filesystem::perms::owner_read);
    if (auto begun = begin_redis(redis_, "redis"); !begun) return begun.error();
    if (options_.replica) {
        if (auto begun = begin_replica(); !begun) return begun.error();
    }
    for (std::size_t place = 0; place < options_.servers; ++place) {
        to_redis_.push_back(std::make_unique<Relay>(loop_, redis_.port));
        if (options_.namespaces != nullptr) {
            // Of the run before.
            if (auto found = options_.namespaces->lose_none(place); !found) return found.error();
        }
        if (auto begun = begin_server(place); !begun) return begun.error();
    }
    return {};
}

Result<void> Cluster::begin_redis(Redis& redis, const std::string& name) {
    const std::string folder = folder_.path() + "/" + name;
    std::filesystem::create_directory(folder);
    redis.port = waaft::testing::free_port();
    redis.options.program = "/usr/bin/env";
    redis.options.log_file = folder + "/log";
    redis.options.arguments = {options_.redis,
                               "--port",
                               std::to_string(redis.port),
                               "--bind",
                               "127.0.0.1",
                               "--dir",
                               folder,
                               "--appendonly",
                               "yes",
                               "--appendfsync",
                               "always",
                               "--save",
                               "",
                               "--maxmemory-policy",
                               "noeviction",
                               "--repl-diskless-sync-delay",
                               "0"};
    auto launched = load::Server::launch(redis.options);
    if (!launched) return launched.error();
    redis.process = std::move(*launched);
    return wait_for(loop_, redis.port, "PING", "PONG");
}

Result<void> Cluster::begin_replica() {
    if (auto begun = begin_redis(replica_, "replica"); !begun) return begun.error();
    to_primary_ = std::make_unique<Relay>(loop_, redis_.port);
    if (auto said = redis_call(replica_.port, "REPLICAOF 127.0.0.1 " + std::to_string(to_primary_->port())); !said)
        return said.error();
    return wait_for(loop_, replica_.port, "INFO replication", "master_link_status:up");
}

std::vector<std::string> Cluster::arguments_of(const Server& server) const {
    const bool apart = options_.namespaces != nullptr;
    const std::string redis = apart ? Namespaces::address_for(server.place) : "127.0.0.1";
    return {"serve",
            "--listen-address",
            apart ? Namespaces::address_of(server.place) : "127.0.0.1",
            "--port",
            std::to_string(server.port),
            "--tls",
            "off",
            "--ops-port",
            "0",
            "--data",
            "none",
            "--log-format",
            "json",
            "--redis-url",
            "redis://" + redis + ":" + std::to_string(to_redis_[server.place]->port()),
            "--cluster-secret",
            folder_.path() + "/secret",
            "--drain-spread",
            "1s",
            "--drain-grace",
            "20s",
            "--limits-connections-per-address",
            "20000",
            "--limits-handshakes-per-second",
            "100000",
            "--limits-messages-per-second",
            "10000",
            "--limits-rooms-per-minute",
            "10000",
            "--chat-keep-messages",
            "10000000"};
}

Result<void> Cluster::begin_server(std::size_t place) {
    auto server = std::make_unique<Server>();
    const bool apart = options_.namespaces != nullptr;
    server->place = place;
    server->port = apart ? static_cast<std::uint16_t>(3000 + servers_.size()) : waaft::testing::free_port();
    if (!apart) server->relay = std::make_unique<Relay>(loop_, server->port);
    server->options.program = options_.program;
    server->options.log_file = folder_.path() + "/server-" + std::to_string(servers_.size());
    server->options.arguments = arguments_of(*server);
    const std::string host = apart ? Namespaces::address_of(place) : "127.0.0.1";
    const auto port = std::to_string(apart ? server->port : server->relay->port());
    auto endpoint = load::parse_url("http://" + host + ":" + port);
    if (!endpoint) return endpoint.error();
    auto address = load::resolve(*endpoint);
    if (!address) return address.error();
    server->target = load::Target{*endpoint, *address, {}, {}};
    if (auto launched = launch(*server); !launched) return launched.error();
    servers_.push_back(std::move(server));
    return {};
}

Result<void> Cluster::launch(Server& server) {
    const auto run = [&server]() -> Result<void> {
        auto launched = load::Server::launch(server.options);
        if (!launched) return launched.error();
        server.process = std::move(*launched);
        return {};
    };
    return options_.namespaces != nullptr ? options_.namespaces->inside(server.place, run) : run();
}

bool Cluster::is_believed(std::size_t server) const {
    const Server& one = *servers_[server];
    if (one.stopping) return false;
    return !one.mute_since || Clock::now() - *one.mute_since < balancer_notices_after;
}

Result<void> Cluster::kill_server(std::size_t server) {
    servers_[server]->process->stop(SIGKILL);
    servers_[server]->process.reset();
    servers_[server]->mute_since = Clock::now();
    return {};
}

Result<void> Cluster::start_server(std::size_t server) {
    servers_[server]->mute_since.reset();
    return launch(*servers_[server]);
}

Result<void> Cluster::pause_server(std::size_t server, bool on) {
    Server& one = *servers_[server];
    send_signal(*one.process, on ? SIGSTOP : SIGCONT);
    one.mute_since = on ? std::optional(Clock::now()) : std::nullopt;
    return {};
}

Result<void> Cluster::add_server(std::size_t like) { return begin_server(servers_[like]->place); }

Result<void> Cluster::stop_server(std::size_t server) {
    servers_[server]->stopping = true;
    send_signal(*servers_[server]->process, SIGTERM);
    return {};
}

Result<void> Cluster::lose_packets(std::size_t server, bool on) {
    Server& one = *servers_[server];
    one.mute_since = on ? std::optional(Clock::now()) : std::nullopt;
    if (options_.namespaces != nullptr)
        return on ? options_.namespaces->lose_all(one.place) : options_.namespaces->lose_none(one.place);
    one.relay->set_silent(on);
    to_redis_[one.place]->set_silent(on);
    return {};
}

Result<void> Cluster::lose_redis(std::size_t server, bool on) {
    const std::size_t place = servers_[server]->place;
    Relay& relay = *to_redis_[place];
    if (options_.namespaces != nullptr)
        return on ? options_.namespaces->lose_port(place, relay.port()) : options_.namespaces->lose_none(place);
    relay.set_silent(on);
    return {};
}

void Cluster::kill_redis() {
    redis_.process->stop(SIGKILL);
    redis_.process.reset();
}

Result<void> Cluster::start_redis() {
    auto launched = load::Server::launch(redis_.options);
    if (!launched) return launched.error();
    redis_.process = std::move(*launched);
    return {};
}

void Cluster::pause_redis(bool on) { send_signal(*redis_.process, on ? SIGSTOP : SIGCONT); }

Result<void> Cluster::ask_redis(const std::string& command) {
    auto said = redis_call(redis_.port, command);
    if (!said) return said.error();
    if (said->starts_with("+")) return {};
    return Error{"redis", "Redis answered " + *said, command, {}};
}

void Cluster::lose_replication() { to_primary_->set_silent(true); }

Result<void> Cluster::fail_over() {
    std::swap(redis_, replica_);
    to_primary_.reset();
    if (auto said = redis_call(redis_.port, "REPLICAOF NO ONE"); !said) return said.error();
    for (const auto& relay : to_redis_) relay->lead_to(redis_.port);
    return {};
}

Result<void> Cluster::look() {
    for (const auto& relay : to_redis_) relay->sweep();
    if (to_primary_) to_primary_->sweep();
    for (const auto& server : servers_) {
        if (server->relay) server->relay->sweep();
        if (auto looked = look_at(*server); !looked) return looked.error();
    }
    return {};
}

Result<void> Cluster::look_at(Server& server) {
    if (server.again_at && Clock::now() >= *server.again_at) {
        server.again_at.reset();
        return launch(server);
    }
    if (!server.process || server.again_at || !server.process->has_ended()) return {};
    if (server.stopping) {
        server.gone = true;
        return {};
    }
    // A crash has no such last words.
    const std::string words = load::tail_of(server.options.log_file);
    const auto error = words.rfind("\nerror: ");
    if (error == std::string::npos || words.find("Redis", error) == std::string::npos)
        return Error{"server_ended", "a server ended by itself", {}, words};
    server.again_at = Clock::now() + start_again_after;
    return {};
}

bool Cluster::all_stopped() const {
    return std::all_of(servers_.begin(), servers_.end(),
                       [](const auto& server) { return !server->stopping || server->gone; });
}

}  // namespace waaft::history
