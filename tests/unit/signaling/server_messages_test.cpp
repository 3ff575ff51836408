#include "server/signaling/codec.h"
#include "server/signaling/wire_size.h"
#include "tests/support/catch.h"

#include <set>
#include <string>
#include <vector>

using namespace waaft::signaling;

namespace {

struct Row {
    ServerMessage message;
    std::string json;
};

Member ann() { return {"aaaaaaaaaaaaaaaa", "Ann", Role::host, true, false, {true, false, true}, 1700000000000}; }

const std::string ann_json = R"({"id":"aaaaaaaaaaaaaaaa","name":"Ann","role":"host","place":true,"away":false,)"
                             R"("live":{"mic":true,"cam":false,"screen":true},"joined":1700000000000})";

const std::string room_json = R"({"id":"blue-sky","kind":"broadcast","locked":true,"password":false,)"
                              R"("meshMax":6,"membersMax":1000})";

Record chat() {
    Record record;
    record.seq = 4;
    record.at = 1700000000001;
    record.from = "aaaaaaaaaaaaaaaa";
    record.name = "Ann";
    record.text = "a \"quoted\" \\ line\nand \x01 more 😀";
    return record;
}

const std::string chat_json = R"({"t":"chat","seq":4,"at":1700000000001,"from":"aaaaaaaaaaaaaaaa","name":"Ann",)"
                              R"("text":"a \"quoted\" \\ line\nand \u0001 more 😀"})";

Record reacted() {
    Record record = chat();
    record.text = "";
    record.deleted = true;
    record.reactions = {{"x", {"bbbbbbbbbbbbbbbb"}}, {"y", {"bbbbbbbbbbbbbbbb", "cccccccccccccccc"}}};
    return record;
}

const std::string reacted_json = R"({"t":"chat","seq":4,"at":1700000000001,"from":"aaaaaaaaaaaaaaaa","name":"Ann",)"
                                 R"("text":"","reactions":{"x":["bbbbbbbbbbbbbbbb"],)"
                                 R"("y":["bbbbbbbbbbbbbbbb","cccccccccccccccc"]},"deleted":true})";

Record record_of(Record::Kind kind) {
    Record record;
    record.kind = kind;
    record.seq = 9;
    record.at = 5;
    record.from = "aaaaaaaaaaaaaaaa";
    if (kind != Record::Kind::erase) {
        record.target = 4;
    }
    if (kind == Record::Kind::react) {
        record.emoji = "👍";
        record.on = true;
    }
    return record;
}

const RoomInfo room{"blue-sky", RoomKind::broadcast, true, false, 6, 1000};
const Ice ice{{{{"stun:192.0.2.1:3000"}, "", ""}, {{"turn:a", "turns:b"}, "user", "secret"}}, true};
const std::string ice_json = R"({"iceServers":[{"urls":["stun:192.0.2.1:3000"]},)"
                             R"({"urls":["turn:a","turns:b"],"username":"user","credential":"secret"}],)"
                             R"("iceTransportPolicy":"relay"})";

std::vector<Row> rows() {
    Welcome welcome{"aaaaaaaaaaaaaaaa",
                    "tok.en",
                    true,
                    room,
                    "00000000000000af",
                    9,
                    {ann()},
                    {reacted(), record_of(Record::Kind::react)},
                    true,
                    Gap{2, 3},
                    ice,
                    {4096, 65536, 50}};
    Welcome fresh{"aaaaaaaaaaaaaaaa", "", false, room, "00000000000000af", 0, {}, {}, false, std::nullopt, {}, {}};
    return {
        {welcome, R"({"t":"welcome","v":1,"you":"aaaaaaaaaaaaaaaa","resume":"tok.en","resumed":true,"room":)" +
                      room_json + R"(,"epoch":"00000000000000af","seq":9,"members":[)" + ann_json + R"(],"items":[)" +
                      reacted_json +
                      R"(,{"t":"react","seq":9,"at":5,"from":"aaaaaaaaaaaaaaaa","target":4,"emoji":"👍","on":true}],)"
                      R"("more":true,"gap":{"from":2,"to":3},"ice":)" +
                      ice_json + R"(,"limits":{"textBytes":4096,"messageBytes":65536,"messagesPerSecond":50}})"},
        {fresh, R"({"t":"welcome","v":1,"you":"aaaaaaaaaaaaaaaa","resume":"","resumed":false,"room":)" + room_json +
                    R"(,"epoch":"00000000000000af","seq":0,"members":[],"items":[],"more":false,)"
                    R"("ice":{"iceServers":[],"iceTransportPolicy":"all"},)"
                    R"("limits":{"textBytes":0,"messageBytes":0,"messagesPerSecond":0}})"},
        {Joined{ann()}, R"({"t":"joined","member":)" + ann_json + "}"},
        {MemberChanged{ann()}, R"({"t":"member","member":)" + ann_json + "}"},
        {Left{"aaaaaaaaaaaaaaaa", LeftWhy::lost}, R"({"t":"left","id":"aaaaaaaaaaaaaaaa","why":"lost"})"},
        {RoomChanged{room}, R"({"t":"room","room":)" + room_json + "}"},
        {RecordAdded{chat()}, chat_json},
        {RecordAdded{record_of(Record::Kind::remove)},
         R"({"t":"delete","seq":9,"at":5,"from":"aaaaaaaaaaaaaaaa","target":4})"},
        {RecordAdded{record_of(Record::Kind::erase)}, R"({"t":"erase","seq":9,"at":5,"from":"aaaaaaaaaaaaaaaa"})"},
        {Ack{"n-000001", "00000000000000af", 9},
         R"({"t":"ack","nonce":"n-000001","epoch":"00000000000000af","seq":9})"},
        {History{5, {chat()}, true}, R"({"t":"history","before":5,"items":[)" + chat_json + R"(],"more":true})"},
        {SignalFrom{"aaaaaaaaaaaaaaaa", R"({"candidate":null,"call":3})"},
         R"({"t":"signal","from":"aaaaaaaaaaaaaaaa","candidate":null,"call":3})"},
        {Invited{"aaaaaaaaaaaaaaaa"}, R"({"t":"invited","by":"aaaaaaaaaaaaaaaa"})"},
        {Muted{"aaaaaaaaaaaaaaaa", {true, false, false}},
         R"({"t":"muted","by":"aaaaaaaaaaaaaaaa","mic":true,"cam":false,"screen":false})"},
        {HostKey{"key"}, R"({"t":"hostKey","key":"key"})"},
        {Resume{"a.b"}, R"({"t":"resume","token":"a.b"})"},
        {Ping{44000}, R"({"t":"ping","within":44000})"},
        {Restarting{1500}, R"({"t":"restarting","retryMs":1500})"},
        {Restarting{1500, true}, R"({"t":"restarting","retryMs":1500,"move":true})"},
        {Waiting{true}, R"({"t":"waiting","on":true})"},
        {Bye{CloseCode::slow},
         R"({"t":"bye","code":"slow","message":"The connection was too slow to keep up.","retry":true})"},
        {Bye{CloseCode::busy, 1700},
         R"({"t":"bye","code":"busy","message":"The server is too busy for this connection.","retry":true,)"
         R"("retryMs":1700})"},
        {ErrorMessage{ErrorCode::room_full, "", ""},
         R"({"t":"error","code":"room_full","message":"The room is full."})"},
        {ErrorMessage{ErrorCode::bad_message, "on: expected true or false", "lock"},
         R"({"t":"error","code":"bad_message","message":"The message is not valid. on: expected true or false",)"
         R"("re":"lock"})"},
    };
}

}  // namespace

TEST_CASE("every server message is written as PROTOCOL.md says, and read again") {
    for (const Row& row : rows()) {
        INFO(row.json);
        CHECK(encode(row.message) == row.json);
        const auto message = decode_server(row.json);
        REQUIRE(message.has_value());
        CHECK(message->index() == row.message.index());
        CHECK(encode(*message) == row.json);
    }
}

TEST_CASE("a server message that is cut or lacks a field is refused") {
    for (const Row& row : rows()) {
        CHECK(decode_server(std::string_view(row.json).substr(0, row.json.size() - 1)).has_error());
    }
    for (const char* json : {R"({"t":"left","id":"a","why":"bored"})", R"({"t":"ack","nonce":"a","seq":1})",
                             R"({"t":"joined","member":{}})", R"({"t":"joined"})", R"({"t":"nonsense"})", "[]",
                             R"({"t":"history","before":1,"items":[1],"more":false})",
                             R"({"t":"chat","seq":1,"at":1,"from":"a","name":"b","text":"c","reactions":{"x":[1]}})"}) {
        INFO(json);
        CHECK(decode_server(json).has_error());
    }
}

TEST_CASE("records and ICE servers look the same in REST answers") {
    CHECK(encode_records({}) == "[]");
    CHECK(encode_records({chat(), reacted()}) == "[" + chat_json + "," + reacted_json + "]");
    CHECK(encode_ice(ice) == ice_json);
}

TEST_CASE("every code has a name of its own and a sentence") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ErrorCode::busy); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        CHECK(names.insert(to_string(code)).second);
        CHECK(sentence(code).ends_with('.'));
        CHECK(parse_error_code(to_string(code)) == code);
    }
    const std::vector<std::pair<int, bool>> closes{{1002, false}, {1007, false}, {1009, false}, {1012, true},
                                                   {4000, false}, {4001, true},  {4002, true},  {4003, false},
                                                   {4004, false}, {4005, false}, {4006, false}, {4007, false},
                                                   {4008, true},  {4009, false}, {4010, false}, {4011, true}};
    for (const auto& [number, retry] : closes) {
        const auto code = static_cast<CloseCode>(number);
        INFO(number);
        CHECK(retry_makes_sense(code) == retry);
        CHECK(parse_close_code(to_string(code)) == code);
        CHECK(sentence(code).ends_with('.'));
    }
    CHECK_FALSE(parse_role("boss"));
    CHECK_FALSE(parse_room_kind(""));
}

TEST_CASE("a size that is told without writing is never too small, and close") {
    const auto record_of = [](const std::string& text) {
        Record record = chat();
        record.text = text;
        return record;
    };
    std::vector<Record> records{record_of(""),
                                record_of("plain"),
                                record_of(std::string(4000, '"')),
                                record_of(std::string(500, '\x01')),
                                record_of("\n\r\t\\"),
                                reacted()};
    Record react = chat();
    react.kind = Record::Kind::react;
    react.emoji = "👍";
    react.seq = react.target = 18446744073709551615U;
    react.at = -9223372036854775807;
    records.push_back(react);
    for (const Record& record : records) {
        const std::size_t written = encode(ServerMessage(RecordAdded{record})).size();
        CAPTURE(record.text.substr(0, 20));
        CHECK(wire_size(record) >= written);
        CHECK(wire_size(record) <= written + 250);
    }
    Member member = ann();
    member.name = std::string(64, '"');
    member.joined = -9223372036854775807;
    const std::size_t written = encode(ServerMessage(Joined{member})).size();
    CHECK(wire_size(member) + 24 >= written);
    CHECK(wire_size(member) <= written + 100);
}
