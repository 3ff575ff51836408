#include "server/cluster/room_codec.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::cluster;

namespace {

room::SharedMember member() {
    room::SharedMember result;
    result.shown = {"ann0000000000000",  "Ann \"the\" host", signaling::Role::host, true, false,
                    {true, false, true}, 1764000000000};
    result.server = "server0000000001";
    result.connection = 0xffff'0000'0000'0001;
    result.invited = true;
    result.ban_keys = {"address:192.0.2.7", "client:0123456789abcdef0123456789abcdef"};
    return result;
}

room::Change change() {
    room::Change result;
    result.members.push_back({"ann0000000000000", 3, member()});
    result.members.push_back({"bob0000000000000", 2, std::nullopt});
    result.bans = {"address:192.0.2.9"};
    signaling::Record chat;
    chat.seq = 1;
    chat.at = 1764000000000;
    chat.from = "ann0000000000000";
    chat.name = "Ann";
    chat.text = "hello";
    result.records.push_back({chat, "nonce-0000000001"});
    result.records.push_back({chat, "nonce-0000000002"});
    result.words.push_back({"", signaling::Left{"bob0000000000000", signaling::LeftWhy::banned}});
    result.words.push_back({"bob0000000000000", signaling::CloseCode::banned});
    return result;
}

}  // namespace

TEST_CASE("a member is written in at most 200 bytes and read as it was") {
    room::SharedMember plain = member();
    plain.shown.name = "Ann";
    plain.ban_keys.pop_back();
    CHECK(encode_member(plain).size() <= 200);
    const auto read = decode_member("ann0000000000000", encode_member(member()));
    REQUIRE(read);
    CHECK(*read == member());
}

TEST_CASE("a change is told as it was decided, with the seqs that it was given") {
    store::RoomRow row;
    row.locked = true;
    row.epoch = "00000000000000af";
    row.host_key_hash = "abc";
    store::Told told;
    told.server = "server0000000001";
    told.revision = 7;
    told.rules = 6;
    told.records = {{41, false}, {12, true}};
    told.message = encode_change(change(), &row);
    const auto read = decode_change(told);
    REQUIRE(read);
    CHECK(read->told.revision == 7);
    CHECK(read->told.rules == 6);
    REQUIRE(read->told.members.size() == 2);
    CHECK(read->told.members[0].second == member());
    CHECK(!read->told.members[1].second);
    REQUIRE(read->told.records.size() == 1);  // the repeated one is there already
    CHECK(read->told.records[0].seq == 41);
    CHECK(read->told.records[0].text == "hello");
    CHECK(read->told.bans == change().bans);
    REQUIRE(read->told.words.size() == 2);
    CHECK(std::get<signaling::CloseCode>(read->told.words[1].what) == signaling::CloseCode::banned);
    REQUIRE(read->row);
    CHECK(read->row->locked);
    CHECK(read->row->epoch == row.epoch);
}

TEST_CASE("what is not of this form is nothing, and a newer form is known as one") {
    const char* const bad[] = {"",
                               "{",
                               "[]",
                               "{}",
                               "{\"v\":2}",
                               "{\"v\":\"1\"}",
                               "[1,\"Ann\"]",
                               "{\"v\":1,\"members\":[]}",
                               "{\"v\":1,\"words\":[[\"\",\"\",\"{}\"]]}",
                               "{\"v\":1,\"records\":[\"x\"]}"};
    for (const char* text : bad) {
        CAPTURE(text);
        store::Told told;
        told.message = text;
        CHECK(!decode_change(told));
        CHECK(!decode_member("ann0000000000000", text));
        CHECK(!decode_word(text));
    }
    CHECK(is_newer("{\"v\":2}"));
    CHECK(is_newer("[2,\"Ann\"]"));
    CHECK(!is_newer("{\"v\":1}"));
    CHECK(!is_newer("nonsense"));
    // Fields that a later server adds to this form are no reason not to understand it.
    store::Told told;
    told.message = "{\"v\":1,\"later\":[1,2]}";
    CHECK(decode_change(told));
}

TEST_CASE("a word reaches its member with its message") {
    const room::Word word{"bob0000000000000",
                          signaling::SignalFrom{"ann0000000000000", R"({"candidate":null,"call":0})"}};
    const auto read = decode_word(encode_word(word));
    REQUIRE(read);
    CHECK(read->to == word.to);
    const auto& message = std::get<signaling::ServerMessage>(read->what);
    CHECK(std::get<signaling::SignalFrom>(message).payload == R"({"candidate":null,"call":0})");
}
