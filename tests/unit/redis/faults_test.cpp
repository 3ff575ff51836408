// Redis killed, stopped, silent, replaced by its replica, full: what was acknowledged stays, once and in order.
#include "tests/unit/redis/relay.h"
#include "tests/unit/redis/store_harness.h"

#include <csignal>
#include <set>
#include <thread>

using namespace waaft;
using namespace waaft::redis;
using namespace waaft::redis::testing;

namespace {

// A server that posts as the program does: what is away it repeats under its number, what conflicts it decides anew.
class Poster {
public:
    Poster(Server& server, std::size_t count) : server_(server), count_(count), thread_([this] { work(); }) {}
    ~Poster() { join(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    std::size_t acked() const { return acked_; }
    bool gave_up() const { return gave_up_; }

private:
    void work() {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (acked_ < count_ && !gave_up_) {
            const std::string text = server_.id.substr(0, 1) + std::to_string(acked_);
            Change post = change_of(server_, number_, rules_);
            post.message = text;
            post.records = {chat(text, text)};
            const auto committed =
                wait_for<Committed>([&](auto done) { server_.store->commit(post, std::move(done)); });
            gave_up_ = std::chrono::steady_clock::now() > end;
            if (!committed) {
                std::this_thread::sleep_for(5ms);
                continue;
            }
            ++number_;
            if (committed->outcome == Outcome::done) {
                ++acked_;
                continue;
            }
            const auto snapshot = wait_for<std::optional<Snapshot>>(
                [&](auto done) { server_.store->read_room("blue-owl", std::move(done)); });
            if (snapshot && *snapshot) rules_ = (*snapshot)->rules;
        }
    }

    Server& server_;
    const std::size_t count_;
    std::uint64_t number_ = 1;
    store::Revision rules_ = 0;
    std::atomic<std::size_t> acked_{0};
    std::atomic<bool> gave_up_{false};
    std::thread thread_;
};

void wait_until(const std::function<bool()>& ready) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!ready()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(2ms);
    }
}

// Every text once, those of one server in its order.
void check_log(Server& server, std::size_t count_a, std::size_t count_b) {
    const Snapshot snapshot = read(server);
    REQUIRE(snapshot.tail.size() == count_a + count_b);
    std::map<char, std::size_t> next;
    for (const Record& record : snapshot.tail) {
        REQUIRE(record.text == record.text.substr(0, 1) + std::to_string(next[record.text[0]]));
        ++next[record.text[0]];
    }
    CHECK(next['a'] == count_a);
    CHECK(next['b'] == count_b);
}

Change renewal_of(const Server& server, std::uint64_t number, store::Revision rules = 0) {
    Change change = change_of(server, number, rules);
    change.row = make_row();
    change.row->epoch = "00112233445566bb";
    return change;
}

RedisOptions impatient(const std::string& url, char server = 'a') {
    RedisOptions options = options_of(url, server);
    options.deadline = 500ms;
    options.tail_max = 5000;
    return options;
}

}  // namespace

TEST_CASE("Redis killed and started again, while two servers write: nothing lost, doubled or reordered") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    Server a(options_of(redis.url()));
    Server b(options_of(redis.url(), 'b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    Poster of_a(a, 400);
    Poster of_b(b, 400);
    for (int round = 1; round <= 3; ++round) {
        wait_until([&] { return of_a.acked() + of_b.acked() > 200U * static_cast<unsigned>(round); });
        redis.kill_and_wait();
        redis.start();
        REQUIRE(a.heard.wait_ups(round + 1));
        REQUIRE(b.heard.wait_ups(round + 1));
    }
    of_a.join();
    of_b.join();
    REQUIRE_FALSE((of_a.gave_up() || of_b.gave_up()));
    check_log(b, 400, 400);
    CHECK(a.heard.downs_ == 3);
    CHECK(a.store->status().reconnects == 3);
    CHECK(a.store->queued() == 0);
}

TEST_CASE("the connection cut and silent in turn: nothing lost, doubled or reordered") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    Relay relay(redis.port());
    Server a(impatient(relay.url()));
    Server b(impatient(redis.url(), 'b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    Poster of_a(a, 400);
    Poster of_b(b, 400);
    for (int round = 1; round <= 4; ++round) {
        wait_until([&] { return of_a.acked() > 60U * static_cast<unsigned>(round); });
        if (round % 2 == 1) {
            relay.cut();
        } else {
            relay.be_silent(true);
            REQUIRE(a.heard.wait([&](const Listener& heard) { return heard.downs_ == round; }));
            relay.be_silent(false);
        }
        REQUIRE(a.heard.wait_ups(round + 1));
    }
    of_a.join();
    of_b.join();
    REQUIRE_FALSE((of_a.gave_up() || of_b.gave_up()));
    check_log(a, 400, 400);
    CHECK(b.heard.downs_ == 0);
}

TEST_CASE("a Redis that stands still counts as away, and what it did late counts once") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    Server a(impatient(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    redis.signal(SIGSTOP);
    Change post = change_of(a, 1);
    post.records = {chat("once", "n")};
    CHECK(try_commit(a, post).error() == StoreError::away);
    CHECK(try_commit(a, post).error() == StoreError::away);
    REQUIRE(a.heard.wait([](const Listener& heard) { return !heard.up_; }));
    CHECK_FALSE(a.store->status().up);
    CHECK(a.store->status().trouble == "Redis does not answer.");
    redis.signal(SIGCONT);
    REQUIRE(a.heard.wait_ups(2));
    // It may have done it when it went on; if not, the room must be read first.
    const Committed again = commit(a, post);
    REQUIRE(read(a).tail.size() <= 1);
    if (again.outcome == Outcome::conflict) {
        post.number = 2;
        REQUIRE(commit(a, post).outcome == Outcome::done);
    }
    CHECK(read(a).tail.size() == 1);
}

TEST_CASE("what was decided before a connection was lost must be decided anew after it") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    Relay relay(redis.port());
    Server a(options_of(relay.url()));
    REQUIRE(create(a).has_value());
    open(a);
    const Change first = change_of(a, 1);
    REQUIRE(commit(a, first).outcome == Outcome::done);
    relay.cut();
    REQUIRE(a.heard.wait_ups(2));
    CHECK(commit(a, first).revision == 1);
    CHECK(commit(a, change_of(a, 2)).outcome == Outcome::conflict);
    read(a);
    CHECK(commit(a, change_of(a, 2)).outcome == Outcome::done);
    REQUIRE(
        a.heard.wait([](const Listener& heard) { return !heard.told_.empty() && heard.told_.back().revision == 2; }));
}

// A primary and its replica, and a server that reaches whichever the relay leads to; it has made a room.
struct Pair {
    RedisServer primary;
    RedisServer replica{{"--replicaof", "127.0.0.1 " + std::to_string(primary.port())}};
    RawRedis of_replica{replica.port()};
    Relay relay{primary.port()};
    Server a{options_of(relay.url())};

    Pair() {
        REQUIRE(create(a).has_value());
        open(a);
    }
    // The replica hears nothing more, and the primary goes on.
    void stop_replication() { of_replica.ask({"REPLICAOF", "127.0.0.1", "1"}); }
};

TEST_CASE("a replica behind the same address takes over; what it never got is seen to be gone") {
    WAAFT_NEEDS_REDIS();
    Pair pair;
    auto& primary = pair.primary;
    auto& replica = pair.replica;
    auto& of_replica = pair.of_replica;
    auto& relay = pair.relay;
    auto& a = pair.a;
    Change post = change_of(a, 1);
    post.raises_rules = true;
    post.records = {chat("kept")};
    REQUIRE(commit(a, post).outcome == Outcome::done);
    RawRedis of_primary(primary.port());
    wait_until([&] {
        return of_replica.info("replication", "master_link_status") == "up" &&
               of_replica.number({"LLEN", "waaft:r:blue-owl:c"}) == 1;
    });
    pair.stop_replication();
    post = change_of(a, 2, 1);
    post.raises_rules = true;
    post.records = {chat("lost")};
    REQUIRE(commit(a, post).rules == 2);
    primary.kill_and_wait();
    relay.lead_to(replica.port());
    wait_until([&] { return a.store->status().trouble == "That Redis is a replica and takes no writes."; });
    CHECK(a.heard.ups_ == 1);
    of_replica.ask({"REPLICAOF", "NO", "ONE"});
    REQUIRE(a.heard.wait_ups(2));
    const Snapshot snapshot = read(a);
    CHECK(snapshot.revision == 1);
    CHECK(snapshot.row.last_seq == 1);
    CHECK(snapshot.end_may_be_lost);
    CHECK(commit(a, change_of(a, 3, 2)).outcome == Outcome::conflict);
    CHECK(commit(a, renewal_of(a, 4, 1)).revision == 2);
    CHECK_FALSE(read(a).end_may_be_lost);
}

TEST_CASE("what is asked again after a failover does not hit what others did under the same numbers") {
    WAAFT_NEEDS_REDIS();
    Pair pair;
    auto& primary = pair.primary;
    auto& replica = pair.replica;
    auto& of_replica = pair.of_replica;
    auto& relay = pair.relay;
    auto& a = pair.a;
    Change join = change_of(a, 1);
    join.raises_rules = true;
    join.members = {{"m1", 0, "first"}};
    REQUIRE(commit(a, join).revision == 1);
    wait_until([&] { return of_replica.text({"HGET", "waaft:r:blue-owl:m", "m1"}) == "1|first"; });
    pair.stop_replication();
    Change lost = change_of(a, 2, 1);
    lost.raises_rules = true;
    lost.members = {{"m1", 1, "lost"}};
    REQUIRE(commit(a, lost).revision == 2);
    primary.kill_and_wait();
    of_replica.ask({"REPLICAOF", "NO", "ONE"});

    // Another server counts up to the same revision, rules and version of the member.
    Server b(options_of(replica.url(), 'b'));
    open(b);
    Change renewal = renewal_of(b, 1, 1);
    renewal.raises_rules = true;
    renewal.members = {{"m1", 1, "other"}};
    REQUIRE(commit(b, renewal).revision == 2);
    relay.lead_to(replica.port());
    REQUIRE(a.heard.wait_ups(2));

    // It knows the new epoch even; the one is a repeat, the other new.
    for (const std::uint64_t number : {2, 3}) {
        Change again = change_of(a, number, number == 2 ? 1 : 2);
        again.epoch = renewal.row->epoch;
        again.members = {{"m1", 2, "again"}};
        CHECK(commit(a, again).outcome == Outcome::conflict);
    }
    CHECK(of_replica.text({"HGET", "waaft:r:blue-owl:m", "m1"}) == "2|other");
}

TEST_CASE("whether a room's end may be lost is seen by a server that never had it") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Relay relay(redis.port());
    auto options = options_of(relay.url());
    options.ack = GENERATE(RedisOptions::Ack::fsync, RedisOptions::Ack::memory);
    const bool fsync = options.ack == RedisOptions::Ack::fsync;
    auto first = std::make_unique<Server>(options);
    REQUIRE(create(*first).has_value());
    open(*first);
    REQUIRE(commit(*first, change_of(*first, 1)).outcome == Outcome::done);
    // What another server finds that comes to this Redis.
    const auto may_be_lost = [&] {
        options.server = std::string(16, 'b');
        Server other(options);
        return open(other).end_may_be_lost;
    };
    CHECK_FALSE(may_be_lost());

    SECTION("not after a new connection") {
        relay.cut();
        REQUIRE(first->heard.wait_ups(2));
        CHECK_FALSE(read(*first).end_may_be_lost);
        CHECK(commit(*first, change_of(*first, 2)).outcome == Outcome::done);
        CHECK_FALSE(may_be_lost());
    }
    SECTION("not when Redis has its first replica, although its replication id changes") {
        const std::string before = raw.info("replication", "master_replid");
        RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(redis.port())});
        wait_until([&] { return raw.info("replication", "master_replid") != before; });
        CHECK_FALSE(may_be_lost());
        CHECK(commit(*first, change_of(*first, 2)).outcome == Outcome::done);
    }
    SECTION("after a start of Redis only if it need not have kept everything") {
        redis.kill_and_wait();
        redis.start();
        REQUIRE(first->heard.wait_ups(2));
        CHECK(read(*first).end_may_be_lost == !fsync);
        CHECK(may_be_lost() == !fsync);
    }
    SECTION("after a replica took over, whatever it had; and only until there is a new epoch") {
        RedisServer replica({"--replicaof", "127.0.0.1 " + std::to_string(redis.port())});
        RawRedis of_replica(replica.port());
        wait_until([&] { return of_replica.info("replication", "master_link_status") == "up"; });
        first.reset();
        redis.kill_and_wait();
        of_replica.ask({"REPLICAOF", "NO", "ONE"});
        relay.lead_to(replica.port());
        CHECK(may_be_lost());
        Server second(options);
        open(second);
        CHECK(commit(second, change_of(second, 1)).outcome == Outcome::conflict);
        CHECK(commit(second, renewal_of(second, 2)).outcome == Outcome::done);
        CHECK_FALSE(read(second).end_may_be_lost);
        CHECK_FALSE(may_be_lost());
    }
}

TEST_CASE("a room of an earlier version, which knows no lineage, is taken as it is, and has one from then on") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    const std::string lineage = raw.text({"HGET", "waaft:r:blue-owl", "l"});
    CHECK(lineage == raw.info("replication", "master_replid").substr(0, 16));
    raw.ask({"HDEL", "waaft:r:blue-owl", "l"});
    CHECK_FALSE(open(a).end_may_be_lost);
    CHECK(commit(a, change_of(a, 1)).outcome == Outcome::done);
    CHECK(raw.text({"HGET", "waaft:r:blue-owl", "l"}) == lineage);
}

TEST_CASE("a primary that becomes a replica while it is connected is left at once") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    raw.ask({"REPLICAOF", "127.0.0.1", "1"});
    CHECK(try_commit(a, change_of(a, 1)).error() == StoreError::away);
    wait_until([&] { return a.store->status().trouble == "That Redis is a replica and takes no writes."; });
    raw.ask({"REPLICAOF", "NO", "ONE"});
    REQUIRE(a.heard.wait_ups(2));
    CHECK(read(a).end_may_be_lost);
    CHECK(commit(a, renewal_of(a, 2)).outcome == Outcome::done);
}

TEST_CASE("forgotten scripts are loaded again") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    raw.ask({"SCRIPT", "FLUSH"});
    CHECK(try_commit(a, change_of(a, 1)).error() == StoreError::away);
    REQUIRE(a.heard.wait_ups(2));
    read(a);
    CHECK(commit(a, change_of(a, 1)).outcome == Outcome::done);
}

TEST_CASE("a full Redis takes no posts, but people may leave and rooms may end") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    Change join = change_of(a, 1);
    join.members = {{"m1", 0, "v"}};
    join.records = {chat("before")};
    REQUIRE(commit(a, join).outcome == Outcome::done);
    raw.ask({"CONFIG", "SET", "maxmemory", "1"});
    Change post = change_of(a, 2);
    post.records = {chat("x")};
    CHECK(try_commit(a, post).error() == StoreError::full);
    CHECK(create(a, make_row("other-room")).error() == StoreError::full);
    CHECK(read(a).tail.size() == 1);
    CHECK(read(a).revision == 1);
    Change leave = change_of(a, 3);
    leave.members = {{"m1", 1, std::nullopt}};
    CHECK(commit(a, leave).outcome == Outcome::done);
    CHECK(read(a).members.empty());
    raw.ask({"CONFIG", "SET", "maxmemory", "0"});
    post.number = 4;
    CHECK(commit(a, post).records[0].seq == 2);
    raw.ask({"CONFIG", "SET", "maxmemory", "1"});
    Change end = change_of(a, 5);
    end.ends = true;
    CHECK(commit(a, end).outcome == Outcome::done);
    CHECK(a.heard.downs_ == 0);
    CHECK(raw.number({"EXISTS", "waaft:r:blue-owl", "waaft:r:blue-owl:c"}) == 0);
    // What it is, it writes down all the same.
    raw.ask({"DEL", "waaft:lineage"});
    raw.ask({"SCRIPT", "FLUSH"});
    CHECK(try_commit(a, end).error() == StoreError::away);
    REQUIRE(a.heard.wait_ups(2));
    CHECK(raw.number({"EXISTS", "waaft:lineage"}) == 1);
}

TEST_CASE("calls above the bound are busy at once, calls after close() are closed, calls before it are answered") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RedisOptions options = options_of(redis.url());
    options.queue_max.count = 3;
    Server a(options);
    REQUIRE(create(a).has_value());
    redis.signal(SIGSTOP);
    std::vector<std::future<Result<store::Page, StoreError>>> answers;
    const auto call = [&] {
        auto promise = std::make_shared<std::promise<Result<store::Page, StoreError>>>();
        answers.push_back(promise->get_future());
        a.store->history("blue-owl", 1, 1, [promise](auto result) { promise->set_value(std::move(result)); });
    };
    for (int i = 0; i < 3; ++i) call();
    CHECK(a.store->queued() == 3);
    call();
    CHECK(answers.back().get().error() == StoreError::busy);
    answers.pop_back();
    redis.signal(SIGCONT);
    for (auto& answer : answers) CHECK(answer.get().has_value());
    answers.clear();
    call();
    a.store->close();
    CHECK(answers.back().get().has_value());
    call();
    CHECK(answers.back().get().error() == StoreError::closed);
    a.store->close();
}

TEST_CASE("what is told or kept counts until Redis has answered, by number and by bytes") {
    WAAFT_NEEDS_REDIS();
    constexpr std::size_t told_bytes = 4000;
    RedisServer redis;
    RedisOptions options = options_of(redis.url());
    options.queue_max = {.count = 12, .bytes = 10 * told_bytes};
    Server a(options);
    REQUIRE(create(a).has_value());
    open(a);
    redis.signal(SIGSTOP);
    for (int i = 0; i < 20; ++i) a.store->tell("blue-owl", std::string(told_bytes, 'x'));
    CHECK(a.store->queued() == 8);  // 4,512 bytes each
    for (int i = 0; i < 20; ++i) a.store->keep_room("blue-owl", std::chrono::hours(1), 0);
    CHECK(a.store->queued() == 12);
    CHECK(try_commit(a, change_of(a, 1)).error() == StoreError::busy);
    redis.signal(SIGCONT);
    a.store->close();  // answers all
    CHECK(a.store->queued() == 0);
}

TEST_CASE("a store closes while Redis is away, or stands still") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    {
        Server a(options_of(redis.url()));
        redis.kill_and_wait();
        REQUIRE(a.heard.wait([](const Listener& heard) { return !heard.up_; }));
        CHECK(create(a).error() == StoreError::away);
    }
    redis.start();
    Server b(options_of(redis.url(), 'b'));
    redis.signal(SIGSTOP);
    auto promise = std::make_shared<std::promise<Result<void, StoreError>>>();
    b.store->create_room(make_row("other"), 1h, [promise](auto result) { promise->set_value(result); });
    b.store->close();
    CHECK(promise->get_future().get().error() == StoreError::closed);
    redis.signal(SIGCONT);
}
