// A replica whose store has lost its newest records: nobody is told other ones under their numbers.
#include "server/room/replica.h"
#include "tests/support/catch.h"

#include <algorithm>

using namespace waaft;
using namespace waaft::room;

namespace {

const std::string old_epoch = "00000000000000aa";
const std::string new_epoch = "00000000000000bb";
const std::string us = "server0000000001";
const std::string others = "server0000000002";

signaling::Record record(signaling::Seq seq) {
    signaling::Record record;
    record.seq = seq;
    record.at = static_cast<UnixMs>(seq) * 1000;
    record.from = "zoe0000000000000";
    record.name = "zoe";
    record.text = "record " + std::to_string(seq);
    return record;
}

Snapshot snapshot(Revision revision, signaling::Seq last) {
    Snapshot snapshot;
    snapshot.revision = revision;
    snapshot.rules = 1;
    snapshot.settings.name = "tea";
    snapshot.settings.epoch = old_epoch;
    snapshot.last_seq = last;
    for (signaling::Seq seq = 1; seq <= last; ++seq) snapshot.tail.push_back(record(seq));
    return snapshot;
}

struct Course {
    explicit Course(Snapshot with)
        : replica(us, Options{}, std::move(with),
                  Replica::Randoms{[] { return std::string("key"); }, [] { return new_epoch; }}, now) {}

    // Ann, by her connection; what the store is asked for is in `change`.
    void join(ConnectionId connection, std::optional<signaling::Position> seen = {}) {
        Admission admission;
        admission.connection = connection;
        admission.name = "ann";
        admission.new_member_id = "ann0000000000000";
        admission.seen = std::move(seen);
        replica.join(admission, now);
        drain();
    }
    void answer(Revision revision, std::vector<Written> records = {}) {
        Answer answer;
        answer.records = std::move(records);
        answer.revision = revision;
        answer.rules = 1;
        replica.on_answer(std::move(answer), now);
        drain();
    }
    void drain() {
        while (auto request = replica.poll_request()) {
            if (auto* commit = std::get_if<Commit>(&*request)) change = std::move(commit->change);
        }
        while (auto output = replica.poll_output()) outputs.push_back(*std::move(output));
    }
    bool closed(ConnectionId connection) const {
        return std::any_of(outputs.begin(), outputs.end(), [&](const Output& output) {
            const auto* close = std::get_if<Close>(&output);
            return close != nullptr && close->connection == connection && close->code == signaling::CloseCode::busy;
        });
    }
    bool welcomed() const { return std::any_of(outputs.begin(), outputs.end(), is_welcome); }
    signaling::Welcome welcome() const {
        const auto found = std::find_if(outputs.begin(), outputs.end(), is_welcome);
        REQUIRE(found != outputs.end());
        return std::get<signaling::Welcome>(std::get<Send>(*found).message);
    }
    static bool is_welcome(const Output& output) {
        const auto* send = std::get_if<Send>(&output);
        return send != nullptr && std::holds_alternative<signaling::Welcome>(send->message);
    }

    Now now{TimePoint(std::chrono::hours(1)), 1'000'000'000};
    // Somebody is in, and what was asked and told for it is forgotten.
    SharedMember enter(ConnectionId connection, Revision revision) {
        join(connection);
        answer(revision);
        REQUIRE(welcomed());
        SharedMember member = *change->members.at(0).now;
        outputs.clear();
        change.reset();
        return member;
    }
    void read_again(Snapshot snapshot) {
        replica.on_connection(false, now);
        replica.on_connection(true, now);
        replica.on_read(std::move(snapshot), now);
        drain();
    }
    bool renews_epoch() const { return change && change->settings && change->settings->epoch == new_epoch; }

    Replica replica;
    std::optional<Change> change;
    std::vector<Output> outputs;
};

}  // namespace

TEST_CASE("when the store is back with fewer records, those who saw more are let go before anything else is told") {
    Course course(snapshot(5, 3));
    const SharedMember ann = course.enter(7, 6);
    Snapshot shorter = snapshot(4, 2);
    shorter.members.emplace_back(ann, 4);
    course.read_again(std::move(shorter));
    CHECK(course.closed(7));
    CHECK(course.renews_epoch());
}

TEST_CASE("when a replica of the store took over, people are let go although nobody here misses anything") {
    Course course(snapshot(5, 3));
    const SharedMember ann = course.enter(7, 6);
    Snapshot same = snapshot(6, 3);
    same.members.emplace_back(ann, 6);
    same.end_may_be_lost = true;
    course.read_again(std::move(same));
    CHECK(course.closed(7));
    CHECK(course.renews_epoch());
}

TEST_CASE("a room that is opened and may have lost its end gets a new epoch before anybody is let in") {
    Snapshot opened = snapshot(5, 3);
    opened.end_may_be_lost = true;
    Course course(std::move(opened));
    course.join(7, signaling::Position{old_epoch, 3});
    REQUIRE(course.change);
    CHECK(course.change->members.empty());
    REQUIRE(course.change->settings);
    CHECK(course.change->settings->epoch == new_epoch);
    course.answer(6);
    course.answer(7);
    CHECK_FALSE(course.closed(7));
    const signaling::Welcome welcome = course.welcome();
    CHECK(welcome.epoch == new_epoch);
    CHECK(welcome.gap == signaling::Gap{1, 3});
}

TEST_CASE("what was lost is written again when its author sends it again, and not said to be there") {
    Course course(snapshot(5, 3));
    course.join(7);
    course.answer(6);
    const SharedMember ann = *course.change->members.at(0).now;
    course.replica.handle(7, signaling::Chat{"n-1", "hi"}, course.now);
    course.drain();
    course.answer(7, {{4, false}});

    course.replica.on_connection(false, course.now);
    course.replica.on_connection(true, course.now);
    Snapshot shorter = snapshot(6, 3);
    shorter.members.emplace_back(ann, 6);
    shorter.end_may_be_lost = true;
    course.replica.on_read(std::move(shorter), course.now);
    course.drain();
    course.answer(7);
    course.change.reset();
    course.replica.handle(7, signaling::Chat{"n-1", "hi"}, course.now);
    course.drain();
    REQUIRE(course.change);
    REQUIRE(course.change->records.size() == 1);
    CHECK(course.change->records[0].nonce == "n-1");
}

TEST_CASE("who comes from another server and has seen more than there is begins a new epoch") {
    Course course(snapshot(5, 3));
    SECTION("it has seen what is there") {
        course.join(7, signaling::Position{old_epoch, 3});
        course.answer(6);
        CHECK(course.welcomed());
        CHECK_FALSE(course.closed(7));
    }
    SECTION("it has seen more") {
        course.join(7, signaling::Position{old_epoch, 4});
        course.change.reset();
        course.answer(6);
        CHECK_FALSE(course.welcomed());
        CHECK(course.closed(7));
        REQUIRE(course.change);
        REQUIRE(course.change->settings);
        CHECK(course.change->settings->epoch == new_epoch);
    }
    SECTION("what it saw was told meanwhile") {
        course.join(7, signaling::Position{old_epoch, 4});
        Told told;
        told.server = others;
        told.revision = 6;
        told.rules = 1;
        told.records = {record(4)};
        course.replica.on_told(std::move(told), course.now);
        course.answer(7);
        CHECK(course.welcomed());
        CHECK_FALSE(course.closed(7));
    }
}
