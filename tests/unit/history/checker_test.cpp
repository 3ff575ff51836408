// A checker is worth what it catches: a history in order, and then each way to doctor it.
#include "tests/history/checker.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <functional>

using namespace waaft::history;
using Kind = Event::Kind;

namespace {

const std::string epoch = "00000000000000aa";
const std::string other_epoch = "00000000000000bb";

Event record(Kind kind, std::uint64_t seq, const std::string& message) {
    return {kind, static_cast<std::int64_t>(seq), message, {epoch, seq}, {}, {}};
}
Event heard(std::uint64_t seq, const std::string& message) { return record(Kind::heard, seq, message); }
Event item(std::uint64_t seq, const std::string& message) { return record(Kind::item, seq, message); }
Event sent(const std::string& message) { return {Kind::sent, 1, message, {}, {}, {}}; }
Event acked(const std::string& message, std::uint64_t seq) { return {Kind::acked, 2, message, {epoch, seq}, {}, {}}; }
Event welcomed(std::uint64_t seq, std::optional<std::uint64_t> seen = {}, std::optional<Range> gap = {}) {
    Event event{Kind::welcomed, 3, {}, {epoch, seq}, {}, gap};
    if (seen) event.seen = Position{epoch, *seen};
    return event;
}
Event cut() { return {Kind::cut, 4, {}, {}, {}, {}}; }

// Two clients; client 1 is cut off, misses 3 and 4, and gets them on its return.
History good() {
    History history;
    history.log.epoch = epoch;
    history.log.messages = {{1, "r-0-1"}, {2, "r-1-1"}, {3, "r-0-2"}, {4, "r-0-3"}, {5, "r-1-2"}};
    history.clients.resize(2);
    history.clients[0].events = {welcomed(0),       sent("r-0-1"),     acked("r-0-1", 1), heard(1, "r-0-1"),
                                 heard(2, "r-1-1"), sent("r-0-2"),     acked("r-0-2", 3), sent("r-0-3"),
                                 heard(3, "r-0-2"), acked("r-0-3", 4), heard(4, "r-0-3"), heard(5, "r-1-2")};
    history.clients[1].events = {welcomed(1),       item(1, "r-0-1"), sent("r-1-1"), acked("r-1-1", 2),
                                 heard(2, "r-1-1"), sent("r-1-2"),    cut(),         welcomed(4, 2),
                                 item(3, "r-0-2"),  item(4, "r-0-3"), sent("r-1-2"), acked("r-1-2", 5),
                                 heard(5, "r-1-2")};
    return history;
}

std::vector<Event>& events(History& history, std::size_t client) { return history.clients[client].events; }

bool has(const std::vector<Violation>& violations, const std::string& rule) {
    for (const auto& violation : violations) {
        if (violation.rule == rule) return true;
    }
    return false;
}

struct Doctored {
    const char* rule;
    const char* what;
    std::function<void(History&)> change;
};

// Places in the good history, by client and index.
const Doctored doctored[] = {
    {"acked_lost", "an acked message is not in the log", [](History& h) { h.log.messages.erase(5); }},
    {"acked_lost", "another message is where the ack said", [](History& h) { h.log.messages[1] = "r-0-9"; }},
    {"acked_lost", "the log has a new epoch", [](History& h) { h.log.epoch = other_epoch; }},
    {"acked_twice", "two acks, two places", [](History& h) { events(h, 0).push_back(acked("r-0-1", 2)); }},
    {"acked_twice", "an ack for what was never sent", [](History& h) { events(h, 0).push_back(acked("r-1-1", 2)); }},
    {"never_acked", "a message without an ack", [](History& h) { events(h, 0).push_back(sent("r-0-4")); }},
    {"doubled", "a message twice in the log", [](History& h) { h.log.messages[6] = "r-0-1"; }},
    {"doubled", "a message heard at a second place", [](History& h) { events(h, 0).push_back(heard(6, "r-1-2")); }},
    {"seq_reused", "two clients hear two messages at one place", [](History& h) { events(h, 1)[4].message = "r-9-9"; }},
    {"unlogged", "heard, but not kept", [](History& h) { events(h, 0).push_back(heard(6, "r-0-4")); }},
    {"reordered", "two records change places", [](History& h) { std::swap(events(h, 0)[3], events(h, 0)[4]); }},
    {"reordered", "a record is heard twice", [](History& h) { events(h, 0).push_back(heard(5, "r-1-2")); }},
    {"missed", "a live record never comes", [](History& h) { events(h, 0).erase(events(h, 0).begin() + 4); }},
    {"missed", "the last record never comes", [](History& h) { events(h, 0).pop_back(); }},
    {"missed", "the first item of a return is not there",
     [](History& h) { events(h, 1).erase(events(h, 1).begin() + 8); }},
    {"missed", "the last item of a return is not there",
     [](History& h) { events(h, 1).erase(events(h, 1).begin() + 9); }},
    {"missed", "a return without any item, and no gap told",
     [](History& h) { events(h, 1).erase(events(h, 1).begin() + 8, events(h, 1).begin() + 10); }},
    {"missed", "the gap that is told is too short",
     [](History& h) {
         events(h, 1)[7] = welcomed(4, 2, Range{4, 4});
         events(h, 1).erase(events(h, 1).begin() + 8, events(h, 1).begin() + 10);
     }},
    {"missed", "an item between the newcomer's items is not there",
     [](History& h) {
         events(h, 1)[0] = welcomed(3);
         events(h, 1).insert(events(h, 1).begin() + 2, item(3, "r-0-2"));
     }},
    {"missed", "a client never gets in", [](History& h) { events(h, 1).clear(); }},
    {"missed", "a record before any welcome", [](History& h) { events(h, 0).erase(events(h, 0).begin()); }},
    {"wrong_return", "an item that it had seen",
     [](History& h) { events(h, 1).insert(events(h, 1).begin() + 8, item(2, "r-1-1")); }},
    {"wrong_return", "an item twice",
     [](History& h) { events(h, 1).insert(events(h, 1).begin() + 9, item(3, "r-0-2")); }},
    {"wrong_return", "items beyond the welcome's position", [](History& h) { events(h, 1)[7] = welcomed(3, 2); }},
    {"wrong_return", "a gap that begins before what it had",
     [](History& h) {
         events(h, 1)[7] = welcomed(4, 2, Range{2, 3});
     }},
    {"wrong_return", "a new epoch, and no gap told",
     [](History& h) {
         events(h, 1)[7].seen = Position{other_epoch, 2};
     }},
    {"sender_order", "two messages of one sender change places",
     [](History& h) { std::swap(h.log.messages[3], h.log.messages[4]); }},
};

}  // namespace

TEST_CASE("a history in order has no violation") {
    const auto violations = check(good());
    for (const auto& violation : violations) UNSCOPED_INFO(violation.rule + ": " + violation.evidence);
    CHECK(violations.empty());
}

TEST_CASE("a gap that is told is none that is missed") {
    auto history = good();
    events(history, 1)[7] = welcomed(4, 2, Range{3, 4});
    events(history, 1).erase(events(history, 1).begin() + 8, events(history, 1).begin() + 10);
    CHECK(check(history).empty());
}

TEST_CASE("a told change of epoch begins anew") {
    auto history = good();
    events(history, 1)[7].seen = Position{other_epoch, 2};
    events(history, 1)[7].gap = Range{1, 2};
    CHECK(check(history).empty());
}

TEST_CASE("a seq that no record has is not missed") {
    auto history = good();
    history.log.messages.erase(2);
    auto& first = events(history, 0);
    first.erase(first.begin() + 4);
    auto& second = events(history, 1);
    second.erase(second.begin() + 2, second.begin() + 5);
    second[4] = welcomed(4, 1);
    CHECK(check(history).empty());
}

TEST_CASE("where no gap may be told, one that is told is a violation") {
    auto history = good();
    events(history, 1)[7] = welcomed(4, 2, Range{3, 4});
    events(history, 1).erase(events(history, 1).begin() + 8, events(history, 1).begin() + 10);
    CHECK(has(check(history, {.may_lose = false, .may_tell_gaps = false}), "gap"));
    CHECK(gaps_told(history) == 1);
    CHECK(gaps_told(good()) == 0);
}

// The log went on in a new epoch without r-1-2, which was acked; both clients are told.
TEST_CASE("what is lost with an epoch is forgiven where the store may lose it, if everybody is told") {
    auto history = good();
    history.log = {other_epoch, {{1, "r-0-1"}, {2, "r-1-1"}, {3, "r-0-2"}, {4, "r-0-3"}}};
    for (std::size_t client = 0; client < 2; ++client) {
        Event event = welcomed(4, 5, Range{1, 5});
        event.at.epoch = other_epoch;
        events(history, client).push_back(event);
    }
    CHECK(check(history, {.may_lose = true, .may_tell_gaps = true}).empty());
    CHECK(has(check(history), "acked_lost"));
    SECTION("one is not told") {
        events(history, 0).back().gap.reset();
        CHECK(has(check(history, {.may_lose = true, .may_tell_gaps = true}), "wrong_return"));
    }
    SECTION("one does not come back") {
        events(history, 0).pop_back();
        CHECK(has(check(history, {.may_lose = true, .may_tell_gaps = true}), "missed"));
    }
    SECTION("another message is heard under a lost one's number before anybody is told") {
        auto& second = events(history, 1);
        second.insert(second.end() - 1, heard(5, "r-0-4"));
        CHECK(has(check(history, {.may_lose = true, .may_tell_gaps = true}), "seq_reused"));
    }
}

TEST_CASE("a message that was refused and sent again may come after later ones") {
    auto history = good();
    std::swap(history.log.messages[3], history.log.messages[4]);
    events(history, 0).push_back({Kind::refused, 5, "r-0-2", {}, {}, {}});
    CHECK_FALSE(has(check(history), "sender_order"));
}

TEST_CASE("where nobody may lose the connection, who was in and did is told with the reason") {
    const Promises stays{.may_lose = false, .may_tell_gaps = true, .may_close = false};
    auto history = good();
    CHECK(has(check(history, stays), "closed_healthy"));  // client 1 is cut
    auto& second = events(history, 1);
    const auto is_cut = [](const Event& event) { return event.kind == Kind::cut; };
    std::erase_if(second, is_cut);
    CHECK(check(history, stays).empty());
    SECTION("by the server") {
        events(history, 0).push_back({Kind::closed, 9, "4002 silent", {}, {}, {}});
        const auto violations = check(history, stays);
        REQUIRE(violations.size() == 1);
        CHECK(violations[0].evidence == "client 0: 4002 silent at 9 ms");
        CHECK(check(history).empty());
    }
    SECTION("who was refused before was not in") {
        second.insert(second.begin(), {Kind::closed, 0, "4010 refused", {}, {}, {}});
        CHECK(check(history, stays).empty());
    }
}

TEST_CASE("each broken promise is found") {
    for (const auto& one : doctored) {
        INFO(one.rule << ": " << one.what);
        auto history = good();
        one.change(history);
        CHECK(has(check(history), one.rule));
    }
}

TEST_CASE("the evidence names the client, the message and the place") {
    auto history = good();
    history.log.messages.erase(5);
    const auto violations = check(history);
    REQUIRE_FALSE(violations.empty());
    const auto lost = std::find_if(violations.begin(), violations.end(),
                                   [](const Violation& violation) { return violation.rule == "acked_lost"; });
    REQUIRE(lost != violations.end());
    CHECK(lost->evidence.find("client 1: r-1-2 was acked as " + epoch + "/5 at 2 ms") != std::string::npos);
}

TEST_CASE("message names") {
    CHECK(parse_message_name("history00c0ffee-12-345")->client == 12);
    CHECK(parse_message_name("history00c0ffee-12-345")->number == 345);
    for (const char* text : {"", "-", "a-b", "a-1-", "a-x-1", "12"}) CHECK_FALSE(parse_message_name(text));
}
