// A shard that does not turn, or turns slowly, while Redis tells much.
#include "server/app/news_inbox.h"
#include "tests/support/catch.h"

#include <condition_variable>
#include <deque>
#include <thread>

using namespace waaft;
using namespace waaft::app;

namespace {

// What Redis has, by room.
using Kept = std::map<std::string, store::Revision>;

// A shard with a copy of each room, as a Replica has it: changes in order, else the room is read again.
class Shard final : public NewsTaker {
public:
    explicit Shard(Kept& kept, std::mutex& mutex) : kept_(kept), kept_mutex_(mutex) {}

    void on_thread(std::function<void()> task) override {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        changed_.notify_all();
    }
    void on_told(const store::Told& told) override {
        ++told_;
        store::Revision& known = known_[told.room];
        if (told.revision > known + 1) return read(told.room);
        known = std::max(known, told.revision);
    }
    void on_whisper(const std::string&, const std::string&) override { ++whispers_; }
    void on_missed(const std::string& room) override {
        ++missed_;
        if (known_.contains(room)) read(room);
    }
    void on_servers(const std::set<std::string>& alive) override { heard_.push_back(std::to_string(alive.size())); }
    void on_connection(bool up) override { heard_.emplace_back(up ? "up" : "down"); }

    bool turn() {
        std::function<void()> task;
        {
            const std::lock_guard lock(mutex_);
            if (tasks_.empty()) return false;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
        return true;
    }
    void turn_until_idle() {
        while (turn()) {
        }
    }
    // Until `over` and nothing waits any more.
    void run(const bool& over) {
        while (true) {
            turn_until_idle();
            std::unique_lock lock(mutex_);
            if (tasks_.empty() && over) return;
            changed_.wait(lock, [&] { return over || !tasks_.empty(); });
        }
    }
    void finish(bool& over) {
        {
            const std::lock_guard lock(mutex_);
            over = true;
        }
        changed_.notify_all();
    }
    std::size_t waiting() {
        const std::lock_guard lock(mutex_);
        return tasks_.size();
    }
    void read(const std::string& room) {
        const std::lock_guard lock(kept_mutex_);
        known_[room] = kept_[room];
    }

    Kept known_;
    std::size_t told_ = 0;
    std::size_t missed_ = 0;
    std::size_t whispers_ = 0;
    std::vector<std::string> heard_;

private:
    Kept& kept_;
    std::mutex& kept_mutex_;
    std::mutex mutex_;  // of what waits
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
};

struct Redis {
    // Commits a change and tells it.
    void change(NewsInbox& inbox, const std::string& room, std::size_t bytes = 10) {
        store::Told told;
        told.room = room;
        told.message.assign(bytes, 'x');
        {
            const std::lock_guard lock(mutex);
            told.revision = ++kept[room];
        }
        inbox.tell(std::move(told));
    }
    Kept kept;
    std::mutex mutex;
};

std::string room_of(int number) { return "room-" + std::to_string(number % 7); }

}  // namespace

TEST_CASE("a shard that does not turn has a bounded number of changes waiting, and is right when it turns again") {
    Redis redis;
    Shard shard(redis.kept, redis.mutex);
    NewsInbox inbox(shard, {100, 1 << 20});
    for (int i = 0; i < 7; ++i) shard.read(room_of(i));
    for (int i = 0; i < 100000; ++i) {
        redis.change(inbox, room_of(i));
        inbox.whisper(room_of(i), "hello");
    }
    CHECK(shard.waiting() <= 100 + 7);
    shard.turn_until_idle();
    CHECK(shard.known_ == redis.kept);
    CHECK(shard.told_ + shard.whispers_ == 100);
    CHECK(shard.missed_ <= 2 * 7);
    // Then all is as before.
    redis.change(inbox, "room-1");
    inbox.whisper("room-1", "hello");
    CHECK(shard.waiting() == 2);
    shard.turn_until_idle();
    CHECK(shard.known_ == redis.kept);
}

TEST_CASE("long changes are bounded by their bytes, and one that alone is too long passes") {
    Redis redis;
    Shard shard(redis.kept, redis.mutex);
    NewsInbox inbox(shard, {100, 1 << 20});
    shard.read("room-1");
    for (int i = 0; i < 50; ++i) redis.change(inbox, "room-1", 200 << 10);
    CHECK(shard.waiting() == 5 + 1);
    shard.turn_until_idle();
    CHECK(shard.told_ == 5);
    CHECK(shard.known_ == redis.kept);
    redis.change(inbox, "room-1", 5 << 20);
    CHECK(shard.waiting() == 1);
    shard.turn_until_idle();
    CHECK(shard.told_ == 6);
    CHECK(shard.known_ == redis.kept);
}

TEST_CASE("what is missed of a room that is opened only then is heard after it was opened") {
    Redis redis;
    Shard shard(redis.kept, redis.mutex);
    NewsInbox inbox(shard, {1, 1 << 20});
    redis.change(inbox, "other");
    redis.change(inbox, "blue-owl");  // of an earlier opening: nobody has it open here
    // The room is read, and what follows waits for the shard as long as the change does that is told after it.
    const store::Revision read = redis.kept["blue-owl"];
    shard.on_thread([&] { shard.known_["blue-owl"] = read; });
    redis.change(inbox, "blue-owl");
    shard.turn_until_idle();
    CHECK(shard.known_["blue-owl"] == redis.kept["blue-owl"]);
}

TEST_CASE("of who is alive and of the connection only the newest waits, but a loss is always heard") {
    Redis redis;
    Shard shard(redis.kept, redis.mutex);
    NewsInbox inbox(shard);
    for (int i = 0; i < 1000; ++i) {
        inbox.say_alive({"a", "b"});
        inbox.say_connection(false);
        inbox.say_connection(true);
    }
    inbox.say_alive({"a"});
    CHECK(shard.waiting() == 2);
    shard.turn_until_idle();
    CHECK(shard.heard_ == std::vector<std::string>{"1", "down", "up"});
    inbox.say_connection(false);
    shard.turn_until_idle();
    inbox.say_connection(true);
    inbox.say_alive({"a", "b", "c"});
    shard.turn_until_idle();
    CHECK(shard.heard_ == std::vector<std::string>{"1", "down", "up", "down", "up", "3"});
}

TEST_CASE("a shard that is slower than Redis ends up right") {
    Redis redis;
    Shard shard(redis.kept, redis.mutex);
    NewsInbox inbox(shard, {16, 1 << 20});
    for (int i = 0; i < 7; ++i) shard.read(room_of(i));
    bool over = false;
    std::thread loop([&] { shard.run(over); });
    std::size_t most = 0;
    for (int i = 0; i < 50000; ++i) {
        redis.change(inbox, room_of(i));
        most = std::max(most, shard.waiting());
    }
    shard.finish(over);
    loop.join();
    CHECK(most <= 16 + 7);
    CHECK(shard.known_ == redis.kept);
}
