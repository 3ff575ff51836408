#include "server/app/ops.h"

#include "server/app/metrics.h"
#include "server/app/shard.h"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace waaft::app {

namespace {

// A loop turns every 250 ms; one that did not for so long is stuck.
constexpr std::int64_t stuck_after_ms = 5000;
constexpr std::size_t threads = 4;

std::int64_t steady_ms() { return std::chrono::duration_cast<Millis>(Clock::now().time_since_epoch()).count(); }

}  // namespace

struct Ops::Impl {
    const Services* services = nullptr;
    std::vector<const Shard*> shards;  // not to be looked at before it serves, nor are the services
    std::atomic<bool> serving = false;
    httplib::Server server;
    std::thread thread;
    std::atomic<bool> ended = false;  // the thread's loop
    std::uint16_t port = 0;

    void add_routes();
    void livez(httplib::Response& response) const;
};

std::optional<std::size_t> find_stuck(std::span<const std::int64_t> last_turns_ms, std::int64_t now_ms) {
    for (std::size_t i = 0; i < last_turns_ms.size(); ++i) {
        if (last_turns_ms[i] != 0 && now_ms - last_turns_ms[i] >= stuck_after_ms) return i;
    }
    return std::nullopt;
}

void Ops::Impl::livez(httplib::Response& response) const {
    std::vector<std::int64_t> last_turns;
    for (const Shard* shard : shards)
        last_turns.push_back(shard->counters().last_turn_ms.load(std::memory_order_relaxed));
    const auto stuck = find_stuck(last_turns, steady_ms());
    response.status = stuck ? 503 : 200;
    response.set_content(stuck ? "shard " + std::to_string(*stuck) + " has stopped turning\n" : "ok\n", "text/plain");
}

void Ops::Impl::add_routes() {
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
        if (serving) return httplib::Server::HandlerResponse::Unhandled;
        const bool asks_life = request.path == "/livez";
        response.status = asks_life ? 200 : 503;
        response.set_content(asks_life ? "ok\n" : "starting\n", "text/plain");
        return httplib::Server::HandlerResponse::Handled;
    });
    server.Get("/livez", [this](const httplib::Request&, httplib::Response& response) { livez(response); });
    server.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
        const bool stopping = services->stopping.load();
        const bool ready = !stopping && services->troubles.ready();
        response.status = ready ? 200 : 503;
        response.set_content(stopping ? "stopping\n" : ready ? "ok\n" : "in trouble: see /statusz\n", "text/plain");
    });
    server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
        response.set_content(metrics_text(*services, shards), "text/plain; version=0.0.4");
    });
    server.Get("/statusz", [this](const httplib::Request&, httplib::Response& response) {
        response.set_content(status_json(*services, shards), "application/json");
    });
}

Ops::Ops() : impl_(std::make_unique<Impl>()) {}

Ops::~Ops() {
    impl_->server.stop();
    if (impl_->thread.joinable()) impl_->thread.join();
}

std::uint16_t Ops::port() const { return impl_->port; }

void Ops::serve(std::vector<const Shard*> shards) {
    impl_->shards = std::move(shards);
    impl_->serving = true;
}

Result<std::unique_ptr<Ops>> Ops::start(const Services& services) {
    std::unique_ptr<Ops> ops(new Ops());
    Impl& impl = *ops->impl_;
    impl.services = &services;
    impl.add_routes();
    impl.server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    impl.server.set_payload_max_length(4096);
    impl.server.set_read_timeout(5, 0);
    const Config& config = services.config;
    // Without SO_REUSEPORT, which the library sets: a second server must not share the port unseen.
    impl.server.set_socket_options([](socket_t socket) {
        const int on = 1;
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    if (config.ops_port == 0) {
        const int port = impl.server.bind_to_any_port(config.ops_address);
        impl.port = port > 0 ? static_cast<std::uint16_t>(port) : 0;
    } else if (impl.server.bind_to_port(config.ops_address, config.ops_port)) {
        impl.port = config.ops_port;
    }
    if (impl.port == 0) {
        return Error{"ops_port_in_use", "The operations port cannot be opened.",
                     config.ops_address + ":" + std::to_string(config.ops_port),
                     "Stop the other program, or choose another port with --ops-port."};
    }
    impl.thread = std::thread([&impl] {
        impl.server.listen_after_bind();
        impl.ended = true;
    });
    // stop() before the library's loop runs is lost, and the loop would never end.
    while (!impl.server.is_running() && !impl.ended) std::this_thread::yield();
    return ops;
}

}  // namespace waaft::app
