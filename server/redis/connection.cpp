#include "server/redis/connection.h"

#include "server/base/own_program.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

namespace waaft::redis {

namespace asio = boost::asio;

Result<void> load_authorities(asio::ssl::context& tls, const RedisUrl& url, const std::string& ca_file) {
    if (!url.tls) return {};
    boost::system::error_code error;
    const auto file = ca_file.empty() ? authorities_file() : ca_file;
    if (file.empty()) {
        tls.set_default_verify_paths(error);
    } else {
        tls.load_verify_file(file, error);
    }
    if (!error) return {};
    return Error{"redis_tls", "The authorities for Redis cannot be read: " + error.message(), ca_file,
                 "name a PEM file with certificates in redis.ca_file"};
}

Connection::Connection(asio::io_context& io, asio::ssl::context& tls, RedisUrl url, Events events)
    : io_(io), url_(std::move(url)), events_(std::move(events)), resolver_(io), stream_(io, tls) {}

void Connection::start() {
    resolver_.async_resolve(url_.host, std::to_string(url_.port),
                            [self = shared_from_this()](Code error, const Tcp::resolver::results_type& addresses) {
                                if (self->over_) return;
                                if (!error) return self->connect(addresses);
                                self->lose("redis_away", "The name of Redis is not known: " + error.message(),
                                           "check the host in redis.url");
                            });
}

void Connection::connect(const Tcp::resolver::results_type& addresses) {
    asio::async_connect(stream_.next_layer(), addresses, [self = shared_from_this()](Code error, const Tcp::endpoint&) {
        if (self->over_) return;
        if (error) {
            return self->lose("redis_away", "Redis cannot be reached: " + error.message(),
                              "start it, or check redis.url and what stands between");
        }
        Code ignored;
        self->stream_.next_layer().set_option(Tcp::no_delay(true), ignored);
        if (self->url_.tls) return self->shake_hands();
        self->open();
    });
}

void Connection::shake_hands() {
    shaking_hands_ = true;
    Code error;
    asio::ip::make_address(url_.host, error);
    // An address is no name to ask for.
    if (error) SSL_set_tlsext_host_name(stream_.native_handle(), url_.host.c_str());
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback(asio::ssl::host_name_verification(url_.host));
    stream_.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](Code failed) {
        if (self->over_) return;
        if (!failed) return self->open();
        self->lose("redis_tls", "Redis's certificate or TLS is not acceptable: " + failed.message(),
                   "check redis.ca_file and the host in redis.url; redis:// is without TLS");
    });
}

void Connection::open() {
    shaking_hands_ = false;
    last_received_ = Clock::now();
    read();
    if (events_.on_open) events_.on_open();
}

void Connection::read() {
    auto handler = [self = shared_from_this()](Code error, std::size_t size) {
        if (self->over_) return;
        if (!error) return self->take(size);
        self->lose("redis_away", "The connection to Redis ended: " + error.message(),
                   self->url_.tls ? "see Redis's log" : "see Redis's log; if it wants TLS, write rediss://");
    };
    const auto buffer = asio::buffer(arrived_);
    if (url_.tls) {
        stream_.async_read_some(buffer, std::move(handler));
    } else {
        stream_.next_layer().async_read_some(buffer, std::move(handler));
    }
}

void Connection::take(std::size_t size) {
    last_received_ = Clock::now();
    reader_.feed({arrived_.data(), size});
    Reply reply;
    ReplyReader::Next next;
    while ((next = reader_.next(reply)) == ReplyReader::Next::reply) {
        if (events_.on_reply) events_.on_reply(std::move(reply));
        if (over_) return;
        reply = Reply();
    }
    if (next == ReplyReader::Next::more) return read();
    lose("redis_away", "What came is not Redis's protocol: " + reader_.why_broken(),
         "check that redis.url is the address of a Redis");
}

void Connection::send(const Command& command) {
    command.write_to(waiting_);
    if (flush_posted_ || !leaving_.empty()) return;
    flush_posted_ = true;
    asio::post(io_, [self = shared_from_this()] { self->flush(); });
}

void Connection::flush() {
    flush_posted_ = false;
    if (over_ || waiting_.empty()) return;
    leaving_ = std::exchange(waiting_, {});
    auto handler = [self = shared_from_this()](Code error, std::size_t) { self->written(error); };
    if (url_.tls) {
        asio::async_write(stream_, asio::buffer(leaving_), std::move(handler));
    } else {
        asio::async_write(stream_.next_layer(), asio::buffer(leaving_), std::move(handler));
    }
}

void Connection::written(Code error) {
    leaving_.clear();
    if (over_) return;
    if (error) return lose("redis_away", "The connection to Redis ended: " + error.message(), "see Redis's log");
    flush();
}

void Connection::lose(std::string code, const std::string& what, std::string hint) {
    close();
    if (events_.on_lost) events_.on_lost({std::move(code), what, url_.text(), std::move(hint)});
}

void Connection::close() {
    over_ = true;
    resolver_.cancel();
    Code ignored;
    stream_.next_layer().close(ignored);
}

}  // namespace waaft::redis
