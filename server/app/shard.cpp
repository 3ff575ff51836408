#include "server/app/shard.h"

#include "server/app/home.h"
#include "server/app/http_front.h"
#include "server/app/load.h"
#include "server/app/post_office.h"
#include "server/app/sessions.h"
#include "server/app/shared_news.h"
#include "server/base/id.h"
#include "server/rtc/stun.h"
#include "server/rtc/stun_limiter.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

#include <optional>
#include <thread>
#include <vector>

namespace waaft::app {

namespace {

constexpr Duration drain_step = std::chrono::milliseconds(20);
constexpr Duration drain_max = std::chrono::milliseconds(2500);

}  // namespace

struct Shard::Impl {
    Impl(ShardIndex shard_index, Services& shard_services)
        : index(shard_index),
          services(shard_services),
          io(1),
          work(io.get_executor()),
          drain_timer(io),
          expiry_timer(io),
          lag_timer(io),
          home(shard_services, shard_index, io, counters, load),
          sessions(shard_services, shard_index, io, counters, load),
          front(shard_services, shard_index, sessions, counters, load),
          stun_limiter(shard_services.config.stun_per_second, shard_services.config.stun_per_second * 2, random_u64()) {
        services.post_office->set_wake(index, [this] { boost::asio::post(io, [this] { collect(); }); });
    }

    void collect();
    void expire();
    void measure();
    void on_datagram(Bytes datagram, const net::UdpAddress& from);
    void begin_stop();
    void drain_until(TimePoint limit);

    const ShardIndex index;
    Services& services;
    ShardCounters counters;
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
    boost::asio::steady_timer drain_timer;
    boost::asio::steady_timer expiry_timer;
    boost::asio::steady_timer lag_timer;
    ShardLoad load{Clock::now()};
    Home home;
    Sessions sessions;
    HttpFront front;
    rtc::StunLimiter stun_limiter;
    std::unique_ptr<net::UdpSocket> udp;
    std::unique_ptr<net::Server> server;
    std::thread thread;
};

namespace {

// One overload for each kind of mail, by whom it is for.
struct Router {
    Home& home;
    Sessions& sessions;
    HttpFront& front;

    void operator()(std::monostate) const {}
    void operator()(std::unique_ptr<JoinMail> mail) const { home.on_mail(std::move(mail)); }
    void operator()(ClientMail mail) const { home.on_mail(std::move(mail)); }
    void operator()(const std::unique_ptr<GoneMail>& mail) const { home.on_mail(*mail); }
    void operator()(std::unique_ptr<RestMail> mail) const { home.on_mail(std::move(mail)); }
    void operator()(const AttachMail& mail) const { sessions.on_mail(mail); }
    void operator()(FrameMail mail) const { sessions.on_mail(std::move(mail)); }
    void operator()(BroadcastMail mail) const { sessions.on_mail(std::move(mail)); }
    void operator()(const CloseMail& mail) const { sessions.on_mail(mail); }
    void operator()(RestReplyMail mail) const { front.on_mail(std::move(mail)); }
};

}  // namespace

void Shard::Impl::collect() {
    std::vector<ShardIndex> overrun_by;
    services.post_office->collect(
        index,
        [this](ShardIndex, Mail mail) {
            std::visit(Router{home, sessions, front}, std::move(mail));
        },
        [&](ShardIndex from) {
            sessions.on_overrun(from);
            overrun_by.push_back(from);
        });
    // Now homes may answer again: what is asked because of these answers is not lost.
    for (const ShardIndex from : overrun_by) front.on_overrun(from);
    counters.mail_waiting.store(services.post_office->waiting(index), std::memory_order_relaxed);
}

void Shard::Impl::expire() {
    front.expire();
    expiry_timer.expires_after(std::chrono::seconds(1));
    expiry_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) expire();
    });
}

void Shard::Impl::measure() {
    lag_timer.expires_at(load.due());
    lag_timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        const TimePoint now = Clock::now();
        counters.lag.add(load.fired(now));
        const auto smoothed = std::chrono::duration_cast<std::chrono::microseconds>(load.lag(now));
        counters.lag.smoothed_us.store(static_cast<std::uint64_t>(smoothed.count()), std::memory_order_relaxed);
        measure();
    });
}

void Shard::Impl::on_datagram(Bytes datagram, const net::UdpAddress& from) {
    const rtc::SocketAddress address{from.ip, from.v6, from.port};
    // The limit comes first: a flood must cost as little as possible.
    if (stun_limiter.allow(address, Clock::now())) {
        if (const auto answer = rtc::answer_binding(datagram, address); answer.has_value()) {
            udp->reply(as_bytes(*answer));
            counters.stun_answered.fetch_add(1, std::memory_order_relaxed);
            return;
        }
    }
    counters.stun_dropped.fetch_add(1, std::memory_order_relaxed);
}

void Shard::Impl::begin_stop() {
    server->stop_accepting();
    home.stop();
    sessions.close_all();
    drain_until(Clock::now() + drain_max);
}

void Shard::Impl::drain_until(TimePoint limit) {
    if (!sessions.empty() && Clock::now() < limit) {
        drain_timer.expires_after(drain_step);
        drain_timer.async_wait([this, limit](const boost::system::error_code& error) {
            if (!error) drain_until(limit);
        });
        return;
    }
    // Neither is destroyed here: the ops listener still reads their counters.
    server->stop();
    work.reset();
    io.stop();
}

Shard::Shard(std::uint32_t index, Services& services) : impl_(std::make_unique<Impl>(index, services)) {}
Shard::~Shard() = default;

Result<std::uint16_t> Shard::listen(const net::ServerOptions& options) {
    auto server = net::listen(impl_->io, options, impl_->front);
    if (!server.has_value()) return server.error();
    impl_->server = std::move(*server);
    const std::uint16_t port = impl_->server->port();
    Impl* impl = impl_.get();
    auto udp = net::UdpSocket::open(
        impl_->io, options.address, port,
        [impl](Bytes datagram, const net::UdpAddress& from) { impl->on_datagram(datagram, from); });
    if (!udp.has_value()) return udp.error();
    impl_->udp = std::move(*udp);
    return port;
}

void Shard::listen_to(SharedNews& news) { news.add_home(impl_->home); }

void Shard::start() {
    impl_->thread = std::thread([impl = impl_.get()] {
        const std::string name = "shard-" + std::to_string(impl->index);
        pthread_setname_np(pthread_self(), name.c_str());
        impl->sessions.start();
        impl->home.start();
        impl->expire();
        impl->load.begin(Clock::now());
        impl->measure();
        impl->io.run();
    });
}

void Shard::ask_to_move() {
    boost::asio::post(impl_->io,
                      [impl = impl_.get()] { impl->sessions.ask_to_move(impl->services.config.drain_spread); });
}

void Shard::stop() {
    boost::asio::post(impl_->io, [impl = impl_.get()] { impl->begin_stop(); });
}

void Shard::join() {
    if (impl_->thread.joinable()) impl_->thread.join();
}

const ShardCounters& Shard::counters() const { return impl_->counters; }
const net::Counters& Shard::net_counters() const { return impl_->server->counters(); }
const net::UdpCounters& Shard::udp_counters() const { return impl_->udp->counters(); }

}  // namespace waaft::app
