// One room on two servers: what people hear on both, and what nobody may hear.
#include "tests/support/catch.h"
#include "tests/unit/room/call.h"

#include <algorithm>
#include <chrono>

using namespace waaft;
using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Ann is the host on server 0, Bob is on server 1, Cid on 0.
struct Three {
    explicit Three(RoomKind kind = RoomKind::call, Options options = {}) : call(kind, options) {
        ann = call.enter(0, "ann", true);
        bob = call.enter(1, "bob");
        cid = call.enter(0, "cid");
        call.forget_all();
    }
    Call call;
    At ann, bob, cid;
};

std::size_t places(const Call& call) {
    std::size_t count = 0;
    for (const auto& [id, member] : call.order.members()) count += member.first.shown.place ? 1 : 0;
    return count;
}

std::size_t count_of(const Lines& lines, const std::string& line) {
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

}  // namespace

TEST_CASE("who comes in on one server is seen on the other") {
    Call call;
    const At ann = call.enter(0, "ann", true);
    const At bob = call.enter(1, "bob");
    CHECK(call.heard(ann) == Lines{"welcome ann seq=0 [] (ann host place)", "joined bob speaker place"});
    CHECK(call.heard(bob) == Lines{"welcome bob seq=0 [] (ann host place, bob speaker place)"});
    call.tell(bob, Leave{});
    CHECK(call.heard(bob) == Lines{"close left"});
    CHECK(call.heard(ann) == Lines{"left bob left"});
}

TEST_CASE("people who come in together each hear of the other once") {
    Call call;
    const At ann = call.ask_to_enter(0, "ann");
    const At bob = call.ask_to_enter(0, "bob");
    const At cid = call.ask_to_enter(0, "cid");
    call.settle();
    CHECK(call.heard(ann) ==
          Lines{"welcome ann seq=0 [] (ann speaker place)", "joined bob speaker place", "joined cid speaker place"});
    const Lines welcome_bob{"welcome bob seq=0 [] (ann speaker place, bob speaker place, cid speaker place)"};
    CHECK(call.heard(bob) == welcome_bob);
    CHECK(call.heard(cid).size() == 1);
}

TEST_CASE("a join that is not decided yet can be withdrawn, and then nobody comes in") {
    Call call;
    const At ann = call.enter(0, "ann", true);
    const At bob = call.ask_to_enter(0, "bob");  // on its way to the store
    const At cid = call.ask_to_enter(0, "cid");
    CHECK(call.replica(0)->withdraw(cid.connection));
    CHECK_FALSE(call.replica(0)->withdraw(cid.connection));
    CHECK_FALSE(call.replica(0)->withdraw(bob.connection));
    CHECK_FALSE(call.replica(0)->withdraw(ann.connection));
    call.settle();
    CHECK(call.heard(bob) == Lines{"welcome bob seq=0 [] (ann host place, bob speaker place)"});
    CHECK(call.heard(cid).empty());
    CHECK(call.heard(ann).back() == "joined bob speaker place");
}

TEST_CASE("chat has one order and acks on both servers") {
    Three three;
    three.call.say(three.ann, Chat{"n-1", "one"});
    three.call.say(three.bob, Chat{"n-2", "two"});
    three.call.settle();
    CHECK(three.call.heard(three.ann) == Lines{"chat 1 ann one", "ack n-1 1", "chat 2 bob two"});
    CHECK(three.call.heard(three.bob) == Lines{"chat 1 ann one", "chat 2 bob two", "ack n-2 2"});
}

TEST_CASE("the log's changes are seen on both servers") {
    Three three;
    three.call.chat(three.ann, "n-1");
    three.call.chat(three.bob, "n-2");
    three.call.forget_all();
    three.call.tell(three.bob, React{"n-3", 1, "x", true});
    three.call.tell(three.ann, Delete{"n-4", 2});
    three.call.tell(three.ann, Erase{});
    CHECK(three.call.heard(three.bob) == Lines{"react 3 bob 1 +x", "ack n-3 3", "delete 4 ann 2", "erase 5 ann"});
    CHECK(three.call.heard(three.ann) == Lines{"react 3 bob 1 +x", "delete 4 ann 2", "ack n-4 4", "erase 5 ann"});
    CHECK(three.call.heard(three.call.enter(1, "dan")).front().find("seq=5 [] ") != std::string::npos);
}

TEST_CASE("a target that no server remembers is looked up") {
    Options options;
    options.tail_records_max = 2;
    Three three(RoomKind::call, options);
    for (const char* nonce : {"n-1", "n-2", "n-3"}) three.call.chat(three.ann, nonce);
    three.call.forget_all();
    three.call.tell(three.bob, React{"n-4", 1, "x", true});
    three.call.tell(three.bob, React{"n-5", 99, "x", true});
    CHECK(three.call.heard(three.bob) == Lines{"react 4 bob 1 +x", "ack n-4 4", "error target_unknown n-5"});
}

TEST_CASE("back on the other server: the old connection is replaced, and nobody hears of it") {
    Three three;
    three.call.chat(three.ann, "n-1");
    three.call.forget_all();
    const At again = three.call.come_back(0, "bob", 0);
    CHECK(three.call.heard(three.bob) == Lines{"close replaced"});
    CHECK(three.call.heard(again) == Lines{"welcome bob resumed seq=1 [chat 1 ann hi] (ann host place, bob speaker "
                                           "place, cid speaker place)"});
    CHECK(three.call.heard(three.ann) == Lines{});
    three.call.chat(three.ann, "n-2");
    CHECK(three.call.heard(again) == Lines{"chat 2 ann hi"});
    CHECK(three.call.heard(three.bob) == Lines{});
    three.call.advance(seconds(100));
    CHECK(three.call.heard(three.ann) == Lines{"chat 2 ann hi", "ack n-2 2"});
}

TEST_CASE("who came in on another server a moment ago is known here when they come back") {
    Call call;
    call.enter(0, "ann", true);
    call.hold(0);  // what the other server does is not told here yet
    call.enter(1, "bob");
    const At again = call.come_back(0, "bob", 0);
    CHECK(call.heard(again) == Lines{"welcome bob resumed seq=0 [] (ann host place, bob speaker place)"});
}

TEST_CASE("what a host does reaches people on other servers") {
    struct Case {
        std::string name;
        ClientMessage says;
        Lines bob, cid;
    };
    const std::string bob = id_of("bob");
    const std::vector<Case> cases{
        {"remove", Remove{bob}, {"close removed"}, {"left bob removed"}},
        {"ban", Ban{bob}, {"close banned"}, {"left bob banned"}},
        {"mute",
         Mute{bob, {true, false, false}},
         {"muted ann mic", "member bob speaker place cam"},
         {"member bob speaker place cam"}},
        {"role", SetRole{bob, Role::viewer}, {"member bob viewer place"}, {"member bob viewer place"}},
        {"handover",
         Handover{bob},
         {"hostKey", "member ann speaker place", "member bob host place mic cam"},
         {"member ann speaker place", "member bob host place mic cam"}},
        {"lock", Lock{true}, {"room locked"}, {"room locked"}},
        {"end", End{}, {"close ended"}, {"close ended"}},
    };
    for (const Case& each : cases) {
        INFO(each.name);
        Three three;
        three.call.tell(three.bob, State{{true, true, false}});
        three.call.forget_all();
        three.call.tell(three.ann, each.says);
        CHECK(three.call.heard(three.bob) == each.bob);
        CHECK(three.call.heard(three.cid) == each.cid);
        CHECK((three.call.replica(0) == nullptr) == (each.name == "end"));
    }
}

TEST_CASE("what is done on one server counts on the other") {
    Three three;
    three.call.tell(three.ann, Ban{id_of("bob")});
    CHECK(three.call.heard(three.call.enter(0, "bob")) == Lines{"error banned join", "close refused"});
    CHECK(three.call.heard(three.call.enter(1, "bob")) == Lines{"error banned join", "close refused"});
    CHECK(three.call.heard(three.call.come_back(1, "bob")) == Lines{"error banned join", "close refused"});
    three.call.tell(three.ann, Lock{true});
    CHECK(three.call.heard(three.call.enter(1, "eve")) == Lines{"error room_locked join", "close refused"});
    three.call.tell(three.ann, End{});
    CHECK(three.call.heard(three.call.enter(1, "eve")) == Lines{"error room_unknown join", "close refused"});
}

TEST_CASE("a guest of a broadcast is invited and speaks on another server") {
    Three three(RoomKind::broadcast);
    three.call.tell(three.ann, Invite{id_of("bob")});
    CHECK(three.call.heard(three.bob) == Lines{"invited ann"});
    three.call.tell(three.bob, Accept{});
    CHECK(three.call.heard(three.cid) == Lines{"member bob speaker place"});
    three.call.tell(three.bob, Decline{});
    CHECK(three.call.heard(three.ann) == Lines{"member bob speaker place", "member bob viewer place"});
}

TEST_CASE("signaling goes from server to server") {
    Three three;
    three.call.tell(three.ann, Signal{id_of("bob"), "{}"});
    three.call.tell(three.bob, Signal{id_of("cid"), "{}"});
    CHECK(three.call.heard(three.bob) == Lines{"signal ann {}"});
    CHECK(three.call.heard(three.cid) == Lines{"signal bob {}"});
}

TEST_CASE("people who come in on two servers at once share the places") {
    Options options;
    options.mesh_max = 4;
    Call call(RoomKind::call, options);
    for (const char* name : {"ann", "bob", "cid"}) {
        call.ask_to_enter(0, name);
        call.ask_to_enter(1, std::string(name) + "x");
    }
    call.settle();
    CHECK(call.order.members().size() == 6);
    CHECK(places(call) == 4);
}

TEST_CASE("members_max counts the people of all servers, and the host comes in always") {
    Options options;
    options.members_max = 3;
    options.mesh_max = 1;
    Call call(RoomKind::call, options);
    std::vector<At> people;
    for (const char* name : {"ann", "bob"}) {
        people.push_back(call.ask_to_enter(0, name));
        people.push_back(call.ask_to_enter(1, std::string(name) + "x"));
    }
    call.settle();
    CHECK(call.order.members().size() == 3);
    std::size_t refused = 0;
    for (const At& at : people) refused += count_of(call.heard(at), "error room_full join");
    CHECK(refused == 1);
    const At host = call.ask_to_enter(0, "hal", true);
    const At late = call.ask_to_enter(1, "lea");
    call.settle();
    CHECK(call.order.members().size() == 4);
    CHECK(call.heard(host).size() == 1);
    CHECK(call.heard(late) == Lines{"error room_full join", "close refused"});
}

TEST_CASE("no post of a banned member comes after the ban") {
    for (const bool post_is_first : {true, false}) {
        Three three;
        if (post_is_first) three.call.say(three.bob, Chat{"n-1", "hi"});
        three.call.say(three.ann, Ban{id_of("bob")});
        if (!post_is_first) three.call.say(three.bob, Chat{"n-1", "hi"});
        three.call.settle();
        const Lines with_post{"chat 1 bob hi", "left bob banned"};
        CHECK(three.call.heard(three.cid) == (post_is_first ? with_post : Lines{"left bob banned"}));
        CHECK(three.call.order.log().size() == (post_is_first ? 1 : 0));
    }
}

TEST_CASE("a lock and somebody who comes in: one is first") {
    for (const bool join_is_first : {true, false}) {
        Three three;
        At dan;
        if (join_is_first) dan = three.call.ask_to_enter(1, "dan");
        three.call.say(three.ann, Lock{true});
        if (!join_is_first) dan = three.call.ask_to_enter(1, "dan");
        three.call.settle();
        const Lines refused{"error room_locked join", "close refused"};
        const Lines heard = three.call.heard(dan);
        CHECK((heard == refused) == !join_is_first);
        const Lines with_dan{"joined dan speaker place", "room locked"};
        CHECK(three.call.heard(three.cid) == (join_is_first ? with_dan : Lines{"room locked"}));
    }
}

TEST_CASE("a place that becomes free goes to somebody whom another server let in meanwhile") {
    Options options;
    options.mesh_max = 3;
    Three three(RoomKind::call, options);
    three.call.ask_to_enter(1, "dan");
    three.call.say(three.cid, Leave{});
    three.call.settle();
    CHECK(places(three.call) == 3);
    CHECK(three.call.heard(three.ann) == Lines{"joined dan speaker", "left cid left", "member dan speaker place"});
}

TEST_CASE("an end that others overtake holds up nobody") {
    Three three;
    const At eve = three.call.ask_to_enter(1, "eve", true);
    three.call.say(three.ann, End{});
    three.call.say(three.cid, Chat{"n-1", "hi"});
    const At dan = three.call.ask_to_enter(0, "dan");
    three.call.settle();
    CHECK(three.call.heard(three.cid) == Lines{"joined eve host place", "member ann speaker place",
                                               "joined dan speaker place", "chat 1 cid hi", "ack n-1 1"});
    CHECK(three.call.heard(dan).size() == 2);
    CHECK(count_of(three.call.heard(three.ann), "error not_allowed end") == 1);
    CHECK(three.call.is_open(eve));
}

TEST_CASE("who comes in while the room ends is told so") {
    Three three;
    three.call.say(three.ann, End{});
    const At dan = three.call.ask_to_enter(0, "dan");
    const At eve = three.call.ask_to_enter(1, "eve");
    three.call.settle();
    CHECK(three.call.heard(dan) == Lines{"error room_ended join", "close refused"});
    CHECK(three.call.heard(eve) == Lines{"error room_ended join", "close refused"});
}

TEST_CASE("people of a server that died are away, and come back elsewhere or leave once") {
    for (const bool comes_back : {true, false}) {
        Three three;
        three.call.advance(seconds(10));
        three.call.kill(1);
        three.call.advance(seconds(15));
        CHECK(three.call.heard(three.ann) == Lines{"member bob speaker place away"});
        if (comes_back) three.call.come_back(0, "bob");
        three.call.advance(seconds(100));
        CHECK(three.call.heard(three.ann) == Lines{comes_back ? "member bob speaker place" : "left bob lost"});
    }
}

TEST_CASE("two servers that see a third one die take its people once") {
    Call call(RoomKind::call, {}, 3);
    const At ann = call.enter(0, "ann");
    const At bob = call.enter(1, "bob");
    call.enter(2, "cid");
    call.disconnect(call.enter(2, "dan"));
    call.advance(seconds(10));
    call.forget_all();
    call.kill(2);
    call.advance(seconds(100));
    CHECK(count_of(call.heard(ann), "left cid lost") == 1);
    const Lines lines = call.heard(bob);
    CHECK(count_of(lines, "left cid lost") == 1);
    CHECK(count_of(lines, "left dan lost") == 1);
}

TEST_CASE("a server that was taken for dead closes the connections that others took over") {
    Three three;
    three.call.advance(seconds(10));
    three.call.pause(1);
    three.call.advance(seconds(20));
    three.call.forget_all();
    three.call.go_on(1);
    three.call.settle();
    CHECK(three.call.heard(three.bob).back() == "close busy");
    three.call.come_back(1, "bob");
    three.call.advance(seconds(100));
    CHECK(three.call.heard(three.ann) == Lines{"member bob speaker place"});
}

TEST_CASE("people hear that the store is away, and what they say then is taken once it is back") {
    Three three;
    three.call.drop_link(1);
    three.call.settle();
    three.call.chat(three.bob, "n-1");
    three.call.chat(three.ann, "n-2");
    CHECK(three.call.heard(three.bob) == Lines{"waiting"});
    three.call.restore_link(1);
    three.call.settle();
    CHECK(three.call.heard(three.bob) == Lines{"waiting no more", "chat 1 ann hi", "chat 2 bob hi", "ack n-1 2"});
    CHECK(three.call.heard(three.ann) == Lines{"chat 1 ann hi", "ack n-2 1", "chat 2 bob hi"});
    CHECK(three.call.order.log().size() == 2);
}

TEST_CASE("a change whose answer is lost is taken once") {
    for (const int hops : {0, 1}) {
        Three three;
        three.call.say(three.bob, Chat{"n-1", "hi"});
        const At dan = three.call.ask_to_enter(1, "dan");
        const At eve = three.call.ask_to_enter(0, "eve");
        three.call.advance(milliseconds(hops));
        three.call.drop_link(1);
        three.call.settle();
        three.call.restore_link(1);
        three.call.settle();
        CHECK(three.call.order.log().size() == 1);
        const Lines bob = three.call.heard(three.bob);
        CHECK(count_of(bob, "chat 1 bob hi") == 1);
        CHECK(count_of(bob, "ack n-1 1") == 1);
        CHECK(count_of(bob, "joined dan speaker place") == 1);
        CHECK(count_of(bob, "joined eve speaker place") == 1);
        CHECK(three.call.heard(dan).front().rfind("welcome dan", 0) == 0);
        CHECK(count_of(three.call.heard(eve), "joined dan speaker place") == 1);
    }
}

TEST_CASE("somebody who comes in while the answer is lost hears the welcome first") {
    Three three;
    const At dan = three.call.ask_to_enter(1, "dan");
    three.call.advance(milliseconds(1));
    three.call.drop_link(1);
    three.call.settle();
    three.call.chat(three.ann, "n-1");
    three.call.restore_link(1);
    three.call.settle();
    CHECK(three.call.heard(dan) == Lines{"welcome dan seq=1 [chat 1 ann hi] (ann host place, bob speaker place, cid "
                                         "speaker place, dan speaker place)"});
}

TEST_CASE("somebody who was let in and removed before anybody here knew is not left waiting") {
    Three three;
    const At dan = three.call.ask_to_enter(1, "dan");
    three.call.advance(milliseconds(1));
    three.call.drop_link(1);
    three.call.settle();
    three.call.tell(three.ann, Remove{id_of("dan")});
    three.call.restore_link(1);
    three.call.settle();
    CHECK_FALSE(three.call.is_open(dan));
}

TEST_CASE("a post that comes again on another server has its ack and is shown once") {
    Three three;
    three.call.chat(three.bob, "n-1");
    const At again = three.call.come_back(0, "bob", 1);
    three.call.forget_all();
    three.call.chat(again, "n-1");
    CHECK(three.call.heard(again) == Lines{"ack n-1 1"});
    CHECK(three.call.heard(three.ann) == Lines{});
    CHECK(three.call.order.log().size() == 1);
}

TEST_CASE("a log that lost its end has a new epoch, and everybody comes back to it") {
    Three three;
    three.call.chat(three.ann, "n-1");
    const SharedOrder older = three.call.order;
    three.call.chat(three.ann, "n-2");
    three.call.chat(three.bob, "n-3");
    three.call.forget_all();
    three.call.fail_over(older);
    three.call.settle();
    three.call.restore_link(0);
    three.call.restore_link(1);
    three.call.settle();
    for (const At at : {three.ann, three.bob, three.cid}) CHECK(three.call.heard(at).back() == "close busy");
    CHECK(three.call.order.settings().epoch != epoch);
    CHECK(three.call.heard(three.call.come_back(1, "bob", 3)) ==
          Lines{"welcome bob resumed seq=1 [chat 1 ann hi] gap=1-1 (ann host place, bob speaker place, cid speaker "
                "place)"});
}

TEST_CASE("what happens right after a failover is not taken for what was lost") {
    Three three;
    const SharedOrder older = three.call.order;
    for (const char* nonce : {"n-1", "n-2", "n-3"}) three.call.chat(three.ann, nonce);
    three.call.fail_over(older);
    three.call.settle();
    three.call.restore_link(0);
    three.call.settle();
    const At dan = three.call.enter(0, "dan");
    three.call.chat(dan, "n-4");
    three.call.restore_link(1);
    three.call.settle();
    const At bob = three.call.come_back(1, "bob", 3);
    CHECK(three.call.heard(bob).front().find("[chat 1 dan hi] gap=1-1") != std::string::npos);
}

TEST_CASE("a connection that was lost stays lost when the store goes back to before that") {
    Three three;
    const SharedOrder older = three.call.order;
    three.call.disconnect(three.bob);
    three.call.settle();
    three.call.fail_over(older);
    three.call.settle();
    three.call.restore_link(0);
    three.call.restore_link(1);
    three.call.settle();
    const At ann = three.call.come_back(0, "ann", 0);
    three.call.advance(seconds(100));
    CHECK(count_of(three.call.heard(ann), "left bob lost") == 1);
}

TEST_CASE("a room that is gone has ended") {
    Three three;
    Change ends;
    ends.number = 1;
    const Snapshot known = *three.call.order.read();
    ends.rules = known.rules;
    ends.epoch = known.settings.epoch;
    ends.ends = true;
    three.call.order.commit("somebody", ends, three.call.now.wall);
    three.call.chat(three.bob, "n-1");
    CHECK(three.call.heard(three.bob) == Lines{"close ended"});
    three.call.drop_link(0);
    three.call.restore_link(0);
    three.call.settle();
    CHECK(three.call.heard(three.ann).back() == "close ended");
}

TEST_CASE("while the store has no room for more, posts are refused and nothing is shown") {
    Three three;
    three.call.order.memory_is_full = true;
    three.call.say(three.bob, Chat{"n-1", "hi"});
    const At dan = three.call.ask_to_enter(1, "dan");
    three.call.settle();
    CHECK(three.call.heard(three.bob) == Lines{"error chat_unavailable n-1"});
    three.call.settle();
    three.call.advance(seconds(2));
    CHECK(three.call.heard(dan) == Lines{"close busy"});
    CHECK(three.call.heard(three.ann) == Lines{});
    three.call.order.memory_is_full = false;
    three.call.advance(seconds(2));
    three.call.chat(three.bob, "n-1");
    CHECK(three.call.heard(three.bob) == Lines{"chat 1 bob hi", "ack n-1 1"});
}

TEST_CASE("what follows a refused post is refused with it, so that it does not overtake it") {
    Three three;
    three.call.order.memory_is_full = true;
    three.call.say(three.bob, Chat{"n-1", "first"});
    three.call.say(three.bob, Chat{"n-2", "second"});
    three.call.settle();
    three.call.order.memory_is_full = false;
    three.call.advance(seconds(2));
    CHECK(three.call.heard(three.bob) == Lines{"error chat_unavailable n-1", "error chat_unavailable n-2"});
    three.call.say(three.bob, Chat{"n-1", "first"});
    three.call.say(three.bob, Chat{"n-2", "second"});
    three.call.settle();
    CHECK(three.call.heard(three.bob) == Lines{"chat 1 bob first", "ack n-1 1", "chat 2 bob second", "ack n-2 2"});
}

TEST_CASE("a change that is not told is found missing half a second after a later one") {
    Three three;
    three.call.hold(1);
    three.call.chat(three.ann, "n-1");
    three.call.lose_held(1);
    three.call.chat(three.ann, "n-2");
    CHECK(three.call.heard(three.bob) == Lines{});
    const std::size_t before = three.call.reads();
    three.call.advance(milliseconds(300));
    CHECK(three.call.reads() == before);
    three.call.advance(milliseconds(200));
    CHECK(three.call.reads() == before + 1);
    CHECK(three.call.heard(three.bob) == Lines{"chat 1 ann hi", "chat 2 ann hi"});
}

TEST_CASE("a server that missed the last change learns of it when its own is refused") {
    Three three;
    three.call.hold(1);
    three.call.tell(three.ann, Lock{true});
    three.call.lose_held(1);
    three.call.chat(three.bob, "n-1");
    CHECK(three.call.heard(three.bob) == Lines{});
    three.call.advance(seconds(1));
    CHECK(three.call.heard(three.bob) == Lines{"room locked", "chat 1 bob hi", "ack n-1 1"});
}

TEST_CASE("a server that believes something wrong reads the room again when it is refused for it") {
    Three three;
    Told wrong;
    wrong.server = "somebody";
    wrong.revision = three.call.order.revision() + 1;
    wrong.rules = wrong.revision;
    three.call.replica(1)->on_told(wrong, three.call.now);
    three.call.chat(three.ann, "n-1");
    three.call.chat(three.bob, "n-2");
    CHECK(three.call.heard(three.bob) == Lines{"chat 1 ann hi", "chat 2 bob hi", "ack n-2 2"});
}

TEST_CASE("a room that is only looked at ends nowhere") {
    Call call;
    call.enter(0, "ann");
    const Replica::Randoms randoms{[] { return std::string(); }, [] { return std::string(); }};
    const Replica looking("s9", {}, *call.order.read(), randoms, call.now);
    CHECK(looking.deadline() == std::nullopt);
    CHECK(looking.idle());
}

TEST_CASE("a room that nobody uses for long is left to the store") {
    Three three;
    for (const At at : {three.ann, three.bob, three.cid}) three.call.tell(at, Leave{});
    three.call.advance(std::chrono::hours(3));
    CHECK_FALSE(three.call.order.has_ended());
    CHECK(three.call.forget_if_idle(1));
    CHECK(three.call.heard(three.call.enter(1, "bob")).size() == 1);
}
