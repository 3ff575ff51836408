#include "server/app/load.h"

#include "server/app/join_queue.h"
#include "tests/support/catch.h"

#include <memory>
#include <utility>
#include <vector>

using namespace waaft;
using namespace waaft::app;
using namespace std::chrono_literals;

namespace {

const TimePoint load_start{1000s};

// A loop whose timer is late by each of these, one after another.
struct LateLoop {
    LoopLag lag{load_start};
    TimePoint now = load_start;

    void late(Duration by, int times = 1) {
        for (int i = 0; i < times; ++i) {
            now = lag.due() + by;
            CHECK(lag.fired(now) == by);
        }
    }
};

std::unique_ptr<JoinMail> mail_of(room::ConnectionId connection, bool returns) {
    auto mail = std::make_unique<JoinMail>();
    mail->connection = connection;
    if (returns) mail->returning.emplace();
    return mail;
}

}  // namespace

TEST_CASE("the lag of a loop is smoothed, and seen before its timer fires") {
    LateLoop loop;
    CHECK(loop.lag.at(loop.now) == 0ms);
    CHECK(loop.lag.at(loop.lag.due()) == 0ms);

    loop.late(400ms);
    CHECK(loop.lag.at(loop.now) == 100ms);
    loop.late(400ms, 20);
    CHECK(loop.lag.at(loop.now) > 395ms);
    CHECK(loop.lag.at(loop.now) <= 400ms);
    loop.late(0ms, 4);
    CHECK(loop.lag.at(loop.now) < 130ms);
    loop.late(0ms, 30);
    CHECK(loop.lag.at(loop.now) < 1ms);

    // The timer is late, but has not fired yet.
    CHECK(loop.lag.at(loop.lag.due() + 800ms) >= 200ms);
    CHECK(loop.lag.at(loop.lag.due() + 800ms) < 201ms);
}

TEST_CASE("a process that stood still is late for a moment only, and takes back who was there") {
    LateLoop loop;
    const TimePoint again = loop.lag.due() + 20s;
    CHECK(loop.lag.at(again) > budget_of(Work::join));
    CHECK(loop.lag.at(again) <= budget_of(Work::resume));
    loop.late(20s);
    CHECK(loop.lag.at(loop.now) == 750ms);
    loop.late(0ms, 2);
    CHECK(loop.lag.at(loop.now) <= budget_of(Work::join));
}

TEST_CASE("new rooms are refused first, then joins, and resumes last") {
    struct Row {
        Duration late;
        bool new_room, join, resume;
    };
    for (const Row& row : {Row{0ms, true, true, true}, Row{90ms, true, true, true}, Row{110ms, false, true, true},
                           Row{490ms, false, true, true}, Row{510ms, false, false, true},
                           Row{950ms, false, false, true}, Row{1100ms, false, false, false}}) {
        CAPTURE(row.late / 1ms);
        ShardLoad load(load_start);
        TimePoint now;
        for (int i = 0; i < 40; ++i) {
            now = load.due() + row.late;
            load.fired(now);
        }
        CHECK(load.takes(Work::new_room, now) == row.new_room);
        CHECK(load.takes(Work::join, now) == row.join);
        CHECK(load.takes(Work::resume, now) == row.resume);
    }
}

TEST_CASE("those who are refused come again spread over the time that taking them needs") {
    struct Row {
        int refused;
        Work work;
        Millis least, most;  // of the last one
    };
    for (const Row& row :
         {Row{1, Work::join, 500ms, 1500ms}, Row{100, Work::join, 500ms, 1500ms}, Row{1000, Work::join, 500ms, 5500ms},
          Row{50'000, Work::join, 500ms, 10'500ms}, Row{50'000, Work::resume, 500ms, 3000ms}}) {
        CAPTURE(row.refused);
        Comeback earliest;
        Comeback latest;
        Millis first{0};
        Millis last{0};
        for (int i = 0; i < row.refused; ++i) {
            first = earliest.next(load_start, row.work, 0);
            last = latest.next(load_start, row.work, 1);
        }
        CHECK(first == row.least);
        CHECK(last == row.most);
        // When their time has come nobody waits any more.
        CHECK(latest.next(load_start + 300s, row.work, 1) == 1500ms);
    }
}

TEST_CASE("pings are up to four times as far apart while the loop is late") {
    struct Row {
        Duration lag;
        unsigned stretch;
    };
    for (const Row& row : {Row{0ms, 1}, Row{99ms, 1}, Row{100ms, 2}, Row{250ms, 3}, Row{300ms, 4}, Row{1h, 4}}) {
        CAPTURE(row.lag / 1ms);
        CHECK(ping_stretch(row.lag) == row.stretch);
    }
}

TEST_CASE("who is not connected yet has few steps in a turn, and none while enough joins wait") {
    struct Row {
        Duration lag;
        std::size_t joins_waiting;
        unsigned steps;
    };
    for (const Row& row : {Row{0ms, 0, 64}, Row{500ms, 63, 64}, Row{501ms, 0, 1}, Row{0ms, 64, 0}, Row{5s, 64, 0}}) {
        CAPTURE(row.lag / 1ms, row.joins_waiting);
        CHECK(newcomers_per_turn(row.lag, row.joins_waiting) == row.steps);
    }
}

TEST_CASE("who comes back goes before who is new, each in the order in which they came") {
    JoinQueue queue;
    for (const auto& [connection, returns] : {std::pair{1, false}, {2, true}, {3, false}, {4, true}}) {
        CHECK(queue.push(mail_of(static_cast<room::ConnectionId>(connection), returns)) == nullptr);
    }
    std::vector<room::ConnectionId> order;
    while (const auto mail = queue.pop()) order.push_back(mail->connection);
    CHECK(order == std::vector<room::ConnectionId>{2, 4, 1, 3});
    CHECK(queue.size() == 0);
}

TEST_CASE("a queue of joins that is full takes nobody new, but who comes back") {
    JoinQueue queue;
    for (std::size_t i = 0; i < JoinQueue::newcomers_max; ++i) CHECK(queue.push(mail_of(i, false)) == nullptr);
    const auto without_place = queue.push(mail_of(7000, false));
    REQUIRE(without_place);
    CHECK(without_place->connection == 7000);
    CHECK(queue.push(mail_of(7001, true)) == nullptr);
    CHECK(queue.pop()->connection == 7001);
}
