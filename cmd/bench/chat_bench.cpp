#include "cmd/bench/chat_bench.h"

#include "cmd/bench/bare_send.h"
#include "cmd/bench/steps.h"
#include "cmd/load/rest.h"
#include "server/base/own_program.h"

#include <boost/json.hpp>

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace waaft::bench {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t room_clients = 1000;
constexpr std::uint32_t room_senders = 100;
constexpr std::uint32_t text_bytes = 200;
constexpr std::uint32_t rate_single = 100;
constexpr std::uint32_t rate_latency = 200;
constexpr std::uint32_t rate_coalesced = 800;
constexpr std::uint32_t idle_clients = 4000;
constexpr std::uint32_t held_clients = 15000;
constexpr std::uint32_t idle_room_clients = 50;
constexpr std::uint32_t warming_clients = 200;

class ChatBench {
public:
    explicit ChatBench(const ChatBenchOptions& options) : options_(options) {}

    Measured run();

private:
    void measure_ready();
    void measure_limits();
    void measure_deliveries(OwnServer& server, bool tls);
    void measure_idle(bool tls);
    void measure_held();

    std::unique_ptr<OwnServer> start_server(std::uint16_t ops_port = 0) const;
    std::vector<std::string> make_rooms(const OwnServer& server, std::uint32_t clients) const;
    Worker start_load(const OwnServer& server, bool tls, load::ChatLoadOptions load) const;
    void hold_and_leave(const OwnServer& server, bool tls, std::uint32_t clients);
    double ready_ms() const;
    void add(Figure figure);
    void say(std::string_view line) const {
        if (options_.say) options_.say(line);
    }

    const ChatBenchOptions& options_;
    Measured measured_;
    double bare_single_ = 0;
    double bare_batch_ = 0;
};

void ChatBench::add(Figure figure) { measured_.figures.push_back(std::move(figure)); }

std::unique_ptr<OwnServer> ChatBench::start_server(std::uint16_t ops_port) const {
    return bench::start_server({.program = options_.program,
                                .core = static_cast<int>(options_.server_core),
                                .ops_port = ops_port,
                                .limited = false,
                                .more = {}});
}

std::vector<std::string> ChatBench::make_rooms(const OwnServer& server, std::uint32_t clients) const {
    const auto endpoint = target_of(server, false).endpoint;
    std::vector<std::string> rooms;
    for (std::uint32_t i = 0; i < (clients + idle_room_clients - 1) / idle_room_clients; ++i) {
        rooms.push_back(need(load::create_room({endpoint, {}, {}})));
    }
    return rooms;
}

Worker ChatBench::start_load(const OwnServer& server, bool tls, load::ChatLoadOptions load) const {
    load.text_bytes = text_bytes;
    load.server_pids = {server.process->pid()};
    const bool apart = load.senders > 0 && options_.load_core != options_.server_core;
    return bench::start_load(options_.load_core, target_of(server, tls), load, apart);
}

// ---- time to readiness ----

double ChatBench::ready_ms() const {
    // A free port, which nobody else takes in the moment between.
    auto probe = start_server();
    const std::uint16_t port = probe->process->ops_port();
    probe.reset();
    const TimePoint start = Clock::now();
    Worker watch(options_.load_core, [port](const Worker::Emit&) -> json::object {
        while (load::get_status(port, "/readyz") != 200) std::this_thread::sleep_for(std::chrono::microseconds(500));
        return {{"at", Clock::now().time_since_epoch().count()}};
    });
    const auto server = start_server(port);
    const auto seen = need(watch.next(seconds(20)));
    return static_cast<double>(seen.at("at").as_int64() - start.time_since_epoch().count()) / 1e6;
}

void ChatBench::measure_ready() {
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) times.push_back(ready_ms());
    std::sort(times.begin(), times.end());
    add({.name = "ready",
         .value = times[times.size() / 2],
         .unit = "ms",
         .limit = {},
         .goal = 50,
         .less_is_better = true,
         .ratio_goal = {}});
}

// ---- deliveries ----

void ChatBench::measure_limits() {
    BareSendOptions bare{.sender_core = options_.server_core,
                         .reader_core = options_.load_core,
                         .duration = options_.quick ? Duration(milliseconds(1000)) : Duration(seconds(3))};
    bare_single_ = need(bare_frames_per_core_second(bare));
    bare.rounds_per_second = rate_single;
    add({.name = "bare_send_paced",
         .value = need(bare_frames_per_core_second(bare)),
         .unit = "/core-s",
         .limit = bare_single_,
         .goal = {},
         .ratio_goal = {}});
    bare.rounds_per_second = 0;
    bare.frames = 16;
    bare_batch_ = need(bare_frames_per_core_second(bare));
}

void ChatBench::measure_deliveries(OwnServer& server, bool tls) {
    const auto warm_up = milliseconds(options_.quick ? 500 : 2000);
    const auto duration = milliseconds(options_.quick ? 2000 : 10'000);
    load::ChatLoadOptions load;
    load.clients = room_clients;
    load.senders = room_senders;
    load.rooms = {need(load::create_room({target_of(server, false).endpoint, {}, {}}, room_clients))};
    for (const auto rate : {rate_single, rate_latency, rate_coalesced})
        load.phases.push_back({rate, warm_up, duration});
    auto worker = start_load(server, tls, load);
    const auto report = finish_load(worker, measured_.late);
    const auto phase = [&](std::size_t i) { return report.at("phases").as_array().at(i).as_object(); };
    const auto rate = [&](std::size_t i) {
        return phase(i).at("deliveries").to_number<double>() / phase(i).at("serverCpuSeconds").to_number<double>();
    };
    const auto p99 = [&](std::size_t i) { return phase(i).at("latencyMs").at("p99").to_number<double>(); };
    const std::string suffix = tls ? "_tls" : "";
    const auto goal = [&](double value) { return tls ? std::optional<double>() : std::optional(value); };
    const auto limit = goal;
    add({.name = "deliveries_coalesced" + suffix,
         .value = rate(2),
         .unit = "/core-s",
         .limit = limit(bare_batch_),
         .goal = goal(800'000),
         .ratio_goal = {}});
    add({.name = "deliveries_coalesced_p99" + suffix,
         .value = p99(2),
         .unit = "ms",
         .limit = {},
         .goal = goal(50),
         .less_is_better = true,
         .ratio_goal = {}});
    add({.name = "deliveries_single" + suffix,
         .value = rate(0),
         .unit = "/core-s",
         .limit = limit(bare_single_),
         .goal = goal(110'000),
         .ratio_goal = goal(0.75)});
    add({.name = "latency_p99" + suffix,
         .value = p99(1),
         .unit = "ms",
         .limit = {},
         .goal = goal(50),
         .less_is_better = true,
         .ratio_goal = {}});
}

// ---- idle connections ----

void ChatBench::hold_and_leave(const OwnServer& server, bool tls, std::uint32_t clients) {
    load::ChatLoadOptions load;
    load.clients = clients;
    load.rooms = make_rooms(server, clients);
    auto worker = start_load(server, tls, load);
    finish_load(worker, measured_.late);
}

void ChatBench::measure_idle(bool tls) {
    const auto server = start_server();
    hold_and_leave(*server, tls, warming_clients);  // what the first connections need once
    load::ChatLoadOptions load;
    load.clients = idle_clients;
    load.rooms = make_rooms(*server, idle_clients);
    auto worker = start_load(*server, tls, load);
    const auto report = finish_load(worker, measured_.late);
    const double grown =
        report.at("serverRssJoined").to_number<double>() - report.at("serverRssBefore").to_number<double>();
    add({.name = tls ? "idle_tls" : "idle_plain",
         .value = grown / idle_clients,
         .unit = "B",
         .limit = {},
         .goal = (tls ? 22 : 8) * 1024.0,
         .less_is_better = true,
         .ratio_goal = {}});
}

// Two processes, since one may not open so many files; each from addresses of its own, since one address
// has not so many ports.
void ChatBench::measure_held() {
    const auto server = start_server();
    load::ChatLoadOptions load;
    load.clients = held_clients / 2;
    load.phases = {{0, {}, std::chrono::minutes(5)}};
    load.rooms = make_rooms(*server, load.clients);
    load.sources = {{htonl(INADDR_LOOPBACK + 1)}, {htonl(INADDR_LOOPBACK + 2)}};
    auto first = start_load(*server, true, load);
    need(first.next(load_timeout));
    load.rooms = make_rooms(*server, load.clients);
    load.sources = {{htonl(INADDR_LOOPBACK + 3)}, {htonl(INADDR_LOOPBACK + 4)}};
    auto second = start_load(*server, true, load);
    need(second.next(load_timeout));
    std::this_thread::sleep_for(seconds(5));
    first.interrupt();
    second.interrupt();
    const auto one = finish_load(first, measured_.late);
    const auto two = finish_load(second, measured_.late);
    add({.name = "idle_tls_held",
         .value = one.at("joined").to_number<double>() + two.at("joined").to_number<double>(),
         .unit = "",
         .limit = {},
         .goal = held_clients,
         .ratio_goal = {}});
}

Measured ChatBench::run() {
    say("readiness: five starts with an empty data directory");
    measure_ready();
    add({.name = "binary_size",
         .value = static_cast<double>(stripped_bytes(own_program().file)),
         .unit = "B",
         .limit = {},
         .goal = 12e6,
         .less_is_better = true,
         .ratio_goal = {}});
    say("limits: bare send loops");
    measure_limits();
    {
        const auto server = start_server();
        say("deliveries: a room of 1,000, plain");
        measure_deliveries(*server, false);
        say("deliveries: a room of 1,000, TLS");
        measure_deliveries(*server, true);
    }
    say("memory: 4,000 idle connections, plain");
    measure_idle(false);
    say("memory: 4,000 idle connections, TLS");
    measure_idle(true);
    if (!options_.quick) {
        say("holding 15,000 idle TLS connections");
        measure_held();
    }
    return std::move(measured_);
}

}  // namespace

waaft::Result<Measured> run_chat_bench(const ChatBenchOptions& options) {
    return run_steps([&] { return ChatBench(options).run(); });
}

}  // namespace waaft::bench
