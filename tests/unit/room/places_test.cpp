#include "tests/support/catch.h"
#include "tests/unit/room/driver.h"

using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;

namespace {

Setup room_of(RoomKind kind) {
    Setup setup;
    setup.kind = kind;
    setup.options.mesh_max = 3;
    return setup;
}

Signal signal_to(const char* name) { return {id_of(name), R"({"candidate":null,"call":0})"}; }

}  // namespace

TEST_CASE("a call's places go to who came first, and the next in line gets a free one") {
    Driver d(room_of(RoomKind::call));
    const auto ann = d.join("ann");
    const auto bob = d.join("bob");
    const auto cem = d.join("cem");
    const auto dan = d.join("dan");
    const auto eve = d.join("eve", true);
    CHECK(
        d.heard(eve) ==
        Lines{"welcome eve seq=0 [] (ann speaker place, bob speaker place, cem speaker place, dan speaker, eve host)"});
    d.forget_all();
    d.disconnect(bob);
    d.advance(10);
    CHECK(d.heard(ann) == Lines{"member bob speaker place away"});
    d.advance(60);
    CHECK(d.heard(ann) == Lines{"left bob lost", "member dan speaker place"});
    d.forget_all();
    d.say(cem, Leave{});
    CHECK(d.heard(cem) == Lines{"close left"});
    CHECK(d.heard(dan) == Lines{"left cem left", "member eve host place"});
}

TEST_CASE("a broadcast's hosts and speakers displace the newest viewer") {
    Driver d(room_of(RoomKind::broadcast));
    const auto vic = d.join("vic");
    d.join("wim");
    const auto xia = d.join("xia");
    d.join("yan");
    d.forget_all();
    const auto ann = d.join("ann", true);
    CHECK(d.heard(ann).front() ==
          "welcome ann seq=0 [] (vic viewer place, wim viewer place, xia viewer, yan viewer, ann host place)");
    CHECK(d.heard(vic) == Lines{"joined ann host place", "member xia viewer"});

    d.say(ann, Invite{id_of("yan")});
    d.forget_all();
    d.say(ann, SetRole{id_of("yan"), Role::speaker});
    CHECK(d.heard(vic) == Lines{"member yan speaker place", "member wim viewer"});
    d.say(ann, SetRole{id_of("yan"), Role::viewer});
    CHECK(d.heard(vic) == Lines{"member yan viewer place"});

    d.say(vic, Leave{});
    CHECK(d.heard(xia).back() == "member wim viewer place");
    d.say(ann, Leave{});
    CHECK(d.heard(xia).back() == "member xia viewer place");
}

TEST_CASE("publishers beyond the places wait, and come before viewers") {
    Driver d(room_of(RoomKind::broadcast));
    const auto ann = d.join("ann", true);
    for (const char* name : {"bob", "cem", "dan"}) {
        Admission admission = d.admission_of(name);
        admission.link_role = Role::speaker;
        d.join(admission);
    }
    const auto vic = d.join("vic");
    CHECK(d.heard(vic) == Lines{"welcome vic seq=0 [] (ann host place, bob speaker place, cem speaker place, "
                                "dan speaker, vic viewer)"});
    d.say(ann, Remove{id_of("bob")});
    CHECK(d.heard(vic) == Lines{"left bob removed", "member dan speaker place"});
}

TEST_CASE("signals go between two places of which one may publish") {
    Driver d(room_of(RoomKind::broadcast));
    const auto ann = d.join("ann", true);
    const auto vic = d.join("vic");
    const auto wim = d.join("wim");
    const auto xia = d.join("xia");
    d.forget_all();
    struct Row {
        ConnectionId from;
        const char* to;
        const char* error;
    };
    const std::vector<Row> table{{ann, "vic", nullptr},         {vic, "ann", nullptr},
                                 {vic, "wim", "not_allowed"},   {ann, "xia", "not_allowed"},
                                 {xia, "ann", "not_allowed"},   {ann, "ann", "not_allowed"},
                                 {ann, "zoe", "member_unknown"}};
    for (const Row& row : table) {
        INFO(row.to);
        d.forget_all();
        d.say(row.from, signal_to(row.to));
        CHECK(d.heard(row.from) ==
              (row.error == nullptr ? Lines{} : Lines{std::string("error ") + row.error + " signal"}));
    }
    d.forget_all();
    d.say(ann, signal_to("vic"));
    CHECK(d.heard(vic) == Lines{R"(signal ann {"candidate":null,"call":0})"});
    CHECK(d.heard(wim).empty());
    d.disconnect(vic);
    d.say(ann, signal_to("vic"));
    CHECK(d.heard(ann) == Lines{"error member_unknown signal"});
}

TEST_CASE("state: the others hear it, and the shell learns who is on air") {
    Driver d(room_of(RoomKind::broadcast));
    const auto ann = d.join("ann", true);
    const auto vic = d.join("vic");
    d.forget_all();
    d.say(ann, State{{true, true, false}});
    CHECK(d.heard(ann).empty());
    CHECK(d.heard(vic) == Lines{"member ann host place mic cam"});
    CHECK(d.done() == Lines{"attach ann host on_air"});
    CHECK(d.room.counts().on_air == 1);
    d.say(ann, State{{true, true, false}});
    d.say(ann, State{{true, false, false}});
    CHECK(d.heard(vic) == Lines{"member ann host place mic"});
    CHECK(d.done().empty());
    d.say(vic, State{{false, true, false}});
    CHECK(d.heard(vic) == Lines{"error not_allowed state"});
    d.say(vic, State{});
    CHECK(d.heard(vic).empty());
    d.disconnect(ann);
    d.resume("ann");
    CHECK(d.done() == Lines{"attach ann host on_air"});
    CHECK(d.heard(vic).empty());
}

TEST_CASE("after a restart the places are those of before, whoever comes back first") {
    Setup setup = room_of(RoomKind::call);
    setup.kept.reopened = true;
    Driver d(setup);
    const auto claim = [&](const char* name, waaft::UnixMs joined) {
        Admission admission = d.claim_of(name);
        admission.resume->joined = joined;
        return d.join(admission);
    };
    const auto dan = claim("dan", 400);  // had no place
    claim("ann", 100);
    claim("bob", 200);
    d.forget_all();
    const auto cem = claim("cem", 300);
    CHECK(d.heard(cem).front() ==
          "welcome cem resumed seq=0 [] (dan speaker, ann speaker place, bob speaker place, cem speaker place)");
    CHECK(d.heard(dan).back() == "member dan speaker");
}

TEST_CASE("later, nobody loses a place to somebody older") {
    Driver d(room_of(RoomKind::call));
    d.join("ann");
    d.advance(600);
    d.join("bob");
    d.now.wall -= 3'600'000;  // the clock was set back
    d.join("cem");
    const auto dan = d.join("dan");
    CHECK(d.heard(dan).front() ==
          "welcome dan seq=0 [] (ann speaker place, bob speaker place, cem speaker place, dan speaker)");
}
