// What was acknowledged is there after the power failed, once, and nothing else but what was sent.
#include "server/store/sqlite_database.h"
#include "tests/unit/store/crash_vfs.h"
#include "tests/unit/store/store_harness.h"

#include <atomic>
#include <set>

using namespace waaft;
using namespace waaft::store;
using namespace waaft::store::testing;

namespace {

// What the log must hold, and what it may hold.
struct Expected {
    std::map<Seq, std::string> kept;  // acknowledged, or seen after an earlier crash
    std::map<Seq, std::string> sent;  // in flight when the power failed
};

// Reads the whole log and holds it against what is expected; the next free seq.
Seq verify_log(Store& store, const RoomRow& room, Expected& expected) {
    const auto loaded = load(store, room.name, ~std::uint32_t{0});
    REQUIRE(loaded.has_value());
    std::map<Seq, std::string> found;
    std::set<std::string> nonces;
    for (const Record& record : loaded->tail) {
        if (!found.emplace(record.seq, record.text).second) FAIL("seq " << record.seq << " is there twice");
        const auto kept = expected.kept.find(record.seq);
        const auto sent = expected.sent.find(record.seq);
        const bool known = (kept != expected.kept.end() && kept->second == record.text) ||
                           (sent != expected.sent.end() && sent->second == record.text);
        if (!known) FAIL("seq " << record.seq << " has a text that nobody sent: " << record.text);
    }
    for (const Nonce& nonce : loaded->nonces) {
        if (!nonces.insert(nonce.nonce).second) FAIL("nonce " << nonce.nonce << " is there twice");
    }
    for (const auto& [seq, text] : expected.kept) {
        if (!found.contains(seq)) FAIL("seq " << seq << " was acknowledged and is lost");
    }
    REQUIRE(nonces.size() == found.size());
    if (!found.empty()) REQUIRE(loaded->row.last_seq == found.rbegin()->first);
    expected.kept = std::move(found);
    expected.sent.clear();
    return loaded->row.last_seq + 1;
}

// Posts until the power fails; what was acknowledged is added to `kept`.
void post_until_off(Store& store, const CrashVfs& disk, const RoomRow& room, Seq next, std::mt19937_64& random,
                    Expected& expected) {
    std::atomic<std::size_t> answers{0};
    std::mutex mutex;
    std::size_t posts = 0;
    while (!disk.is_off()) {
        const std::size_t burst = 1 + random() % 8;
        for (std::size_t i = 0; i < burst; ++i, ++next, ++posts) {
            const std::string text = "post " + std::to_string(next) + " of " + std::to_string(random()) +
                                     std::string(random() % (next % 8 == 0 ? 3000 : 300), 'x');
            expected.sent[next] = text;
            store.append(to(room, make_chat(next, text), std::to_string(random())),
                         [&, seq = next, text](Result<void, StoreError> result) {
                             const std::lock_guard lock(mutex);
                             if (result.has_value()) expected.kept[seq] = text;
                             ++answers;
                             answers.notify_one();
                         });
        }
        // Often several bursts wait together, often each has a commit of its own.
        if (random() % 2 == 0) continue;
        for (std::size_t seen = answers; seen < posts; seen = answers) answers.wait(seen);
    }
    store.close();
}

void check_integrity(const CrashVfs& disk, const std::string& file) {
    Database database = Database::open(file, disk.name());
    REQUIRE(database.opened());
    CHECK(*database.text("PRAGMA integrity_check") == "ok");
}

}  // namespace

TEST_CASE("what was acknowledged survives a power failure at any point") {
    const TemporaryDirectory directory;
    CrashVfs disk("crash", 20);
    std::mt19937_64 random(7);
    const RoomRow room = make_room();
    {
        auto opened = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
        REQUIRE(opened.has_value());
        REQUIRE(create_room(*opened->store, room).has_value());
    }
    Expected expected;
    std::size_t acknowledged = 0;
    for (int round = 0; round < 300; ++round) {
        INFO("round " << round);
        if (round % 10 == 0) check_integrity(disk, directory.file());
        auto opened = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
        REQUIRE(opened.has_value());
        const Seq next = verify_log(*opened->store, room, expected);
        const std::size_t before = expected.kept.size();
        disk.power_off_after(random() % 150);
        post_until_off(*opened->store, disk, room, next, random, expected);
        acknowledged += expected.kept.size() - before;
        disk.restart();
    }
    auto opened = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
    REQUIRE(opened.has_value());
    verify_log(*opened->store, room, expected);
    CHECK(acknowledged > 2000);  // else the test would not say much
}

TEST_CASE("posts that were queued together share their sync") {
    const TemporaryDirectory directory;
    CrashVfs disk("count", 1);
    auto opened = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    const RoomRow room = make_room();
    REQUIRE(create_room(store, room).has_value());

    // The store's thread is held while the posts are queued.
    std::promise<void> go_on;
    store.history(room.name, 1, 1, [&](auto) { go_on.get_future().wait(); });
    const std::uint64_t before = disk.syncs();
    std::vector<Seq> order;
    for (Seq seq = 1; seq <= 100; ++seq) {
        store.append(to(room, make_chat(seq, "t")), [&, seq](auto result) {
            if (result.has_value()) order.push_back(seq);
        });
    }
    go_on.set_value();
    REQUIRE(append(store, to(room, make_chat(101, "t"))).has_value());
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(disk.syncs() - before <= 2);
}

TEST_CASE("a full disk refuses writes, goes on reading, and writes again when there is space") {
    const TemporaryDirectory directory;
    CrashVfs disk("full", 1);
    auto opened = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    const RoomRow room = make_room();
    REQUIRE(create_room(store, room).has_value());
    disk.set_capacity(disk.used() + 300'000);

    Seq next = 1;
    const std::string text(4000, 'x');
    while (append(store, to(room, make_chat(next, text))).has_value()) ++next;
    CHECK(next > 3);
    for (int i = 0; i < 5; ++i) CHECK(append(store, to(room, make_chat(next, text))).error() == StoreError::full);
    RoomRow large = make_room("red-owl");
    large.password_hash = std::string(20'000, 'x');
    CHECK(create_room(store, large).error() == StoreError::full);
    CHECK(since(store, room.name, 0, 10000).items.size() == next - 1);
    CHECK(load(store, room.name)->row.last_seq == next - 1);

    disk.set_capacity(std::nullopt);
    REQUIRE(append(store, to(room, make_chat(next, "again"))).has_value());
    store.close();
    check_integrity(disk, directory.file());
    auto again = open_sqlite_store({.path = directory.file(), .vfs = disk.name()});
    REQUIRE(again.has_value());
    const Page page = since(*again->store, room.name, 0, 10000);
    REQUIRE(page.items.size() == next);
    CHECK(page.items.back().text == "again");
    CHECK_FALSE(load(*again->store, "red-owl"));
}
