#include "tests/support/catch.h"
#include "tests/unit/room/driver.h"

#include <algorithm>

using namespace waaft;
using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;

TEST_CASE("who joins is welcomed, and the others hear of it") {
    Driver d;
    const auto ann = d.join("ann", true);
    CHECK(d.heard(ann) == Lines{"welcome ann seq=0 [] (ann host place)"});
    const auto bob = d.join("bob");
    CHECK(d.heard(bob) == Lines{"welcome bob seq=0 [] (ann host place, bob speaker place)"});
    CHECK(d.heard(ann) == Lines{"joined bob speaker place"});
    CHECK(d.done() == Lines{"attach ann host", "attach bob speaker"});
    CHECK(d.room.counts().members == 2);
    CHECK(d.room.has_member(id_of("bob")));
    CHECK_FALSE(d.room.has_member(id_of("cem")));
}

TEST_CASE("roles at the door") {
    struct Row {
        RoomKind kind;
        bool host;
        std::optional<Role> link;
        Role role;
    };
    const std::vector<Row> table{
        {RoomKind::call, false, std::nullopt, Role::speaker},
        {RoomKind::call, true, std::nullopt, Role::host},
        {RoomKind::call, false, Role::viewer, Role::viewer},
        {RoomKind::broadcast, false, std::nullopt, Role::viewer},
        {RoomKind::broadcast, false, Role::speaker, Role::speaker},
        {RoomKind::broadcast, false, Role::host, Role::host},
        {RoomKind::broadcast, true, Role::viewer, Role::host},
    };
    for (const Row& row : table) {
        Setup setup;
        setup.kind = row.kind;
        Driver d(setup);
        Admission admission = d.admission_of("ann");
        admission.host = row.host;
        admission.link_role = row.link;
        const auto ann = d.join(admission);
        CHECK(d.heard(ann) == Lines{"welcome ann seq=0 [] (ann " + std::string(to_string(row.role)) + " place)"});
    }
}

namespace {

// A locked or full room, as the row says, and who knocks.
struct Door {
    const char* what;
    bool locked;
    bool password;
    std::uint32_t members_max;
    void (*change)(Admission&);
    const char* answer;  // nullptr: let in
};

}  // namespace

TEST_CASE("the door: who is refused, and with which of several reasons") {
    const auto nothing = [](Admission&) {};
    const std::vector<Door> table{
        {"open", false, false, 9, nothing, nullptr},
        {"locked", true, false, 9, nothing, "room_locked"},
        {"locked, host key", true, false, 9, [](Admission& a) { a.host = true; }, nullptr},
        {"locked and full", true, false, 2, nothing, "room_locked"},
        {"full", false, false, 2, nothing, "room_full"},
        {"full, host key", false, false, 2, [](Admission& a) { a.host = true; }, nullptr},
        {"full, name bad", false, false, 2, [](Admission& a) { a.name = " "; }, "room_full"},
        {"name bad", false, false, 9, [](Admission& a) { a.name = " "; }, "name_bad"},
        {"password", false, true, 9, nothing, "password_required"},
        {"password wrong", false, true, 9, [](Admission& a) { a.password_given = true; }, "password_wrong"},
        {"password right", false, true, 9, [](Admission& a) { a.password_passed = true; }, nullptr},
        {"password and full", false, true, 2, nothing, "password_required"},
        {"password and locked", true, true, 9, nothing, "room_locked"},
        {"banned", false, false, 9,
         [](Admission& a) {
             a.ban_keys = {"client:x", "client:bad"};
         },
         "banned"},
        {"banned, host key", false, false, 9,
         [](Admission& a) {
             a.host = true;
             a.ban_keys = {"client:bad"};
         },
         "banned"},
        {"resume of nobody", true, false, 9,
         [](Admission& a) {
             a.resume = Admission::Claim{id_of("zoe"), "zoe", Role::host, 1};
         },
         "resume_bad"},
        {"id taken", false, false, 9, [](Admission& a) { a.new_member_id = id_of("ann"); }, "busy"},
    };
    for (const Door& door : table) {
        INFO(door.what);
        Setup setup;
        setup.password = door.password;
        setup.options.members_max = door.members_max;
        setup.kept.ban_keys = {"client:bad"};
        setup.kept.removed = {id_of("zoe")};
        Driver d(setup);
        const auto ann = d.join("ann", true);
        Admission passed = d.admission_of("bob");
        passed.password_passed = true;
        d.join(passed);
        d.say(ann, Lock{door.locked});
        d.forget_all();
        Admission admission = d.admission_of("cem");
        door.change(admission);
        const auto cem = d.join(admission);
        const Lines lines = d.heard(cem);
        CHECK(d.is_open(cem) == (door.answer == nullptr));
        if (door.answer == nullptr) {
            CHECK(lines.front().substr(0, 12) == "welcome cem ");
        } else {
            CHECK(lines == Lines{std::string("error ") + door.answer + " join", "close refused"});
            CHECK(d.heard(ann).empty());
        }
    }
}

TEST_CASE("an ended room refuses everybody and says nothing more") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.forget_all();
    d.say(bob, End{});
    CHECK(d.heard(bob) == Lines{"error not_allowed end"});
    d.say(ann, End{});
    CHECK(d.heard(ann) == Lines{"close ended"});
    CHECK(d.heard(bob) == Lines{"close ended"});
    CHECK(d.done() == Lines{"save ended", "ended"});
    CHECK_FALSE(d.room.deadline());
    d.end();
    d.chat(ann, "n-1");
    d.disconnect(ann);
    CHECK(d.done().empty());
    CHECK(d.heard(d.join("cem", true)) == Lines{"error room_ended join", "close refused"});
}

TEST_CASE("a second join and messages from strangers change nothing") {
    Driver d;
    const auto ann = d.join("ann");
    d.forget_all();
    Admission again = d.admission_of("ann2");
    again.connection = ann;
    d.join(again);
    d.say(ann, Join{});
    d.say(ann, Pong{});
    CHECK(d.heard(ann) == Lines{"error already_joined join", "error already_joined join"});
    CHECK(d.is_open(ann));
    d.say(77, Chat{"n-1", "hi"});
    CHECK(d.heard(77) == Lines{"error not_joined"});
    d.disconnect(78);
    d.persist(5, true);
    d.room.on_lookup(9, std::nullopt, d.now);
    CHECK(d.room.counts().members == 1);
    CHECK(d.heard(ann).empty());
}

TEST_CASE("a second host key makes the earlier host a speaker") {
    Driver d;
    const auto ann = d.join("ann", true);
    d.forget_all();
    const auto bob = d.join("bob", true);
    CHECK(d.heard(ann) == Lines{"joined bob host place", "member ann speaker place"});
    CHECK(d.done() == Lines{"mark ann speaker", "attach bob host", "attach ann speaker"});
    d.say(ann, Lock{true});
    CHECK(d.heard(ann) == Lines{"error not_allowed lock"});
    d.heard(bob);
    d.say(bob, Lock{true});
    CHECK(d.heard(bob) == Lines{"room locked"});
}

TEST_CASE("resume: the same member, unseen by the others unless it was shown away") {
    Driver d;
    const auto ann = d.join("ann", true);
    auto bob = d.join("bob");
    d.forget_all();

    SECTION("at once") {
        d.disconnect(bob);
        bob = d.resume("bob", 0);
        CHECK(d.heard(bob) == Lines{"welcome bob resumed seq=0 [] (ann host place, bob speaker place)"});
        CHECK(d.heard(ann).empty());
        d.advance(100);
        CHECK(d.heard(ann).empty());
    }
    SECTION("after it was shown as away") {
        d.disconnect(bob);
        d.advance(2.9);
        CHECK(d.heard(ann).empty());
        d.advance(0.2);
        CHECK(d.heard(ann) == Lines{"member bob speaker place away"});
        CHECK(d.room.counts().away == 1);
        bob = d.resume("bob", 0);
        CHECK(d.heard(bob) == Lines{"welcome bob resumed seq=0 [] (ann host place, bob speaker place)"});
        CHECK(d.heard(ann) == Lines{"member bob speaker place"});
    }
    SECTION("too late") {
        d.disconnect(bob);
        d.advance(59.9);
        d.heard(ann);
        d.advance(0.2);
        CHECK(d.heard(ann) == Lines{"left bob lost"});
        d.advance(70);
        CHECK(d.heard(d.resume("bob", 0)) == Lines{"error resume_bad join", "close refused"});
    }
    SECTION("while the older connection is still there") {
        const auto again = d.resume("bob", 0);
        CHECK(d.heard(bob) == Lines{"close replaced"});
        CHECK(d.heard(ann).empty());
        d.disconnect(bob);
        d.advance(100);
        CHECK(d.heard(ann).empty());
        d.chat(again, "n-1");
        CHECK(d.heard(ann) == Lines{"chat 1 bob hi"});
    }
    SECTION("through a lock, a password and a full room") {
        d.say(ann, Lock{true});
        d.disconnect(bob);
        CHECK(d.is_open(d.resume("bob")));
    }
    SECTION("with the host key it is the host as well") {
        Admission admission = d.claim_of("bob");
        admission.host = true;
        d.join(admission);
        CHECK(d.heard(ann) == Lines{"member ann speaker place", "member bob host place"});
    }
    SECTION("a missed deadline shows no state in between") {
        d.disconnect(bob);
        d.now.steady += std::chrono::seconds(61);
        d.advance(0);
        CHECK(d.heard(ann) == Lines{"left bob lost"});
    }
}

TEST_CASE("who left, was removed or banned does not come back with the token") {
    for (const ClientMessage& message :
         {ClientMessage(Leave{}), ClientMessage(Remove{id_of("bob")}), ClientMessage(Ban{id_of("bob")})}) {
        Driver d;
        const auto ann = d.join("ann", true);
        const auto bob = d.join("bob");
        d.say(std::holds_alternative<Leave>(message) ? bob : ann, message);
        CHECK_FALSE(d.is_open(bob));
        CHECK(d.heard(d.resume("bob")) == Lines{"error resume_bad join", "close refused"});
        d.advance(1000);
        CHECK(d.heard(d.resume("bob")) == Lines{"error resume_bad join", "close refused"});
    }
}

TEST_CASE("a restarted server takes its people back, with the roles they had") {
    Setup setup;
    setup.kept.reopened = true;
    setup.kept.roles = {{id_of("bob"), Role::viewer}};
    setup.kept.removed = {id_of("cem")};
    Driver d(setup);
    const auto ann = d.join(d.claim_of("ann"));
    CHECK(d.heard(ann) == Lines{"welcome ann resumed seq=0 [] (ann speaker place)"});
    const auto bob = d.join(d.claim_of("bob"));
    CHECK(d.heard(bob) == Lines{"welcome bob resumed seq=0 [] (ann speaker place, bob viewer place)"});
    CHECK(d.heard(ann) == Lines{"joined bob viewer place"});
    CHECK(d.heard(d.resume("cem")) == Lines{"error resume_bad join", "close refused"});
    d.advance(119);
    CHECK(d.is_open(d.resume("dan")));
    d.advance(2);
    CHECK_FALSE(d.is_open(d.resume("eve")));
    CHECK(d.is_open(d.resume("ann")));
}

TEST_CASE("who was reported lost does not come back with the token, in a new room nor after a restart") {
    for (const bool reopened : {false, true}) {
        Setup setup;
        setup.kept.reopened = reopened;
        Driver d(setup);
        const auto ann = d.join("ann");
        const auto bob = d.join("bob");
        d.disconnect(bob);
        d.forget_all();
        d.advance(61);
        CHECK(d.heard(ann) == Lines{"member bob speaker place away", "left bob lost"});
        CHECK(d.heard(d.resume("bob")) == Lines{"error resume_bad join", "close refused"});
    }
}

TEST_CASE("after a restart there is still one host") {
    Setup setup;
    setup.kept.reopened = true;
    setup.kept.roles = {{id_of("ann"), Role::host}};
    Driver d(setup);
    const auto bob = d.join("bob", true);
    d.forget_all();
    d.resume("ann");
    CHECK(d.heard(bob) == Lines{"joined ann speaker place"});
    CHECK(d.done() == Lines{"mark ann speaker", "attach ann speaker"});
}

TEST_CASE("an empty room ends after a while; away members keep it") {
    Setup setup;
    setup.options.empty_after = std::chrono::seconds(300);
    SECTION("never entered") {
        Driver d(setup);
        d.advance(299);
        CHECK(d.done().empty());
        d.advance(2);
        CHECK(d.done() == Lines{"save ended", "ended"});
    }
    SECTION("left") {
        Driver d(setup);
        const auto ann = d.join("ann");
        d.advance(1000);
        d.disconnect(ann);
        d.done();
        d.advance(359);
        CHECK(d.done() == Lines{"mark ann removed"});
        d.advance(2);
        CHECK(d.done() == Lines{"save ended", "ended"});
    }
    SECTION("entered again") {
        Driver d(setup);
        d.say(d.join("ann"), Leave{});
        d.advance(299);
        d.join("bob");
        d.done();
        d.advance(1000);
        CHECK(d.done().empty());
    }
}

TEST_CASE("of a restarted server's people those come back who can have been there at its end") {
    const UnixMs end = Driver().now.wall;
    struct Row {
        std::int64_t issued_before_ms;
        std::int64_t started_before_s;
        bool back;
    };
    for (const Row& row : {Row{0, 0, true}, Row{89'999, 0, true}, Row{90'000, 0, true}, Row{90'001, 0, false},
                           Row{0, 119, true}, Row{0, 121, false}}) {
        CAPTURE(row.issued_before_ms, row.started_before_s);
        Setup setup;
        setup.kept.reopened = true;
        setup.kept.reopened_at = Driver().now.steady - std::chrono::seconds(row.started_before_s);
        setup.kept.alive_until = end;
        Driver d(setup);
        Admission admission = d.claim_of("bob");
        admission.resume->issued = end - row.issued_before_ms;
        CHECK(d.is_open(d.join(admission)) == row.back);
    }
}

TEST_CASE("a token makes nobody host, a key or a host's link does") {
    for (const bool proven : {false, true}) {
        Setup setup;
        setup.kept.reopened = true;
        Driver d(setup);
        Admission admission = d.claim_of("ann");
        admission.resume->role = Role::host;
        admission.host = proven;
        CHECK(d.heard(d.join(admission)).front() ==
              std::string("welcome ann resumed seq=0 [] (ann ") + (proven ? "host" : "speaker") + " place)");
    }
}

TEST_CASE("whose page was closed is gone soon, unless it was loaded again") {
    Driver d;
    const auto ann = d.join("ann");
    const auto bob = d.join("bob");
    d.heard(ann);
    d.disconnect(bob, Away::closed);
    d.advance(2);
    const auto again = d.resume("bob");
    CHECK(d.is_open(again));
    d.advance(60);
    CHECK(d.heard(ann).empty());
    d.disconnect(again, Away::closed);
    d.advance(5.9);
    CHECK(d.heard(ann) == Lines{"member bob speaker place away"});
    d.advance(0.2);
    CHECK(d.heard(ann) == Lines{"left bob lost"});
}

namespace {

std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < count; ++i)
        result.push_back(std::string("m") + static_cast<char>('a' + i / 26) + static_cast<char>('a' + i % 26));
    return result;
}

std::size_t lines_with(const Lines& lines, std::string_view begin) {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(begin); }));
}

}  // namespace

TEST_CASE("members that do not fit into a welcome follow it") {
    Setup setup;
    setup.options.welcome_bytes = 12 * 1024;
    setup.options.mesh_max = 100;
    Driver d(setup);
    for (const std::string& name : names(40)) d.join(name);
    const Lines heard = d.heard(d.join("zed"));
    REQUIRE(heard.front().starts_with("welcome zed"));
    CHECK(heard.front().find("zed speaker") != std::string::npos);
    std::size_t in_welcome = 0;
    for (const std::string& name : names(40)) {
        const bool told = heard.front().find(name + " speaker") != std::string::npos;
        in_welcome += told ? 1 : 0;
        CHECK(lines_with(heard, "joined " + name) == (told ? 0 : 1));
    }
    CHECK(in_welcome > 10);
    CHECK(in_welcome < 40);
    CHECK(heard.size() == 1 + 40 - in_welcome);
}

TEST_CASE("records that do not fit into a welcome follow it, in order") {
    Setup setup;
    setup.options.welcome_bytes = 16 * 1024;
    Driver d(setup);
    const auto ann = d.join("ann");
    const auto bob = d.join("bob");
    d.disconnect(bob);
    for (int i = 1; i <= 100; ++i) d.chat(ann, "n-" + std::to_string(i), std::string(200, 'x') + std::to_string(i));
    const Lines heard = d.heard(d.resume("bob", 0));
    REQUIRE(heard.front().starts_with("welcome bob resumed seq="));
    const auto in_welcome = std::stoul(heard.front().substr(std::string("welcome bob resumed seq=").size()));
    CHECK(in_welcome > 10);
    REQUIRE(heard.size() == 1 + 100 - in_welcome);
    for (std::size_t i = 1; i < heard.size(); ++i)
        CHECK(heard[i].starts_with("chat " + std::to_string(in_welcome + i) + " ann "));

    // Without an end that is known the newest are told, and that there are more.
    const Lines fresh = d.heard(d.join("cem"));
    REQUIRE(fresh.size() == 1);
    CHECK(fresh.front().starts_with("welcome cem seq=100 "));
    CHECK(fresh.front().find("chat 100 ann") != std::string::npos);
    CHECK(fresh.front().find("] more") != std::string::npos);
}
