// Being connected to Redis: signing in, checking, staying alive, coming back. Two connections, one for commands and one
// for what is told; one without the other is no session.
//
// Thread: the io_context's, callbacks included. Ownership: the caller's events outlive it. Units: as in redis.h.
// Errors: a request is answered by Redis's reply, errors of Redis included, or with `away` or `closed`.
// Bounds: the caller bounds its requests. Deadlines: RedisOptions::deadline for an answer and for each step of
// connecting.
#pragma once

#include "server/redis/connection.h"
#include "server/redis/start_check.h"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

namespace waaft::redis {

class SessionEvents {
public:
    virtual ~SessionEvents() = default;
    virtual void on_up() = 0;
    virtual void on_down() = 0;
    // Instead of on_up() at the first time.
    virtual void on_start_failed(Error why) = 0;
    virtual void on_message(std::string_view channel, std::string_view payload) = 0;
    virtual void on_servers(std::vector<std::string> servers) = 0;
};

class Session {
public:
    using Answer = std::function<void(Result<Reply, store::StoreError>)>;
    using Subscribed = std::function<void(Result<void, store::StoreError>)>;

    Session(boost::asio::io_context& io, const RedisOptions& options, RedisUrl url, const Commands& commands,
            SessionEvents& events);

    // The authorities for TLS; before start().
    Result<void> load_authorities();
    void start();
    // Says that this server leaves, waits for what is under way (not longer than two seconds), then `stopped` is
    // called.
    void stop(std::function<void()> stopped);

    bool up() const { return state_ == State::up; }
    // Counts the connections: what was read in another one may be out of date.
    std::uint64_t connection_number() const { return connection_number_; }

    void request(const Command& command, Answer answer);
    void subscribe(const std::string& channel, Subscribed done);
    void unsubscribe(const std::string& channel);

    RedisStatus status() const;

private:
    enum class State : std::uint8_t { connecting, up, waiting, stopping, stopped };
    struct Pending {
        std::function<void(Result<Reply, store::StoreError>)> answer;
        TimePoint sent;
    };
    using Replies = std::vector<Reply>;

    void connect();
    void ask_all(const std::vector<Command>& commands, std::function<void(const Replies&)> done);
    void check_kind();
    void check_mark(const Origin& origin);
    void try_out();
    void connect_ear();
    void listen();
    void set_up();

    void on_reply(Reply reply);
    void on_ear_reply(const Reply& reply);
    void on_subscribed(const std::string& channel);
    void send_sign();
    void ask_memory();
    void tick();
    void keep_awake(TimePoint now);
    bool overdue(TimePoint now) const;
    Error silence() const;
    void lose(Error why);
    void fail_all(store::StoreError why);
    void come_back();
    void finish_stop();
    void note_trouble(const Error& why);
    std::shared_ptr<Connection> make_connection(std::function<void()> on_open, std::function<void(Reply)> on_reply);

    boost::asio::io_context& io_;
    const RedisOptions& options_;
    const RedisUrl url_;
    const Commands& commands_;
    SessionEvents& events_;
    boost::asio::ssl::context tls_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer retry_;

    State state_ = State::connecting;
    bool started_ = false;  // it was up once
    std::uint64_t connection_number_ = 0;
    unsigned failures_ = 0;  // since it was up
    std::shared_ptr<Connection> voice_;
    std::shared_ptr<Connection> ear_;
    std::deque<Pending> pending_;
    std::set<std::string> channels_;  // of open rooms
    // Waiting for the confirmation, in the order they were sent.
    std::unordered_map<std::string, std::deque<Subscribed>> subscribing_;
    bool listening_ = false;       // the ear has named its channels
    std::size_t unconfirmed_ = 0;  // of those with which the ear begins
    TimePoint step_began_{};
    TimePoint last_sent_{};
    TimePoint last_ear_ping_{};
    TimePoint next_sign_{};
    TimePoint next_memory_{};
    TimePoint stop_at_{};
    std::function<void()> stopped_;

    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> told_{0};
    mutable std::mutex mutex_;  // of status_
    RedisStatus status_;
};

}  // namespace waaft::redis
