// What the tests of the store share: a listener that remembers, calls that wait for their answer, values.
#pragma once

#include "server/redis/redis.h"
#include "tests/unit/redis/redis_server.h"

#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>

namespace waaft::redis::testing {

using store::Change;
using store::Committed;
using store::Record;
using store::Snapshot;
using store::StoreError;
using Outcome = Committed::Outcome;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

class Listener final : public store::SharedListener {
public:
    void on_told(store::Told told) override {
        note([&] { told_.push_back(std::move(told)); });
    }
    void on_whisper(std::string room, std::string server, std::string message) override {
        note([&] { whispers_.push_back(room + " " + server + " " + message); });
    }
    void on_link_revoked(std::string id, UnixMs expires_at) override {
        note([&] { links_.push_back(id + " " + std::to_string(expires_at)); });
    }
    void on_servers(std::vector<std::string> servers) override {
        note([&] { servers_ = std::move(servers); });
    }
    void on_connection(bool up) override {
        note([&] {
            up_ = up;
            up ? ++ups_ : ++downs_;
        });
    }

    // Waits until `ready` holds of what was heard; false if it does not in time.
    bool wait(const std::function<bool(const Listener&)>& ready) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return ready(*this); });
    }
    bool wait_told(std::size_t count) const {
        return wait([count](const Listener& heard) { return heard.told_.size() >= count; });
    }
    bool wait_ups(int count) const {
        return wait([count](const Listener& heard) { return heard.up_ && heard.ups_ >= count; });
    }
    std::vector<store::Told> told() const {
        const std::lock_guard lock(mutex_);
        return told_;
    }

    std::vector<store::Told> told_;
    std::vector<std::string> whispers_;
    std::vector<std::string> links_;
    std::vector<std::string> servers_;
    bool up_ = false;
    int ups_ = 0;
    int downs_ = 0;

private:
    template <class Write>
    void note(Write write) {
        {
            const std::lock_guard lock(mutex_);
            write();
        }
        changed_.notify_all();
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
};

inline RedisOptions options_of(const std::string& url, char server = 'a') {
    RedisOptions options;
    options.url = url;
    options.server = std::string(16, server);
    options.secrets = {"one"};
    return options;
}

// A store with a listener.
struct Server {
    explicit Server(const RedisOptions& options) : id(options.server) {
        auto opened = open_redis(options, heard);
        if (!opened) FAIL(opened.error().code << ": " << opened.error().what << " (" << opened.error().hint << ")");
        store = std::move(*opened);
    }
    Listener heard;
    std::string id;
    std::unique_ptr<RedisStore> store;
};

template <class T, class Call>
Result<T, StoreError> wait_for(Call call) {
    auto promise = std::make_shared<std::promise<Result<T, StoreError>>>();
    auto future = promise->get_future();
    call(store::Done<T>([promise](Result<T, StoreError> result) { promise->set_value(std::move(result)); }));
    if (future.wait_for(patience) != std::future_status::ready) FAIL("a call was never answered");
    return future.get();
}

inline store::RoomRow make_row(std::string name = "blue-owl") {
    store::RoomRow row;
    row.name = std::move(name);
    row.epoch = "00112233445566aa";
    row.host_key_hash = std::string(64, 'f');
    row.created_at = 1700000000000;
    return row;
}

inline Result<void, StoreError> create(Server& server, store::RoomRow row = make_row(), Duration keep = 1h) {
    return wait_for<void>([&](auto done) { server.store->create_room(std::move(row), keep, std::move(done)); });
}
inline Result<std::optional<Snapshot>, StoreError> try_open(Server& server, const std::string& name = "blue-owl") {
    return wait_for<std::optional<Snapshot>>([&](auto done) { server.store->open_room(name, std::move(done)); });
}
inline Snapshot open(Server& server, const std::string& name = "blue-owl") {
    auto snapshot = try_open(server, name);
    REQUIRE(snapshot.has_value());
    REQUIRE(snapshot->has_value());
    return std::move(**snapshot);
}
inline Snapshot read(Server& server, const std::string& name = "blue-owl") {
    auto snapshot =
        wait_for<std::optional<Snapshot>>([&](auto done) { server.store->read_room(name, std::move(done)); });
    REQUIRE(snapshot.has_value());
    REQUIRE(snapshot->has_value());
    return std::move(**snapshot);
}
inline Result<Committed, StoreError> try_commit(Server& server, const Change& change) {
    return wait_for<Committed>([&](auto done) { server.store->commit(change, std::move(done)); });
}
inline Committed commit(Server& server, const Change& change) {
    const auto committed = try_commit(server, change);
    if (!committed) FAIL("commit: " << store::sentence(committed.error()));
    return *committed;
}
inline store::Page history(Server& server, store::Seq before, std::uint32_t limit,
                           const std::string& name = "blue-owl") {
    auto page = wait_for<store::Page>([&](auto done) { server.store->history(name, before, limit, std::move(done)); });
    REQUIRE(page.has_value());
    return std::move(*page);
}

inline Change change_of(const Server& server, std::uint64_t number, store::Revision rules = 0,
                        const std::string& room = "blue-owl") {
    Change change;
    change.room = room;
    change.epoch = make_row().epoch;
    change.server = server.id;
    change.number = number;
    change.rules = rules;
    change.message = "m" + std::to_string(number);
    change.keep = 1h;
    return change;
}

inline store::NewRecord chat(const std::string& text, const std::string& nonce = {}, UnixMs at = 1700000000000) {
    store::NewRecord added;
    added.record.at = at;
    added.record.from = "member0123456789";
    added.record.name = "Ann";
    added.record.text = text;
    added.nonce = nonce;
    return added;
}

}  // namespace waaft::redis::testing
