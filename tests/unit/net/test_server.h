// A running Server on a free port, with a handler that echoes and notes what it was told.
//
// Thread: the server has its own; everything public here may be called from the test's.
// Ownership: stops and joins when destroyed. Units: waits give up after a minute.
#pragma once

#include "server/net/server.h"
#include "tests/support/catch.h"
#include "tests/unit/net/loop_thread.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace waaft::net::test {

inline SharedBytes shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class Notes {
public:
    void add(std::string note) {
        const std::lock_guard lock(mutex_);
        notes_.push_back(std::move(note));
        changed_.notify_all();
    }
    bool wait_for(const std::string& note) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::minutes(1),
                                 [&] { return std::find(notes_.begin(), notes_.end(), note) != notes_.end(); });
    }
    std::size_t count(const std::string& note) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(notes_.begin(), notes_.end(), note));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> notes_;
};

class EchoHandler final : public Handler {
public:
    Notes notes;
    std::vector<Responder> unanswered;
    std::set<WsConnection*> connections;
    std::atomic<unsigned> newcomers{8};  // a turn

    void on_request(Request request, Responder responder) override {
        if (request.path == "/later") {
            unanswered.push_back(std::move(responder));
            notes.add("later");
            return;
        }
        if (request.path == "/lost") return;
        Response response;
        response.headers = {{"Content-Type", "text/plain"}};
        if (request.path == "/split")
            response.headers.emplace_back("X-Echo", request.query_value("q") + "\r\nX-Evil: 1");
        response.body =
            shared(request.method + ' ' + request.path + '|' + request.body + '|' + request.peer.address + '|' +
                   request.host + (request.peer.tls ? "|tls" : "|plain") + (request.peer.overdue ? "|overdue" : ""));
        responder.send(std::move(response));
    }

    unsigned newcomers_per_turn() override {
        if (newcomers == 0) notes.add("nobody new");
        return newcomers;
    }

    Upgrade on_upgrade(const Request& request) override {
        Upgrade upgrade;
        if (request.path == "/refused") {
            upgrade.refusal.status = 403;
            return upgrade;
        }
        upgrade.handler = std::make_unique<Echo>(*this);
        upgrade.subprotocol = "waaft.v1";
        return upgrade;
    }

private:
    struct Echo final : WsHandler {
        explicit Echo(EchoHandler& the_owner) : owner(the_owner) {}
        void on_open(WsConnection& the_connection) override {
            connection = &the_connection;
            owner.connections.insert(connection);
            owner.notes.add("open");
        }
        void on_text(std::string_view message) override {
            if (message == "close") {
                connection->send(shared(text_frame("last")));
                connection->close(4003, "removed");
                connection->send(shared(text_frame("never")));
            } else if (message == "abort") {
                connection->abort();
            } else if (message == "three") {
                for (int i = 0; i < 3; ++i)
                    connection->send(shared(text_frame(std::string(1, static_cast<char>('0' + i)))));
            } else {
                connection->send(shared(text_frame(message)));
            }
        }
        void on_alive() override { ++alive; }
        void on_closed(ClosedBy by, std::uint16_t code) override {
            owner.connections.erase(connection);
            owner.notes.add("closed " + std::to_string(static_cast<int>(by)) + ' ' + std::to_string(code));
        }
        EchoHandler& owner;
        WsConnection* connection = nullptr;
        int alive = 0;
    };
};

class RunningServer {
public:
    explicit RunningServer(const ServerOptions& options) : server_(listen(loop_.io(), options, handler).value()) {
        loop_.start();
    }
    ~RunningServer() {
        run([this] { server_->stop(); });
        loop_.join();
    }

    // In the server's thread; returns when it is done.
    template <class Function>
    void run(Function function) {
        loop_.run(std::move(function));
    }
    std::uint16_t port() const { return server_->port(); }
    const Counters& counters() const { return server_->counters(); }
    Server& server() { return *server_; }

    // For what becomes true a moment after something else was seen.
    template <class Condition>
    bool eventually(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return true;
    }

private:
    LoopThread loop_;

public:
    EchoHandler handler;

private:
    std::unique_ptr<Server> server_;
};

inline ServerOptions plain_options() {
    ServerOptions options;
    options.plain_only = true;
    options.address = "127.0.0.1";
    return options;
}

}  // namespace waaft::net::test
