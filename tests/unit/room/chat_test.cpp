#include "tests/support/catch.h"
#include "tests/unit/room/driver.h"

using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;

TEST_CASE("a post is heard and acked only after it is on disk") {
    Driver d;
    d.disk_is_fast = false;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.forget_all();
    d.chat(ann, "n-1", "one");
    d.chat(bob, "n-2", "two");
    CHECK(d.heard(ann).empty());
    CHECK(d.room.counts().pending == 2);
    CHECK(d.room.last_seq() == 0);
    d.persist(1, true);
    CHECK(d.heard(ann) == Lines{"chat 1 ann one", "ack n-1 1"});
    CHECK(d.heard(bob) == Lines{"chat 1 ann one"});
    CHECK(d.room.last_seq() == 1);
    d.persist(2, true);
    CHECK(d.heard(bob) == Lines{"chat 2 bob two", "ack n-2 2"});
}

TEST_CASE("the order stays, whatever order and outcome the disk answers with") {
    Driver d;
    d.disk_is_fast = false;
    const auto ann = d.join("ann", true);
    d.forget_all();
    for (const char* nonce : {"n-1", "n-2", "n-3", "n-4"}) {
        d.chat(ann, nonce, nonce);
    }
    d.persist(3, true);
    d.persist(2, false);
    CHECK(d.heard(ann).empty());
    d.persist(1, true);
    CHECK(d.heard(ann) ==
          Lines{"chat 1 ann n-1", "ack n-1 1", "error chat_unavailable n-2", "chat 3 ann n-3", "ack n-3 3"});
    d.persist(2, true);
    d.persist(3, false);
    CHECK(d.heard(ann).empty());
    d.persist(4, false);
    CHECK(d.heard(ann) == Lines{"error chat_unavailable n-4"});
    d.chat(ann, "n-4", "again");
    d.persist(5, true);
    CHECK(d.heard(ann) == Lines{"chat 5 ann again", "ack n-4 5"});
}

TEST_CASE("a nonce that comes again is acked again and never posted twice") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.chat(ann, "n-1", "one");
    d.forget_all();

    SECTION("durable") {
        d.chat(ann, "n-1", "one");
        CHECK(d.heard(ann) == Lines{"ack n-1 1"});
        CHECK(d.heard(bob).empty());
        d.chat(bob, "n-1", "mine");
        CHECK(d.heard(bob) == Lines{"chat 2 bob mine", "ack n-1 2"});
    }
    SECTION("pending, from another connection") {
        d.disk_is_fast = false;
        d.chat(ann, "n-2", "two");
        d.disconnect(ann);
        const auto again = d.resume("ann", 1);
        d.chat(again, "n-2", "two");
        d.forget_all();
        d.persist_all();
        CHECK(d.heard(again) == Lines{"chat 2 ann two", "ack n-2 2"});
        CHECK(d.waiting.empty());
    }
    SECTION("failed: the nonce is free again") {
        d.disk_is_fast = false;
        d.chat(ann, "n-2", "two");
        d.persist(2, false);
        d.chat(ann, "n-2", "two");
        REQUIRE(d.waiting.size() == 1);
        CHECK(d.waiting.front().record.seq == 3);
    }
    SECTION("kept for ten minutes") {
        d.advance(599);
        d.chat(ann, "n-1", "one");
        CHECK(d.heard(ann) == Lines{"ack n-1 1"});
        d.advance(2);
        d.chat(ann, "n-1", "one");
        CHECK(d.heard(ann) == Lines{"chat 2 ann one", "ack n-1 2"});
    }
}

TEST_CASE("nonces outlive a restart") {
    Setup setup;
    setup.kept.reopened = true;
    setup.kept.last_seq = 7;
    setup.kept.nonces = {{id_of("ann"), "old", 3, 1700000000000 - 590'000},
                         {id_of("ann"), "new", 7, 1700000000000 - 1000}};
    Driver d(setup);
    const auto ann = d.resume("ann");
    d.forget_all();
    d.chat(ann, "new");
    d.chat(ann, "old");
    CHECK(d.heard(ann) == Lines{"ack new 7", "ack old 3"});
    d.advance(11);
    d.chat(ann, "new");
    d.chat(ann, "old");
    CHECK(d.heard(ann) == Lines{"ack new 7", "chat 8 ann hi", "ack old 8"});
}

TEST_CASE("limits of a post") {
    Setup setup;
    setup.options.text_bytes_max = 5;
    setup.options.pending_max = 2;
    Driver d(setup);
    d.disk_is_fast = false;
    const auto ann = d.join("ann", true);
    d.forget_all();
    d.chat(ann, "n-1", "");
    d.chat(ann, "n-2", "123456");
    CHECK(d.heard(ann) == Lines{"error text_bad n-1", "error text_bad n-2"});
    d.chat(ann, "n-3", "12345");
    d.chat(ann, "n-4");
    d.chat(ann, "n-5");
    d.say(ann, Erase{});
    CHECK(d.heard(ann) == Lines{"error busy n-5", "error busy erase"});
    d.persist_all();
    d.chat(ann, "n-5");
    d.persist_all();
    CHECK(d.heard(ann).back() == "ack n-5 3");
}

TEST_CASE("everybody may chat in a broadcast") {
    Setup setup;
    setup.kind = RoomKind::broadcast;
    Driver d(setup);
    const auto vic = d.join("vic");
    d.forget_all();
    d.chat(vic, "n-1");
    CHECK(d.heard(vic) == Lines{"chat 1 vic hi", "ack n-1 1"});
}

TEST_CASE("delete: one's own, or any as host") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.chat(ann, "n-1", "one");
    d.chat(bob, "n-2", "two");
    d.chat(bob, "n-3", "three");
    d.forget_all();
    d.say(bob, Delete{"n-4", 1});
    d.say(bob, Delete{"n-5", 99});
    CHECK(d.heard(bob) == Lines{"error not_allowed n-4", "error target_unknown n-5"});
    d.say(bob, Delete{"n-6", 2});
    CHECK(d.heard(bob) == Lines{"delete 4 bob 2", "ack n-6 4"});
    d.say(bob, Delete{"n-7", 2});
    CHECK(d.heard(bob) == Lines{"ack n-7 2"});
    d.say(ann, Delete{"n-8", 3});
    CHECK(d.heard(ann).back() == "ack n-8 5");
    d.say(ann, Delete{"n-9", 4});
    CHECK(d.heard(ann) == Lines{"error target_unknown n-9"});
    CHECK(d.heard(d.join("cem")).front().substr(0, 63) ==
          "welcome cem seq=5 [chat 1 ann one; chat 2 bob deleted; chat 3 b");
}

TEST_CASE("react: anybody, on anything that is there, and only changes are records") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.chat(ann, "n-1", "one");
    d.forget_all();
    d.say(bob, React{"n-2", 1, "x", true});
    CHECK(d.heard(bob) == Lines{"react 2 bob 1 +x", "ack n-2 2"});
    d.say(bob, React{"n-3", 1, "x", true});
    d.say(bob, React{"n-4", 1, "y", false});
    CHECK(d.heard(bob) == Lines{"ack n-3 1", "ack n-4 1"});
    d.say(ann, React{"n-5", 1, "x", true});
    d.say(bob, React{"n-6", 1, "x", false});
    d.say(bob, React{"n-7", 2, "x", true});
    d.forget_all();
    CHECK(d.heard(d.join("cem")).front().substr(0, 37) == "welcome cem seq=4 [chat 1 ann one x1]");
    // Who was here gets the records themselves, so the message comes without what they add up to.
    CHECK(d.heard(d.resume("bob", 0)).front().substr(0, 90) ==
          "welcome bob resumed seq=4 [chat 1 ann one; react 2 bob 1 +x; react 3 ann 1 +x; react 4 bob");
    d.say(ann, Delete{"n-8", 1});
    d.forget_all();
    d.say(ann, React{"n-9", 1, "z", true});
    CHECK(d.heard(ann) == Lines{"error target_unknown n-9"});
}

TEST_CASE("taking back a reaction that is not on disk yet is a record too") {
    Driver d;
    const auto ann = d.join("ann", true);
    d.chat(ann, "n-1", "one");
    d.disk_is_fast = false;
    d.forget_all();
    d.say(ann, React{"n-2", 1, "x", true});
    d.say(ann, React{"n-3", 1, "x", false});
    d.persist_all();
    CHECK(d.heard(ann) == Lines{"react 2 ann 1 +x", "ack n-2 2", "react 3 ann 1 -x", "ack n-3 3"});
}

TEST_CASE("a message takes so many reactions and no more") {
    Driver d;
    const auto ann = d.join("ann", true);
    d.chat(ann, "n-1", "one");
    for (int i = 0; i < 20; ++i) {
        d.say(ann, React{"r-" + std::to_string(i), 1, "e" + std::to_string(i), true});
    }
    d.forget_all();
    d.say(ann, React{"n-2", 1, "more", true});
    CHECK(d.heard(ann) == Lines{"error busy n-2"});
    d.say(ann, React{"n-3", 1, "e1", false});
    d.say(ann, React{"n-4", 1, "more", true});
    CHECK(d.heard(ann).back() == "ack n-4 23");
}

TEST_CASE("what is older than the tail is looked up") {
    Setup setup;
    setup.options.tail_records_max = 2;
    Driver d(setup);
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    for (const char* nonce : {"n-1", "n-2", "n-3", "n-4"}) {
        d.chat(bob, nonce);
    }
    d.forget_all();
    const Record first = d.durable.front();

    SECTION("found") {
        d.say(bob, Delete{"n-5", 1});
        d.say(bob, Delete{"n-5", 1});
        CHECK(d.done() == Lines{"lookup 1", "lookup 1"});
        d.answer_lookup(first);
        d.answer_lookup(first);
        CHECK(d.heard(bob) == Lines{"delete 5 bob 1", "ack n-5 5", "ack n-5 5"});
    }
    SECTION("reactions are known from the lookup") {
        Record reacted = first;
        reacted.reactions["x"] = {id_of("ann")};
        d.say(ann, React{"n-5", 1, "x", true});
        d.answer_lookup(reacted);
        CHECK(d.heard(ann) == Lines{"ack n-5 1"});
        d.say(ann, React{"n-6", 1, "x", false});
        d.answer_lookup(reacted);
        CHECK(d.heard(ann) == Lines{"react 5 ann 1 -x", "ack n-6 5"});
    }
    SECTION("not found, another one, not one's own") {
        d.say(ann, Delete{"n-5", 1});
        d.answer_lookup(std::nullopt);
        d.say(ann, Delete{"n-6", 2});
        d.answer_lookup(first);
        CHECK(d.heard(ann) == Lines{"error target_unknown n-5", "error target_unknown n-6"});
        const auto cem = d.join("cem");
        d.forget_all();
        d.say(cem, Delete{"n-7", 1});
        d.answer_lookup(first);
        CHECK(d.heard(cem) == Lines{"error not_allowed n-7"});
    }
    SECTION("the asker left meanwhile, or is not the host any more") {
        d.say(bob, Delete{"n-5", 1});
        d.say(ann, Delete{"n-6", 1});
        d.say(ann, Handover{id_of("bob")});
        d.say(bob, Leave{});
        d.forget_all();
        d.answer_lookup(first);
        d.answer_lookup(first);
        CHECK(d.heard(ann) == Lines{"error not_allowed n-6"});
        CHECK(d.durable.size() == 4);
    }
}

TEST_CASE("erase blanks what was before it") {
    Driver d;
    const auto ann = d.join("ann", true);
    d.chat(ann, "n-1", "one");
    d.chat(ann, "n-2", "two");
    d.forget_all();
    d.say(ann, Erase{});
    CHECK(d.heard(ann) == Lines{"erase 3 ann"});
    d.chat(ann, "n-3", "three");
    CHECK(d.heard(d.join("bob")).front() == "welcome bob seq=4 [chat 4 ann three] (ann host place, bob speaker place)");
    CHECK(d.heard(d.resume("ann", 1)).front() ==
          "welcome ann resumed seq=4 [chat 2 ann deleted; erase 3 ann; "
          "chat 4 ann three] (ann host place, bob speaker place)");
    const auto cem = d.join("cem");
    d.forget_all();
    d.say(cem, React{"n-4", 1, "x", true});
    CHECK(d.heard(cem) == Lines{"error target_unknown n-4"});
}

TEST_CASE("history is checked and handed on") {
    Driver d;
    const auto ann = d.join("ann");
    d.done();
    d.say(ann, HistoryRequest{50, 1000});
    CHECK(d.done() == Lines{"history " + std::to_string(ann) + " before 50 limit 100"});
}

TEST_CASE("welcome: the last messages, or exactly what was missed") {
    Setup setup;
    setup.options.welcome_items = 2;
    setup.options.tail_records_max = 4;
    Driver d(setup);
    const auto ann = d.join("ann");
    const auto items_for = [&](std::optional<Position> seen) {
        Admission admission = d.claim_of("ann");
        admission.seen = seen;
        const std::string line = d.heard(d.join(admission)).front();
        return line.substr(20, line.find(" (") - 20);
    };
    d.chat(ann, "n-1");
    CHECK(items_for(std::nullopt) == "seq=1 [chat 1 ann hi]");
    CHECK(items_for(Position{epoch, 0}) == "seq=1 [chat 1 ann hi]");
    CHECK(items_for(Position{epoch, 1}) == "seq=1 [] more");
    CHECK(items_for(Position{epoch, 2}) == "seq=1 [chat 1 ann hi] gap=1-1");
    CHECK(items_for(Position{"00000000000000ff", 1}) == "seq=1 [chat 1 ann hi] gap=1-1");
    const auto again = d.resume("ann");
    d.chat(again, "n-2");
    d.say(again, React{"n-3", 1, "x", true});
    d.chat(again, "n-4");
    CHECK(items_for(std::nullopt) == "seq=4 [chat 2 ann hi; chat 4 ann hi] more");
    const auto third = d.resume("ann");
    d.chat(third, "n-5");
    CHECK(items_for(std::nullopt) == "seq=5 [chat 4 ann hi; chat 5 ann hi] more");
    CHECK(items_for(Position{epoch, 1}) ==
          "seq=5 [chat 2 ann hi; react 3 ann 1 +x; chat 4 ann hi; chat 5 ann hi] more");
    CHECK(items_for(Position{epoch, 0}) ==
          "seq=5 [chat 2 ann hi; react 3 ann 1 +x; chat 4 ann hi; chat 5 ann hi] more gap=1-1");
}

TEST_CASE("a member who was away does not hear, and then gets what it missed once") {
    Driver d;
    d.disk_is_fast = false;
    const auto ann = d.join("ann");
    const auto bob = d.join("bob");
    d.chat(ann, "n-1", "one");
    d.chat(ann, "n-2", "two");
    d.chat(ann, "n-3", "three");
    d.persist(1, true);
    d.disconnect(bob);
    d.persist(2, true);
    const auto again = d.resume("bob", 1);
    CHECK(d.heard(again) ==
          Lines{"welcome bob resumed seq=2 [chat 2 ann two] more (ann speaker place, bob speaker place)"});
    d.persist(3, true);
    CHECK(d.heard(again) == Lines{"chat 3 ann three"});
}

TEST_CASE("the tail stays within its bytes") {
    Setup setup;
    setup.options.tail_bytes_max = 20'000;
    Driver d(setup);
    const auto ann = d.join("ann");
    for (int i = 0; i < 100; ++i) {
        d.chat(ann, "n-" + std::to_string(i), std::string(1000, 'x'));
    }
    const std::string line = d.heard(d.resume("ann", 0)).front();
    CHECK(line.size() < 20'000);
    CHECK(line.find("gap=1-") != std::string::npos);
    CHECK(line.find("chat 100 ann") != std::string::npos);
}

TEST_CASE("a post in a room of a thousand is one output") {
    Setup setup;
    setup.options.members_max = 1000;
    Driver d(setup);
    for (int i = 0; i < 1000; ++i) {
        Admission admission = d.admission_of("m");
        admission.connection = 100'000 + static_cast<ConnectionId>(i);
        admission.new_member_id = "m" + std::to_string(1'000'000 + i);
        d.room.join(admission, d.now);
        while (d.room.poll_output()) {
        }
    }
    const auto outputs = [&] {
        int count = 0;
        while (d.room.poll_output()) {
            ++count;
        }
        return count;
    };
    d.room.handle(100'500, Chat{"n-1", "hi"}, d.now);
    CHECK(outputs() == 1);
    d.room.on_persisted(1, true, d.now);
    CHECK(outputs() == 2);
}

TEST_CASE("messages past their time are shown to nobody") {
    Setup setup;
    setup.options.chat_keep = std::chrono::seconds(100);
    Driver d(setup);
    const auto ann = d.join("ann");
    d.chat(ann, "nonce-old");
    d.advance(99);
    d.chat(ann, "nonce-new");
    CHECK(d.heard(d.join("bob")).front().find("[chat 1") != std::string::npos);
    d.advance(2);
    CHECK(d.heard(d.join("cem")).front().find("[chat 2") != std::string::npos);
}
