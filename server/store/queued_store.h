// The Store in front of any Engine: one thread, one bounded queue, group commit.
//
// Thread: Store's calls from any thread; the engine and every `done` run on the store's own thread.
// Ownership: owns the engine and the thread. Units: calls, bytes. Errors: StoreError.
// The thread takes what is queued (at most batch_max calls), runs it as one batch of the engine,
// commits, and then answers in the order of the calls, reads included. A `done` may be empty; it
// may make new calls, but not close() or destroy the store.
// While the right engine cannot be had (Later), another one, or none, answers what is read, and every write is `full`.
#pragma once

#include "server/store/engine.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace waaft::store {

class QueuedStore final : public Store {
public:
    // How the right engine is made, tried so often, on the store's thread; nullptr: not yet.
    struct Later {
        std::function<std::unique_ptr<Engine>()> make;
        Duration every{};
    };
    QueuedStore(std::unique_ptr<Engine> engine, Budget::Max queue_max);
    QueuedStore(std::unique_ptr<Engine> engine, Budget::Max queue_max, Later later);
    ~QueuedStore() override;

    void create_room(RoomRow row, Done<void> done) override;
    void load_room(std::string name, std::uint32_t tail_max, UnixMs nonces_since,
                   Done<std::optional<LoadedRoom>> done) override;
    void update_room(RoomRow row, Done<void> done) override;
    void mark_member(std::string room, MemberMark mark, std::string banned_address, Done<void> done) override;
    void append(Append append, Done<void> done) override;
    void history(std::string room, Seq before, std::uint32_t limit, Done<Page> done) override;
    void since(std::string room, Seq after, std::uint32_t limit, Done<Page> done) override;
    void revoke_link(std::string id, UnixMs expires_at, Done<void> done) override;
    void revoked_links(Done<std::vector<std::string>> done) override;
    void record_link(std::string room, std::string life, LinkRow link, Done<Recorded> done) override;
    void links(std::string room, std::string life, Done<std::vector<LinkRow>> done) override;
    void void_links(std::string room, std::string life, UnixMs until, Done<std::vector<LinkRow>> done) override;
    void sweep(Retention retention, UnixMs now, Done<std::uint64_t> done) override;
    std::size_t queued() const override;
    void close() override;

    // One call that waits, is run (again, if its batch was lost), and is answered.
    class Call {
    public:
        explicit Call(std::size_t bytes) : bytes_(bytes) {}
        virtual ~Call() = default;
        std::size_t bytes() const { return bytes_; }
        virtual bool writes() const = 0;
        virtual void run(Engine& engine) = 0;
        virtual void fail(StoreError error) = 0;
        // True: there is more to do, queue it again instead of answering.
        virtual bool unfinished() const { return false; }
        virtual void answer() = 0;

    private:
        const std::size_t bytes_;  // about, that it holds while it waits
    };

private:
    using Batch = std::vector<std::unique_ptr<Call>>;
    static constexpr std::size_t batch_max = 4096;

    void push(std::unique_ptr<Call> call);
    // Empty: a deadline of the engine has come. nullopt: closed, and nothing is left.
    std::optional<Batch> take();
    void work();
    void execute(Batch& batch);
    void lose(Batch& batch, StoreError error);
    void try_later_engine();
    void finish(Batch batch);

    std::unique_ptr<Engine> engine_;
    Later later_;  // empty as soon as the right engine is there
    TimePoint later_at_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Call>> calls_;
    Budget budget_;  // of calls_
    bool closed_ = false;
    std::once_flag joined_;
    std::thread thread_;  // last: it uses all the others
};

}  // namespace waaft::store
