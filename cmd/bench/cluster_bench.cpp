#include "cmd/bench/cluster_bench.h"

#include "cmd/bench/own_redis.h"
#include "cmd/bench/steps.h"
#include "cmd/load/herd.h"
#include "cmd/load/lateness.h"
#include "cmd/load/rest.h"

#include <boost/json.hpp>

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

namespace waaft::bench {
namespace {

namespace json = boost::json;
using redis::Command;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t shared_text_bytes = 200;
constexpr std::uint32_t shared_room_clients = 1000;
constexpr std::uint32_t shared_room_senders = 100;
constexpr std::uint32_t shared_rate_single = 100;
constexpr std::uint32_t latency_clients = 100;
constexpr std::uint32_t shared_rate_latency = 50;
constexpr std::uint32_t shared_rate_coalesced = 800;
constexpr std::uint32_t ops_rate = 1000;
constexpr std::uint32_t ops_clients = 50;
constexpr std::uint32_t chat_messages = 100;
constexpr std::uint32_t member_clients = 1000;
constexpr std::size_t sets = 300;
constexpr Duration alive_within = seconds(20);
constexpr double herd_late_ms_max = 500;  // it shares its core with servers, and what it measures takes seconds

double percentile(std::vector<double> values, double fraction) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

json::object status_of(const OwnServer& server) {
    boost::system::error_code error;
    const auto status = json::parse(load::get_body(server.process->ops_port(), "/statusz"), error);
    if (error || !status.is_object()) throw Failed{{"bench", "a server does not say how it is", {}, {}}};
    return status.get_object();
}

double total(const json::object& status, std::string_view name) {
    return status.at("totals").as_object().at(name).to_number<double>();
}

// Servers that share a Redis; with none of it one server alone.
struct Deployment {
    std::unique_ptr<OwnRedis> redis;
    std::unique_ptr<load::TemporaryFolder> folder;  // the secret
    std::vector<std::unique_ptr<OwnServer>> servers;
};

// What all servers did until a moment.
struct Sample {
    double requests = 0;  // to Redis
    double messages = 0;
};

// One server alone or several, under the same load.
struct Load {
    double per_core = 0;   // deliveries for each second of the servers' CPU time
    double per_write = 0;  // deliveries in each system call
    double p99 = 0;
};
struct Speed {
    Load single;
    Load coalesced;  // at a rate at which messages share writes
    double p99 = 0;  // of a room and a rate that leave the machine time
    double fsync_p99 = 0;
};

double sum(const Deployment& deployment, std::string_view name) {
    return std::accumulate(deployment.servers.begin(), deployment.servers.end(), 0.0,
                           [&](double before, const auto& server) { return before + total(status_of(*server), name); });
}

class ClusterBench {
public:
    explicit ClusterBench(const ClusterBenchOptions& options) : options_(options) {}
    Measured run();

private:
    Deployment deploy(std::size_t servers, bool limited = false) const;
    Deployment alone() const;
    void wait_until_known(const Deployment& deployment) const;
    Worker load(const Deployment& deployment, load::ChatLoadOptions load) const;
    std::vector<std::string> make_rooms(const Deployment& deployment, std::uint32_t count,
                                        std::uint32_t members_max = 0) const;
    static Sample sample(const Deployment& deployment);

    Load measure_load(const Deployment& deployment, std::uint32_t clients, std::uint32_t senders, std::uint32_t rate);
    Speed measure_speed(const Deployment& deployment);
    void compare_speed();
    void measure_requests(const Deployment& deployment, std::uint32_t rooms, std::uint32_t clients,
                          const std::string& suffix);
    void measure_memory();
    void measure_rooms(const Deployment& deployment);
    void measure_chat(const Deployment& deployment, const std::vector<std::string>& rooms, double bytes_room);
    void measure_members(const Deployment& deployment);
    void measure_herd(std::uint32_t clients, std::uint32_t rooms);
    Worker start_herd(const Deployment& deployment, std::uint32_t clients, std::vector<std::string> rooms) const;
    void judge_limits(const Deployment& deployment);

    void say(std::string_view line) const {
        if (options_.say) options_.say(line);
    }

    const ClusterBenchOptions& options_;
    Measured measured_;
    double connections_one_room_ = 0;
};

// ---- servers and loads ----

Deployment ClusterBench::deploy(std::size_t servers, bool limited) const {
    Deployment deployment;
    deployment.redis = std::make_unique<OwnRedis>(limited ? -1 : static_cast<int>(options_.load_core));
    deployment.folder = std::make_unique<load::TemporaryFolder>();
    const std::string secret = deployment.folder->path() + "/secret";
    std::ofstream(secret) << std::string(64, 'b') << '\n';
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
    for (std::size_t i = 0; i < servers; ++i) {
        deployment.servers.push_back(
            start_server({.program = options_.program,
                          .core = limited ? -1 : static_cast<int>(options_.server_core),
                          .ops_port = 0,
                          .limited = limited,
                          .more = {"--redis-url", deployment.redis->url(), "--cluster-secret", secret}}));
    }
    wait_until_known(deployment);
    return deployment;
}

Deployment ClusterBench::alone() const {
    Deployment deployment;
    deployment.servers.push_back(start_server({.program = options_.program,
                                               .core = static_cast<int>(options_.server_core),
                                               .ops_port = 0,
                                               .limited = false,
                                               .more = {}}));
    return deployment;
}

void ClusterBench::wait_until_known(const Deployment& deployment) const {
    const TimePoint give_up = Clock::now() + alive_within;
    for (const auto& server : deployment.servers) {
        while (status_of(*server).at("serversAlive").to_number<std::size_t>() < deployment.servers.size()) {
            if (Clock::now() > give_up)
                throw Failed{
                    {"bench", "the servers do not find each other", {}, load::tail_of(server->folder.path() + "/log")}};
            std::this_thread::sleep_for(milliseconds(100));
        }
    }
}

Worker ClusterBench::load(const Deployment& deployment, load::ChatLoadOptions load) const {
    load.text_bytes = shared_text_bytes;
    for (const auto& server : deployment.servers) load.server_pids.push_back(server->process->pid());
    for (std::size_t i = 1; i < deployment.servers.size(); ++i)
        load.others.push_back(target_of(*deployment.servers[i], false));
    for (std::uint32_t i = 1; i <= 8; ++i) load.sources.push_back({htonl(INADDR_LOOPBACK + i)});
    return start_load(options_.load_core, target_of(*deployment.servers.front(), false), load, false);
}

std::vector<std::string> ClusterBench::make_rooms(const Deployment& deployment, std::uint32_t count,
                                                  std::uint32_t members_max) const {
    std::vector<std::string> rooms;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto& server = *deployment.servers[i % deployment.servers.size()];
        rooms.push_back(need(load::create_room({target_of(server, false).endpoint, {}, {}}, members_max)));
    }
    return rooms;
}

Sample ClusterBench::sample(const Deployment& deployment) {
    Sample sample;
    for (const auto& server : deployment.servers) {
        const auto status = status_of(*server);
        sample.requests += status.at("redis").as_object().at("requests").to_number<double>();
        sample.messages += total(status, "chat_acked_total");
    }
    return sample;
}

// ---- speed ----

Load ClusterBench::measure_load(const Deployment& deployment, std::uint32_t clients, std::uint32_t senders,
                                std::uint32_t rate) {
    load::ChatLoadOptions load;
    load.clients = clients;
    load.senders = senders;
    load.rooms = make_rooms(deployment, 1, clients);
    const auto warm_up = milliseconds(options_.quick ? 500 : 1000);
    const auto duration = milliseconds(options_.quick ? 1500 : 5000);
    load.phases = {{rate, warm_up, duration}};
    auto worker = this->load(deployment, load);
    need(worker.next(load_timeout));
    std::this_thread::sleep_for(warm_up);
    double deliveries = -sum(deployment, "deliveries_total");
    double writes = -sum(deployment, "writes_total");
    std::this_thread::sleep_for(duration * 3 / 4);
    deliveries += sum(deployment, "deliveries_total");
    writes += sum(deployment, "writes_total");
    const auto report = finish_load(worker, measured_.late);
    const auto& phase = report.at("phases").as_array().at(0).as_object();
    return {.per_core = phase.at("deliveries").to_number<double>() / phase.at("serverCpuSeconds").to_number<double>(),
            .per_write = deliveries / writes,
            .p99 = phase.at("latencyMs").at("p99").to_number<double>()};
}

Speed ClusterBench::measure_speed(const Deployment& deployment) {
    Speed speed;
    speed.single = measure_load(deployment, shared_room_clients, shared_room_senders, shared_rate_single);
    speed.coalesced = measure_load(deployment, shared_room_clients, shared_room_senders, shared_rate_coalesced);
    speed.p99 = measure_load(deployment, latency_clients, latency_clients, shared_rate_latency).p99;
    if (deployment.redis) speed.fsync_p99 = percentile(deployment.redis->time_sets(sets), 0.99);
    return speed;
}

// By turns, so that what else the machine does meets both; the medians of all turns.
void ClusterBench::compare_speed() {
    std::vector<Speed> one;
    std::vector<Speed> two;
    for (int turn = 0; turn < (options_.quick ? 1 : 5); ++turn) {
        one.push_back(measure_speed(alone()));
        two.push_back(measure_speed(deploy(2)));
    }
    const auto middle = [&](const std::function<double(const Speed&, const Speed&)>& of) {
        std::vector<double> values;
        for (std::size_t i = 0; i < one.size(); ++i) values.push_back(of(one[i], two[i]));
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    };
    const auto add_rate = [&](const std::string& suffix, Load Speed::*load) {
        const auto ratio = [&](const Speed& a, const Speed& b) { return (b.*load).per_core / (a.*load).per_core; };
        measured_.at_least("deliveries_ratio" + suffix, middle(ratio), "", 0.9, {});
        measured_.at_least("deliveries" + suffix, middle([&](auto&, auto& b) { return (b.*load).per_core; }), "/core-s",
                           {}, middle([&](auto& a, auto&) { return (a.*load).per_core; }));
        measured_.at_least("per_write" + suffix, middle([&](auto&, auto& b) { return (b.*load).per_write; }), "", {},
                           middle([&](auto& a, auto&) { return (a.*load).per_write; }));
        measured_.at_most("deliveries" + suffix + "_p99", middle([&](auto&, auto& b) { return (b.*load).p99; }), "ms",
                          {}, middle([&](auto& a, auto&) { return (a.*load).p99; }));
    };
    measured_.at_most("added_latency_p99", middle([](auto& a, auto& b) { return b.p99 - a.p99; }), "ms", 5);
    measured_.at_most("latency_p99", middle([](auto&, auto& b) { return b.p99; }), "ms", {},
                      middle([](auto& a, auto&) { return a.p99; }));
    measured_.at_most("redis_set_p99", middle([](auto&, auto& b) { return b.fsync_p99; }), "ms", {});
    add_rate("", &Speed::single);
    add_rate("_coalesced", &Speed::coalesced);
}

// ---- requests ----

void ClusterBench::measure_requests(const Deployment& deployment, std::uint32_t rooms, std::uint32_t clients,
                                    const std::string& suffix) {
    load::ChatLoadOptions load;
    load.clients = clients;
    load.senders = clients;
    load.rooms = make_rooms(deployment, rooms);
    load.phases = {{ops_rate, seconds(2), seconds(options_.quick ? 2 : 8)}};
    auto worker = this->load(deployment, load);
    need(worker.next(load_timeout));
    std::this_thread::sleep_for(milliseconds(1500));
    const double connections = deployment.redis->info("clients", "connected_clients:");
    const TimePoint start = Clock::now();
    const Sample before = sample(deployment);
    std::this_thread::sleep_for(seconds(options_.quick ? 2 : 6));
    const Sample after = sample(deployment);
    const double taken = std::chrono::duration<double>(Clock::now() - start).count();
    finish_load(worker, measured_.late);
    measured_.at_most("redis_ops" + suffix, (after.requests - before.requests) / (after.messages - before.messages), "",
                      2);
    measured_.at_most("messages" + suffix, (after.messages - before.messages) / taken, "/s", {});
    if (rooms == 1) connections_one_room_ = connections;
    measured_.at_most("redis_connections" + suffix, connections, "", connections_one_room_);
}

// ---- memory ----

// Of a Redis of its own: what loads left behind would be counted.
void ClusterBench::measure_memory() {
    const auto deployment = deploy(2);
    make_rooms(deployment, 1);
    measure_rooms(deployment);
    measure_members(deployment);
}

void ClusterBench::measure_rooms(const Deployment& deployment) {
    constexpr double kib = 1024;
    auto& redis = *deployment.redis;
    const std::uint32_t count = options_.quick ? 200 : 1000;
    const double before = redis.info("memory", "used_memory:");
    auto rooms = make_rooms(deployment, count);
    const double room = (redis.info("memory", "used_memory:") - before) / count;
    measured_.at_most("redis_bytes_room", room, "B", 2 * kib);
    measured_.at_most("redis_bytes_room_keys", redis.bytes_of("waaft:r:" + rooms.front() + "*"), "B", 2 * kib);
    rooms.resize(options_.quick ? 30 : 100);
    measure_chat(deployment, rooms, room);
}

// Each room has people on both servers, of whom one writes; they have left when the memory is measured.
void ClusterBench::measure_chat(const Deployment& deployment, const std::vector<std::string>& rooms,
                                double bytes_room) {
    constexpr double kib = 1024;
    auto& redis = *deployment.redis;
    const double before = redis.info("memory", "used_memory:");
    load::ChatLoadOptions load;
    load.rooms = rooms;
    load.senders = static_cast<std::uint32_t>(rooms.size());
    load.clients = 2 * load.senders;
    const std::uint32_t seconds_long = options_.quick ? 3 : 10;
    load.phases = {{load.senders * chat_messages / seconds_long, {}, seconds(seconds_long)}};
    auto worker = this->load(deployment, load);
    const double sent = finish_load(worker, measured_.late).at("sent").to_number<double>();
    std::this_thread::sleep_for(seconds(1));
    const double written = sent / chat_messages;  // rooms with as many messages as wanted
    const double bytes = (redis.info("memory", "used_memory:") - before) / written + bytes_room;
    double keys = 0;
    for (const auto& room : rooms) keys += redis.bytes_of("waaft:r:" + room + "*");
    measured_.at_most("redis_bytes_chat", bytes, "B", 40 * kib);
    measured_.at_most("redis_bytes_chat_keys", keys / written, "B", 40 * kib);
}

void ClusterBench::measure_members(const Deployment& deployment) {
    auto& redis = *deployment.redis;
    load::ChatLoadOptions load;
    load.clients = member_clients;
    load.phases = {{0, {}, std::chrono::minutes(2)}};
    load.rooms = make_rooms(deployment, 1, member_clients);
    const double before = redis.info("memory", "used_memory:");
    auto worker = this->load(deployment, load);
    need(worker.next(load_timeout));
    const double bytes = (redis.info("memory", "used_memory:") - before) / member_clients;
    const double keys = redis.bytes_of("waaft:r:" + load.rooms.front() + ":m") / member_clients;
    worker.interrupt();
    finish_load(worker, measured_.late);
    measured_.at_most("redis_bytes_member", bytes, "B", 300);
    measured_.at_most("redis_bytes_member_keys", keys, "B", 300);
}

// ---- a server that is killed ----

json::object herd_json(const load::HerdReport& report) {
    json::object closes;
    for (const auto& [reason, count] : report.closes) closes[reason] = count;
    const auto back_s = [&](double fraction) {
        return static_cast<double>(report.back_after.percentile(fraction)) / 1e9;
    };
    return {{"joinSeconds", report.join_seconds},
            {"lost", report.lost},
            {"back", report.back},
            {"asOthers", report.as_others},
            {"attempts", report.attempts},
            {"p50", back_s(0.5)},
            {"p95", back_s(0.95)},
            {"last", back_s(1)},
            {"lagP99Ms", static_cast<double>(report.lag.percentile(0.99)) / 1e6},
            {"closes", closes}};
}

Worker ClusterBench::start_herd(const Deployment& deployment, std::uint32_t clients,
                                std::vector<std::string> rooms) const {
    load::HerdOptions herd;
    herd.clients = clients;
    herd.rooms = std::move(rooms);
    for (const auto& server : deployment.servers) herd.servers.push_back(target_of(*server, false));
    // So many addresses that each stays below what a server takes from one.
    for (std::uint32_t i = 1; i <= 128; ++i) herd.sources.push_back({htonl(INADDR_LOOPBACK + i)});
    return Worker(options_.load_core, [herd](const Worker::Emit& emit) -> json::object {
        load::EventLoop loop;
        const auto held = [&] { emit({{"held", herd.clients}}); };
        const auto over = [&](const load::HerdReport& report) {
            emit(herd_json(report));
            pause();  // until the servers have been looked at
        };
        const auto ran = load::run_herd(loop, herd, {.held = held, .over = over});
        return ran ? json::object() : json::object{{"error", ran.error().what}};
    });
}

// Those that were on the killed server alone, by each of the others.
std::size_t rooms_to_read(std::size_t rooms, std::size_t servers) {
    std::size_t moved = 0;
    for (std::size_t room = 0; room < rooms; ++room) moved += load::home_of(room, servers) == 0U ? 1 : 0;
    return moved * (servers - 1);
}

void ClusterBench::judge_limits(const Deployment& deployment) {
    double over = 0;
    double most = 0;
    for (const auto& server : deployment.servers) {
        const auto status = status_of(*server);
        for (const auto* name : {"connections_refused_total", "connections_timed_out_total", "closed_slow_total",
                                 "overruns_total", "accept_errors_total", "chat_failed_total"}) {
            over += total(status, name);
        }
        most = std::max(most, total(status, "connections_open"));
    }
    measured_.at_most("herd_over_limits", over, "", 0);
    measured_.at_most("herd_connections", most, "", 18'000);
}

void ClusterBench::measure_herd(std::uint32_t clients, std::uint32_t rooms) {
    constexpr std::size_t servers = 3;
    auto deployment = deploy(servers, true);
    say("joining " + std::to_string(clients) + " people to " + std::to_string(rooms) + " rooms on three servers");
    Worker worker = start_herd(deployment, clients, make_rooms(deployment, rooms));
    need(worker.next(load_timeout));
    auto killed = std::move(deployment.servers.front());
    deployment.servers.erase(deployment.servers.begin());
    // Only the script that reads a whole room asks for its bans.
    const auto reads = [&] { return deployment.redis->info("commandstats", "cmdstat_smembers:calls="); };
    const double reads_before = reads();
    const double requests_before = sample(deployment).requests;
    killed->process->stop(SIGKILL);
    const auto report = need(worker.next(load_timeout));
    const double requests = sample(deployment).requests - requests_before;
    say(json::serialize(report));
    const auto number = [&](std::string_view name) { return report.at(name).to_number<double>(); };
    measured_.at_most("herd_lost", number("lost"), "", {});
    measured_.at_most("herd_not_back", number("lost") - number("back"), "", 0);
    measured_.at_most("herd_as_others", number("asOthers"), "", 0);
    measured_.at_most("herd_back_p50", number("p50"), "s", {});
    measured_.at_most("herd_back_p95", number("p95"), "s", 3);
    measured_.at_most("herd_back_last", number("last"), "s", 30);
    measured_.at_most("herd_redis_ops", requests / number("lost"), "", 2);
    measured_.at_most("herd_reads", (reads() - reads_before) / static_cast<double>(rooms_to_read(rooms, servers)), "",
                      1);
    judge_limits(deployment);
    if (auto reason = load::why_late("The herd", number("lagP99Ms"), herd_late_ms_max))
        measured_.late.push_back(*std::move(reason));
}

Measured ClusterBench::run() {
    if (options_.herd) {
        measure_herd(10'000, 200);
        return std::move(measured_);
    }
    say("latency and deliveries: a room of 1,000, by turns on one server and on two");
    compare_speed();
    const std::uint32_t rooms = options_.quick ? 200 : 5000;
    const auto deployment = deploy(2);
    say("requests to Redis: one room, 1,000 messages a second");
    measure_requests(deployment, 1, ops_clients, "");
    say("requests to Redis: " + std::to_string(rooms) + " rooms on each server");
    measure_requests(deployment, rooms, 2 * rooms, "_rooms");
    say("memory of Redis");
    measure_memory();
    say("a server of three is killed");
    measure_herd(options_.quick ? 600 : 3000, 30);
    return std::move(measured_);
}

}  // namespace

waaft::Result<Measured> run_cluster_bench(const ClusterBenchOptions& options) {
    return run_steps([&] { return ClusterBench(options).run(); });
}

}  // namespace waaft::bench
