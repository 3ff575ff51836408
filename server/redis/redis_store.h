// The calls of store::SharedStore carried to a Session and back, and which rooms are open here. Made by open_redis().
//
// Thread: owns one; all but the public calls runs there. Ownership: owns the session. Units, errors and bounds:
// redis.h.
#pragma once

#include "server/redis/held.h"
#include "server/redis/page_reading.h"
#include "server/redis/session.h"

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <thread>

namespace waaft::redis {

class RedisStoreImpl final : public RedisStore, private SessionEvents {
public:
    RedisStoreImpl(RedisOptions options, RedisUrl url, store::SharedListener& listener);
    ~RedisStoreImpl() override;
    // Waits until it is up, or why not.
    Result<void> start();

    void create_room(store::RoomRow row, Duration keep, store::Done<void> done) override;
    void open_room(std::string name, store::Done<std::optional<store::Snapshot>> done) override;
    void read_room(std::string name, store::Done<std::optional<store::Snapshot>> done) override;
    void close_room(std::string name) override;
    void commit(store::Change change, store::Done<store::Committed> done) override;
    void tell(std::string room, std::string message) override;
    void keep_room(std::string room, Duration keep, UnixMs records_since) override;
    void history(std::string room, store::Seq before, std::uint32_t limit, store::Done<store::Page> done) override;
    void revoke_link(std::string id, UnixMs expires_at, store::Done<void> done) override;
    void revoked_links(store::Done<std::vector<std::string>> done) override;
    void record_link(std::string room, std::string life, store::LinkRow link,
                     store::Done<store::Recorded> done) override;
    void links(std::string room, std::string life, store::Done<std::vector<store::LinkRow>> done) override;
    void void_links(std::string room, std::string life, UnixMs until,
                    store::Done<std::vector<store::LinkRow>> done) override;
    void allow(std::string key, std::uint32_t most, Duration period, store::Done<bool> done) override;
    std::size_t queued() const override { return waiting_.count(); }
    void close() override;
    RedisStatus status() const override;

private:
    struct OpenRoom {
        std::uint64_t opened = 0;   // when; a later opening's numbers are above all of an earlier one's
        std::uint64_t read_in = 0;  // the connection in which it was read last; 0: not yet
        store::Revision first = 0;  // of the snapshot it was opened with; older tellings may still be on their way
        // What was heard before it was read first.
        std::optional<Held> held;
    };
    template <class T>
    using Reader = std::function<Read<T>(const Reply&)>;

    void on_up() override;
    void on_down() override;
    void on_start_failed(Error why) override;
    void on_message(std::string_view channel, std::string_view payload) override;
    void on_servers(std::vector<std::string> servers) override;

    // Has `run` called on the store's thread with a `done` that counts; answers at once if that cannot be. `bytes`:
    // what the call holds besides store::call_bytes.
    template <class T, class Run>
    void enqueue(store::Done<T> done, Run run, std::size_t bytes = 0);
    template <class T>
    void ask(const Command& command, const std::string& room, Reader<T> reader, store::Done<T> done);
    void read_on(const std::string& room, const std::shared_ptr<PageReading>& page, store::Done<store::Page> done);
    void tell_only(const Command& command, const std::string& room, store::Done<void> done);
    void read_open(const std::string& name, std::uint64_t opened, store::Done<std::optional<store::Snapshot>> done);
    void read(const std::string& name, store::Done<std::optional<store::Snapshot>> done);
    void forget(const std::string& name, std::uint64_t opened);
    void settle(const std::string& name, std::uint64_t opened, store::Revision revision);
    void deliver(const std::string& room, Heard heard);
    OpenRoom* find(const std::string& name, std::uint64_t opened);
    store::StoreError note_refusal(const Reply& reply, const std::string& room);
    void complain(const std::string& what, const std::string& where);

    const RedisOptions options_;
    store::SharedListener& listener_;
    const Commands commands_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Session session_;
    std::unordered_map<std::string, OpenRoom> rooms_;
    std::uint64_t last_opened_ = 0;
    TimePoint next_complaint_{};
    std::uint64_t silent_complaints_ = 0;
    std::promise<Result<void>> first_;
    bool first_told_ = false;

    Budget waiting_;
    std::atomic<std::uint64_t> unreadable_{0};
    std::mutex mutex_;  // of closed_ and of posting
    bool closed_ = false;
    std::once_flag joined_;
    std::thread thread_;  // last: it uses all the others
};

}  // namespace waaft::redis
