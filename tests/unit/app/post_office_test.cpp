#include "server/app/post_office.h"
#include "tests/support/catch.h"

#include <atomic>
#include <thread>

using namespace waaft::app;

namespace {

CloseMail close_of(ConnectionId connection) { return {connection, waaft::signaling::CloseCode::left}; }

struct Collected {
    std::vector<ConnectionId> connections;
    std::vector<ShardIndex> overruns;
};

Collected collect(PostOffice& office, ShardIndex to) {
    Collected got;
    office.collect(
        to, [&](ShardIndex, Mail mail) { got.connections.push_back(std::get<CloseMail>(mail).connection); },
        [&](ShardIndex from) { got.overruns.push_back(from); });
    return got;
}

}  // namespace

TEST_CASE("mail arrives in order, for the right shard, and wakes it once") {
    PostOffice office(2);
    int woken = 0;
    office.set_wake(1, [&] { ++woken; });
    CHECK(office.post(0, 1, close_of(1)));
    CHECK(office.post(0, 1, close_of(2)));
    CHECK(woken == 1);
    CHECK(collect(office, 0).connections.empty());
    CHECK(collect(office, 1).connections == std::vector<ConnectionId>{1, 2});
    CHECK(office.post(0, 1, close_of(3)));
    CHECK(woken == 2);
}

TEST_CASE("a full ring refuses; an overrun is told after the mail that got through, once") {
    PostOffice office(2);
    std::size_t posted = 0;
    while (office.post(0, 1, close_of(posted + 1))) ++posted;
    CHECK(posted >= 1024);
    CHECK(office.post(1, 1, close_of(7)));  // other senders have rings of their own
    office.mark_overrun(0, 1);
    CHECK(office.overrun(0, 1));
    const Collected got = collect(office, 1);
    CHECK(got.connections.size() == posted + 1);
    CHECK(got.overruns == std::vector<ShardIndex>{0});
    CHECK_FALSE(office.overrun(0, 1));
    CHECK(collect(office, 1).overruns.empty());
}

TEST_CASE("a ring is full when large mails wait, too, but takes one of any size") {
    const auto frame_of_bytes = [](std::size_t bytes) { return std::make_shared<const std::string>(bytes, 'x'); };
    constexpr std::size_t mib = 1 << 20;
    PostOffice office(8);
    const auto frame = frame_of_bytes(mib);
    CHECK(office.post(0, 1, BroadcastMail{1, 0, frame_of_bytes(64 * mib)}));
    CHECK_FALSE(office.post(0, 1, FrameMail{1, frame}));
    CHECK(office.post(0, 1, close_of(1)));  // holds nothing
    CHECK(office.post(2, 1, FrameMail{1, frame}));
    CHECK(office.waiting(1) == 3);
    std::size_t mails = 0;
    const auto count = [&](ShardIndex, const Mail&) { ++mails; };
    office.collect(1, count, [](ShardIndex) {});
    CHECK(mails == 3);
    std::size_t posted = 0;
    while (posted < 64 && office.post(0, 1, FrameMail{1, frame})) ++posted;
    CHECK(posted == 4);
}

TEST_CASE("every room has one home, and all shards are used") {
    const PostOffice office(4);
    std::vector<int> rooms(4);
    for (int i = 0; i < 400; ++i) {
        const std::string name = "room-" + std::to_string(i);
        CHECK(office.home_of(name) == office.home_of(std::string(name)));
        ++rooms[office.home_of(name)];
    }
    for (const int count : rooms) CHECK(count > 40);
}

TEST_CASE("no wake-up is lost between two threads") {
    constexpr ConnectionId count = 100'000;
    PostOffice office(2);
    std::atomic<int> wakes{0};
    office.set_wake(1, [&] {
        wakes.fetch_add(1);
        wakes.notify_one();
    });
    std::thread producer([&] {
        for (ConnectionId i = 1; i <= count;) {
            if (office.post(0, 1, close_of(i)))
                ++i;
            else
                std::this_thread::yield();
        }
    });
    ConnectionId expected = 1;
    int seen_wakes = 0;
    while (expected <= count) {
        wakes.wait(seen_wakes);
        seen_wakes = wakes.load();
        office.collect(
            1, [&](ShardIndex, Mail mail) { expected += std::get<CloseMail>(mail).connection == expected; },
            [](ShardIndex) {});
    }
    producer.join();
    CHECK(expected == count + 1);
}
