#include "tests/support/catch.h"
#include "tests/unit/room/driver.h"

using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;

namespace {

Setup broadcast() {
    Setup setup;
    setup.kind = RoomKind::broadcast;
    return setup;
}

}  // namespace

TEST_CASE("only the host moderates") {
    const std::string ann_id = id_of("ann");
    const std::vector<std::pair<const char*, ClientMessage>> table{{"invite", Invite{ann_id}},
                                                                   {"role", SetRole{ann_id, Role::viewer}},
                                                                   {"mute", Mute{ann_id, {true, true, true}}},
                                                                   {"remove", Remove{ann_id}},
                                                                   {"ban", Ban{ann_id}},
                                                                   {"lock", Lock{true}},
                                                                   {"handover", Handover{ann_id}},
                                                                   {"erase", Erase{}},
                                                                   {"end", End{}}};
    for (const auto& [t, message] : table) {
        INFO(t);
        Driver d;
        const auto ann = d.join("ann", true);
        const auto bob = d.join("bob");
        d.forget_all();
        d.say(bob, message);
        CHECK(d.heard(bob) == Lines{std::string("error not_allowed ") + t});
        CHECK(d.heard(ann).empty());
        CHECK(d.done().empty());
    }
}

TEST_CASE("the host cannot do to itself, or to nobody, what it does to others") {
    const std::string ann_id = id_of("ann");
    const std::string zoe_id = id_of("zoe");
    const std::vector<std::pair<std::string, ClientMessage>> table{
        {"not_allowed remove", Remove{ann_id}},
        {"not_allowed ban", Ban{ann_id}},
        {"not_allowed handover", Handover{ann_id}},
        {"not_allowed invite", Invite{ann_id}},
        {"not_allowed role", SetRole{ann_id, Role::viewer}},
        {"member_unknown remove", Remove{zoe_id}},
        {"member_unknown ban", Ban{zoe_id}},
        {"member_unknown invite", Invite{zoe_id}},
        {"member_unknown mute", Mute{zoe_id, {}}},
        {"member_unknown role", SetRole{zoe_id, Role::viewer}},
        {"member_unknown handover", Handover{zoe_id}}};
    Driver d(broadcast());
    const auto ann = d.join("ann", true);
    d.forget_all();
    for (const auto& [error, message] : table) {
        INFO(error);
        d.say(ann, message);
        CHECK(d.heard(ann) == Lines{"error " + error});
        CHECK(d.done().empty());
    }
}

TEST_CASE("invitations: accept, decline, step down") {
    Driver d(broadcast());
    const auto ann = d.join("ann", true);
    const auto vic = d.join("vic");
    d.forget_all();
    d.say(vic, Accept{});
    d.say(vic, Decline{});
    CHECK(d.heard(vic) == Lines{"error not_allowed accept", "error not_allowed decline"});

    d.say(ann, Invite{id_of("vic")});
    CHECK(d.heard(vic) == Lines{"invited ann"});
    d.say(vic, Decline{});
    d.say(vic, Accept{});
    CHECK(d.heard(vic) == Lines{"error not_allowed accept"});

    d.say(ann, Invite{id_of("vic")});
    d.forget_all();
    d.say(vic, Accept{});
    CHECK(d.heard(ann) == Lines{"member vic speaker place"});
    CHECK(d.done() == Lines{"mark vic speaker", "attach vic speaker"});
    d.say(ann, Invite{id_of("vic")});
    CHECK(d.heard(ann) == Lines{"error not_allowed invite"});

    d.say(vic, State{{true, false, false}});
    d.forget_all();
    d.say(vic, Decline{});
    CHECK(d.heard(ann) == Lines{"member vic viewer place"});
    CHECK(d.done() == Lines{"mark vic viewer", "attach vic viewer"});

    d.disconnect(vic);
    d.say(ann, Invite{id_of("vic")});
    CHECK(d.heard(ann) == Lines{"error member_unknown invite"});
}

TEST_CASE("a call has no invitations and no stepping down") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.say(ann, SetRole{id_of("bob"), Role::viewer});
    d.forget_all();
    d.say(ann, Invite{id_of("bob")});
    CHECK(d.heard(ann) == Lines{"error not_allowed invite"});
    d.say(ann, SetRole{id_of("bob"), Role::speaker});
    d.forget_all();
    d.say(bob, Decline{});
    CHECK(d.heard(bob) == Lines{"error not_allowed decline"});
}

TEST_CASE("mute turns off what it names and leaves the rest") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.say(bob, State{{true, true, false}});
    d.forget_all();
    d.say(ann, Mute{id_of("bob"), {true, false, true}});
    CHECK(d.heard(bob) == Lines{"muted ann mic screen", "member bob speaker place cam"});
    CHECK(d.heard(ann) == Lines{"member bob speaker place cam"});
    CHECK(d.done().empty());
    d.say(ann, Mute{id_of("bob"), {false, true, false}});
    CHECK(d.done() == Lines{"attach bob speaker"});
}

TEST_CASE("a demoted speaker is not live any more") {
    Driver d(broadcast());
    const auto ann = d.join("ann", true);
    const auto vic = d.join("vic");
    d.say(ann, SetRole{id_of("vic"), Role::speaker});
    d.say(vic, State{{true, true, true}});
    d.forget_all();
    d.say(ann, SetRole{id_of("vic"), Role::viewer});
    CHECK(d.heard(vic) == Lines{"member vic viewer place"});
    d.say(ann, SetRole{id_of("vic"), Role::viewer});
    CHECK(d.heard(vic).empty());
}

TEST_CASE("remove closes the connection; the person may join anew") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.forget_all();
    d.say(ann, Remove{id_of("bob")});
    CHECK(d.heard(bob) == Lines{"close removed"});
    CHECK(d.heard(ann) == Lines{"left bob removed"});
    CHECK(d.done() == Lines{"mark bob removed"});
    d.chat(bob, "n-1");
    CHECK(d.heard(bob) == Lines{"error not_joined"});
    Admission admission = d.admission_of("bob");
    admission.new_member_id = id_of("bobby");
    CHECK(d.is_open(d.join(admission)));
}

TEST_CASE("a ban holds for everybody with one of the keys, but never for the host") {
    Driver d;
    const auto with_keys = [&](const char* name, std::vector<std::string> keys, bool host = false) {
        Admission admission = d.admission_of(name);
        admission.ban_keys = std::move(keys);
        admission.host = host;
        return d.join(admission);
    };
    const auto ann = with_keys("ann", {"address:1", "client:a"}, true);
    const auto bob = with_keys("bob", {"address:1", "client:b"});
    const auto bot = with_keys("bot", {"address:2", "client:b"});
    const auto cem = with_keys("cem", {"address:2", "client:c"});
    const auto dan = with_keys("dan", {"address:1", "client:d"});
    d.forget_all();
    d.say(ann, Ban{id_of("bob")});
    CHECK(d.done() == Lines{"mark bob banned client:b", "mark bot removed"});
    CHECK(d.heard(bob) == Lines{"close banned"});
    CHECK(d.heard(bot) == Lines{"left bob banned", "close banned"});
    CHECK(d.heard(cem) == Lines{"left bob banned", "left bot banned"});
    CHECK(d.is_open(dan));
    CHECK(d.heard(with_keys("bo", {"address:9", "client:b"})) == Lines{"error banned join", "close refused"});
    CHECK(d.is_open(with_keys("eve", {"address:2"})));
}

TEST_CASE("an away member can be removed, banned and muted") {
    for (const ClientMessage& message : {ClientMessage(Remove{id_of("bob")}), ClientMessage(Ban{id_of("bob")})}) {
        Driver d;
        const auto ann = d.join("ann", true);
        d.disconnect(d.join("bob"));
        d.say(ann, Mute{id_of("bob"), {true, true, true}});
        d.say(ann, message);
        CHECK_FALSE(d.room.has_member(id_of("bob")));
        d.forget_all();
        d.advance(100);
        CHECK(d.heard(ann).empty());
    }
}

TEST_CASE("lock is told once and saved") {
    Driver d;
    const auto ann = d.join("ann", true);
    d.forget_all();
    d.say(ann, Lock{true});
    d.say(ann, Lock{true});
    CHECK(d.heard(ann) == Lines{"room locked"});
    CHECK(d.done() == Lines{"save locked"});
    CHECK(d.room.info().locked);
    d.say(ann, Lock{false});
    CHECK(d.heard(ann) == Lines{"room open"});
    CHECK(d.done() == Lines{"save"});
}

TEST_CASE("handover makes a new host with a new key") {
    Driver d;
    const auto ann = d.join("ann", true);
    const auto bob = d.join("bob");
    d.forget_all();
    d.say(ann, Handover{id_of("bob")});
    CHECK(d.heard(ann) == Lines{"member ann speaker place", "member bob host place"});
    CHECK(d.done() == Lines{"mark ann speaker", "mark bob host", "rotate " + std::to_string(bob), "attach ann speaker",
                            "attach bob host"});
    d.say(ann, Lock{true});
    CHECK(d.heard(ann) == Lines{"error not_allowed lock"});
    d.disconnect(ann);
    d.say(bob, Handover{id_of("ann")});
    CHECK(d.heard(bob).back() == "error member_unknown handover");
}
