// One connection to Redis: bytes of commands out, replies in. Plain or TLS.
//
// Thread: the io_context's, callbacks included. Ownership: shared with its own pending operations; after close() no
// callback runs. Units: bytes. Errors: on_lost with redis_tls or redis_away, once; the connection is over then.
// Bounds: what is sent waits in memory until the socket takes it; the caller bounds what it sends.
// What is sent in one turn of the event loop leaves in one write.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"
#include "server/redis/resp.h"
#include "server/redis/url.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace waaft::redis {

// Whom a connection with TLS believes; empty: the system's authorities. Error redis_tls.
Result<void> load_authorities(boost::asio::ssl::context& tls, const RedisUrl& url, const std::string& ca_file);

class Connection : public std::enable_shared_from_this<Connection> {
public:
    struct Events {
        std::function<void()> on_open;
        std::function<void(Reply)> on_reply;
        std::function<void(Error)> on_lost;
    };

    Connection(boost::asio::io_context& io, boost::asio::ssl::context& tls, RedisUrl url, Events events);

    void start();
    void send(const Command& command);
    void close();
    // When the last bytes came; at first when it was started.
    TimePoint last_received() const { return last_received_; }
    bool shaking_hands() const { return shaking_hands_; }

private:
    using Tcp = boost::asio::ip::tcp;
    using Code = boost::system::error_code;

    void connect(const Tcp::resolver::results_type& addresses);
    void shake_hands();
    void open();
    void read();
    void take(std::size_t size);
    void flush();
    void written(Code error);
    void lose(std::string code, const std::string& what, std::string hint);

    boost::asio::io_context& io_;
    const RedisUrl url_;
    Events events_;
    Tcp::resolver resolver_;
    // For a plain connection only the socket below is used.
    boost::asio::ssl::stream<Tcp::socket> stream_;
    ReplyReader reader_;
    std::array<char, 65536> arrived_{};
    std::string waiting_;
    std::string leaving_;
    bool flush_posted_ = false;
    bool over_ = false;
    bool shaking_hands_ = false;
    TimePoint last_received_ = Clock::now();
};

}  // namespace waaft::redis
