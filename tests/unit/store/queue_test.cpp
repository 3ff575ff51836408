// The queue: bounded, in order, finished by close().
#include "server/store/queued_store.h"
#include "tests/unit/store/store_harness.h"

#include <atomic>
#include <thread>

using namespace waaft;
using namespace waaft::store;
using namespace waaft::store::testing;

namespace {

// Holds the store's thread in an answer until it is let go.
class Hold {
public:
    explicit Hold(Store& store) {
        store.history("nowhere", 1, 1, [this](auto) {
            held_.set_value();
            go_on_.get_future().wait();
        });
        held_.get_future().wait();
    }
    void let_go() { go_on_.set_value(); }

private:
    std::promise<void> held_;
    std::promise<void> go_on_;
};

}  // namespace

TEST_CASE("a full queue says busy at once, on the caller's thread") {
    const TemporaryDirectory directory;
    auto opened = open_sqlite_store({.path = directory.file(), .queue_max = {.count = 3}});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    REQUIRE(create_room(store, make_room()).has_value());
    Hold hold(store);
    std::promise<void> answered;
    for (Seq seq = 1; seq <= 3; ++seq) {
        store.append(to(make_room(), make_chat(seq, "t")), [&, seq](Result<void, StoreError> result) {
            if (seq == 3 && result.has_value()) answered.set_value();
        });
    }
    CHECK(store.queued() == 3);
    std::optional<StoreError> refused;
    store.append(to(make_room(), make_chat(4, "t")),
                 [&](Result<void, StoreError> result) { refused = result.error(); });
    CHECK(refused == StoreError::busy);
    hold.let_go();
    answered.get_future().wait();
    CHECK(append(store, to(make_room(), make_chat(4, "t"))).has_value());
}

TEST_CASE("a queue is full when long texts wait, too") {
    constexpr std::size_t text_bytes = 4000;
    QueuedStore store(make_memory_engine(), {.count = 1000, .bytes = 10 * text_bytes});
    REQUIRE(create_room(store, make_room()).has_value());
    Hold hold(store);
    const auto refused_of = [&](Seq first, Seq count, std::size_t bytes) {
        const auto refused = std::make_shared<std::atomic<int>>(0);
        for (Seq seq = first; seq < first + count; ++seq) {
            store.append(to(make_room(), make_chat(seq, std::string(bytes, 'x'))),
                         [refused](Result<void, StoreError> result) {
                             *refused += !result && result.error() == StoreError::busy ? 1 : 0;
                         });
        }
        return refused->load();
    };
    CHECK(refused_of(1, 8, text_bytes) == 0);
    CHECK(refused_of(9, 8, text_bytes) == 8);
    CHECK(store.queued() == 8);
    CHECK(refused_of(9, 2, 1) == 0);
    hold.let_go();
    CHECK(since(store, make_room().name, 0, 100).items.size() == 10);
    // There is as much place as before.
    Hold again(store);
    CHECK(refused_of(11, 8, text_bytes) == 0);
    again.let_go();
}

TEST_CASE("answers come in the order of the calls, and one that fails harms no other") {
    const auto check = [](Store& store) {
        REQUIRE(create_room(store, make_room()).has_value());
        Hold hold(store);
        std::vector<std::string> answers;
        const auto note = [&](std::string what) {
            return [&answers, what](auto result) { answers.push_back(what + (result.has_value() ? "" : " no")); };
        };
        store.append(to(make_room(), make_chat(1, "one")), note("1"));
        store.append(to(make_room(), make_chat(1, "one again")), note("1 again"));
        store.create_room(make_room(), note("room"));
        store.since(make_room().name, 0, 10, [&](Result<Page, StoreError> page) {
            answers.push_back("read " + std::to_string(page->items.size()));
        });
        store.append(to(make_room(), make_chat(2, "two")), note("2"));
        store.append({"nowhere", "", make_chat(1, "t"), ""}, note("nowhere"));
        store.mark_member(make_room().name, {"bob", MemberMark::Kind::role, Role::host}, "", note("mark"));
        hold.let_go();
        CHECK(since(store, make_room().name, 0, 10).items.size() == 2);
        CHECK(answers == std::vector<std::string>{"1", "1 again no", "room no", "read 1", "2", "nowhere no", "mark"});
    };
    SECTION("in memory") { check(*open_memory_store()); }
    SECTION("in SQLite") {
        const TemporaryDirectory directory;
        auto opened = open_sqlite_store({.path = directory.file()});
        REQUIRE(opened.has_value());
        check(*opened->store);
    }
}

TEST_CASE("close finishes what is queued and refuses what comes later") {
    const auto store = open_memory_store();
    REQUIRE(create_room(*store, make_room()).has_value());
    std::size_t written = 0;
    {
        Hold hold(*store);
        for (Seq seq = 1; seq <= 10'000; ++seq) {
            store->append(to(make_room(), make_chat(seq, "t")),
                          [&](auto result) { written += result.has_value() ? 1 : 0; });
        }
        hold.let_go();
        store->close();
    }
    CHECK(written == 10'000);
    store->close();
    CHECK(append(*store, to(make_room(), make_chat(10'001, "t"))).error() == StoreError::closed);
    CHECK(store->queued() == 0);
}

TEST_CASE("a long sweep lets others between") {
    const TemporaryDirectory directory;
    auto opened = open_sqlite_store({.path = directory.file()});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    REQUIRE(create_room(store, make_room()).has_value());
    for (Seq seq = 1; seq <= 5000; ++seq) store.append(to(make_room(), make_chat(seq, "t")), {});
    REQUIRE(load(store, make_room().name)->tail.size() == 1000);
    Hold hold(store);
    std::vector<std::string> answers;
    std::promise<std::uint64_t> swept;
    store.sweep({0, 1, 0}, 1, [&](Result<std::uint64_t, StoreError> removed) {
        answers.emplace_back("sweep");
        swept.set_value(removed.has_value() ? *removed : 0);
    });
    store.append(to(make_room(), make_chat(5001, "t")), [&](auto) { answers.emplace_back("post"); });
    hold.let_go();
    CHECK(swept.get_future().get() == 5000);
    CHECK(answers == std::vector<std::string>{"post", "sweep"});
}

TEST_CASE("a sweep that close() meets is answered") {
    const TemporaryDirectory directory;
    auto opened = open_sqlite_store({.path = directory.file()});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    REQUIRE(create_room(store, make_room()).has_value());
    for (Seq seq = 1; seq <= 2000; ++seq) store.append(to(make_room(), make_chat(seq, "t")), {});
    std::optional<StoreError> error;
    {
        Hold hold(store);
        store.sweep({0, 1, 0}, 1, [&](Result<std::uint64_t, StoreError> removed) {
            if (removed.has_error()) error = removed.error();
        });
        std::thread closer([&] { store.close(); });
        // close() was called once a new call is refused.
        bool closing = false;
        while (!closing) {
            store.revoked_links([&](auto result) {
                closing = closing || (result.has_error() && result.error() == StoreError::closed);
            });
        }
        hold.let_go();
        closer.join();
    }
    CHECK(error == StoreError::closed);
}

TEST_CASE(
    "while the right engine cannot be had what is written is refused and the other one is read, then all goes on") {
    std::atomic<bool> possible{false};
    const auto make = [&]() -> std::unique_ptr<Engine> { return possible ? make_memory_engine() : nullptr; };
    const auto load_result = [](Store& store) {
        return wait_for<std::optional<LoadedRoom>>(
            [&](auto done) { store.load_room("blue-owl", 1, 0, std::move(done)); });
    };
    for (const bool readable : {true, false}) {
        CAPTURE(readable);
        possible = false;
        QueuedStore store(readable ? make_memory_engine() : nullptr, {.count = 100},
                          {make, std::chrono::milliseconds(1)});
        CHECK(create_room(store, make_room()).error() == StoreError::full);
        CHECK(sweep(store, {}, 0).error() == StoreError::full);
        CHECK(load_result(store).has_value() == readable);
        possible = true;
        while (create_room(store, make_room()).has_error()) std::this_thread::yield();
        CHECK(load(store, "blue-owl").has_value());
    }
}
