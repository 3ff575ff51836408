#include "server/signaling/codec.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

using namespace waaft::signaling;

namespace {

constexpr std::uint32_t text_max = 100;

struct Good {
    std::string json;
    std::string canonical;  // what encode() makes of it; empty: the same
};

struct Bad {
    std::string json;
    ErrorCode code;
    std::string detail;  // how it begins
    std::string re;
};

std::string join_with(const std::string& field) {
    return R"({"t":"join","room":"blue-sky","name":"Ann",)" + field + "}";
}

std::string chat_with(const std::string& text) { return R"({"t":"chat","nonce":"n-000001","text":")" + text + "\"}"; }

std::string signal_with(const std::string& fields) {
    return R"({"t":"signal","to":"aaaaaaaaaaaaaaaa",)" + fields + "}";
}

std::string candidate_with(const std::string& fields) {
    return signal_with(R"("candidate":{)" + fields + R"(},"call":0)");
}

std::string deep(int levels) {
    return R"({"t":"leave","x":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
}

}  // namespace

TEST_CASE("every client message is read, and written again as it was") {
    const std::vector<Good> table{
        {R"({"t":"join","room":"blue-sky","name":"Ann"})", ""},
        {R"({"t":"join","room":"abc","name":"Ann","hostKey":"k","password":"p w","link":"a.b","resume":"c.d",)"
         R"("client":"0123456789abcdef","seen":{"epoch":"00000000000000af","seq":7}})",
         ""},
        {R"({"t":"join","room":"blue-sky","name":"  Ann \t","password":null,"seen":null})",
         R"({"t":"join","room":"blue-sky","name":"Ann"})"},
        {chat_with("hello"), ""},
        {chat_with(R"(a\nb\t\"c\" \\ é 😀)"), ""},
        {chat_with(R"(\u0061\u00e9\ud83d\ude00)"), chat_with("aé😀")},
        {R"({"text":"x","nonce":"n-000001","more":{"a":[1,2.5]},"t":"chat"})", chat_with("x")},
        {R"({"t":"delete","nonce":"n-000001","target":9007199254740991})", ""},
        {R"({"t":"react","nonce":"n-000001","target":1,"emoji":"👍🏽","on":true})", ""},
        {R"({"t":"history","before":1,"limit":100})", ""},
        {signal_with(R"("description":{"type":"offer","sdp":"v=0\r\n"},"call":2147483647)"), ""},
        {signal_with(R"("description":{"type":"answer","sdp":"v=0\r\n","x":1},"y":2,"call":0)"),
         signal_with(R"("description":{"type":"answer","sdp":"v=0\r\n"},"call":0)")},
        {signal_with(R"("description":{"type":"rollback"},"call":0)"),
         signal_with(R"("description":{"type":"rollback","sdp":""},"call":0)")},
        {candidate_with(R"("candidate":"candidate:1 1 UDP 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":255,)"
                        R"("usernameFragment":"abcd")"),
         ""},
        {candidate_with(R"("candidate":"")"), candidate_with(R"("candidate":"","sdpMid":null,"sdpMLineIndex":null)")},
        {signal_with(R"("candidate":null,"call":3)"), ""},
        {R"({"t":"state","mic":true,"cam":false,"screen":true})", ""},
        {R"({"t":"accept"})", ""},
        {R"({"t":"decline"})", ""},
        {R"({"t":"invite","member":"aaaaaaaaaaaaaaaa"})", ""},
        {R"({"t":"role","member":"aaaaaaaaaaaaaaaa","role":"speaker"})", ""},
        {R"({"t":"mute","member":"aaaaaaaaaaaaaaaa","mic":false,"cam":true,"screen":false})", ""},
        {R"({"t":"remove","member":"aaaaaaaaaaaaaaaa"})", ""},
        {R"({"t":"ban","member":"aaaaaaaaaaaaaaaa"})", ""},
        {R"({"t":"lock","on":false})", ""},
        {R"({"t":"handover","member":"aaaaaaaaaaaaaaaa"})", ""},
        {R"({"t":"erase"})", ""},
        {R"({"t":"end"})", ""},
        {R"({"t":"leave"})", ""},
        {R"({"t":"pong"})", ""},
        {R"( {"t" : "chat", "t" : "pong"} )", R"({"t":"pong"})"},
        {deep(7), R"({"t":"leave"})"},
        {chat_with(std::string(text_max, 'x')), ""},
    };
    for (const Good& row : table) {
        INFO(row.json);
        const auto message = decode(row.json, text_max);
        REQUIRE(message.has_value());
        CHECK(encode(*message) == (row.canonical.empty() ? row.json : row.canonical));
    }
}

TEST_CASE("a message that is not as the protocol says names the field and what was expected") {
    const auto bad = ErrorCode::bad_message;
    const std::vector<Bad> table{
        {"", bad, "not JSON", ""},
        {"{", bad, "not JSON", ""},
        {R"({"t":"leave"}x)", bad, "not JSON", ""},
        {"{\"t\":\"leave\xff\"}", bad, "not JSON", ""},
        {"{\"t\":\"leave\n\"}", bad, "not JSON", ""},
        {deep(8), bad, "not JSON", ""},
        {"[]", bad, "expected an object", ""},
        {"null", bad, "expected an object", ""},
        {"{}", bad, "t: expected", ""},
        {R"({"t":1})", bad, "t: expected", ""},
        {R"({"t":"dance"})", ErrorCode::unknown_message, "t: expected", "dance"},
        {R"({"t":"Chat"})", ErrorCode::unknown_message, "t: expected", "Chat"},
        {R"({"t":"a b"})", ErrorCode::unknown_message, "t: expected", ""},
        {R"({"t":"welcome"})", ErrorCode::unknown_message, "t: expected", "welcome"},

        {R"({"t":"join","name":"Ann"})", bad, "room: expected", "join"},
        {R"({"t":"join","room":"ab","name":"Ann"})", bad, "room: expected", "join"},
        {R"({"t":"join","room":"Blue","name":"Ann"})", bad, "room: expected", "join"},
        {R"({"t":"join","room":"blue-sky"})", bad, "name: expected", "join"},
        {R"({"t":"join","room":"blue-sky","name":7})", bad, "name: expected", "join"},
        {R"({"t":"join","room":"blue-sky","name":" "})", ErrorCode::name_bad, "name: expected", "join"},
        {R"({"t":"join","room":"blue-sky","name":"A\u202eb"})", ErrorCode::name_bad, "name: expected", "join"},
        {join_with(R"("hostKey":"")"), bad, "hostKey: expected", "join"},
        {join_with(R"("hostKey":"a b")"), bad, "hostKey: expected", "join"},
        {join_with(R"("password":"a\nb")"), bad, "password: expected", "join"},
        {join_with(R"("password":")" + std::string(257, 'p') + "\""), bad, "password: expected", "join"},
        {join_with(R"("link":5)"), bad, "link: expected", "join"},
        {join_with(R"("resume":")" + std::string(2049, 'r') + "\""), bad, "resume: expected", "join"},
        {join_with(R"("client":"short")"), bad, "client: expected", "join"},
        {join_with(R"("client":"0123456789abcde.")"), bad, "client: expected", "join"},
        {join_with(R"("seen":7)"), bad, "seen: expected", "join"},
        {join_with(R"("seen":{"epoch":"00000000000000AF","seq":7})"), bad, "seen.epoch: expected", "join"},
        {join_with(R"("seen":{"epoch":"00000000000000af","seq":-1})"), bad, "seen.seq: expected", "join"},

        {R"({"t":"chat","text":"x"})", bad, "nonce: expected", "chat"},
        {R"({"t":"chat","nonce":"short","text":"x"})", bad, "nonce: expected", "chat"},
        {R"({"t":"chat","nonce":"n-000001","text":null})", bad, "text: expected", "n-000001"},
        {chat_with(""), ErrorCode::text_bad, "text: expected text, 1 to 100 bytes", "n-000001"},
        {chat_with(std::string(text_max + 1, 'x')), ErrorCode::text_bad, "text: expected", "n-000001"},
        {chat_with(R"(\u0000\u007f)"), ErrorCode::text_bad, "text: expected more than control characters", "n-000001"},
        {chat_with(R"(a\ud800b)"), bad, "not JSON", ""},

        {R"({"t":"delete","nonce":"n-000001","target":0})", bad, "target: expected", "n-000001"},
        {R"({"t":"delete","nonce":"n-000001","target":1.0})", bad, "target: expected", "n-000001"},
        {R"({"t":"delete","nonce":"n-000001","target":1e2})", bad, "target: expected", "n-000001"},
        {R"({"t":"delete","nonce":"n-000001","target":"1"})", bad, "target: expected", "n-000001"},
        {R"({"t":"delete","nonce":"n-000001","target":9007199254740992})", bad, "target: expected", "n-000001"},
        {R"({"t":"delete","nonce":"n-000001","target":18446744073709551615})", bad, "target: expected", "n-000001"},
        {R"({"t":"react","nonce":"n-000001","target":1,"emoji":"","on":true})", bad, "emoji: expected", "n-000001"},
        {R"({"t":"react","nonce":"n-000001","target":1,"emoji":"no","on":true})", bad, "emoji: expected", "n-000001"},
        {R"({"t":"react","nonce":"n-000001","target":1,"emoji":"👍","on":1})", bad, "on: expected", "n-000001"},
        {R"({"t":"history","before":0,"limit":10})", bad, "before: expected", "history"},
        {R"({"t":"history","before":5,"limit":101})", bad, "limit: expected", "history"},

        {R"({"t":"signal","to":"short","candidate":null,"call":0})", bad, "to: expected", "signal"},
        {signal_with(R"("call":0)"), bad, "description: expected either", "signal"},
        {signal_with(R"("candidate":null,"description":{"type":"offer","sdp":""},"call":0)"), bad,
         "description: expected either", "signal"},
        {signal_with(R"("candidate":null)"), bad, "call: expected", "signal"},
        {signal_with(R"("candidate":null,"call":2147483648)"), bad, "call: expected", "signal"},
        {signal_with(R"("candidate":"x","call":0)"), bad, "candidate: expected an object", "signal"},
        {signal_with(R"("description":null,"call":0)"), bad, "description: expected an object", "signal"},
        {signal_with(R"("description":{"type":"pranswer","sdp":""},"call":0)"), bad, "description.type: expected",
         "signal"},
        {signal_with(R"("description":{"type":"offer"},"call":0)"), bad, "description.sdp: expected", "signal"},
        {signal_with(R"("description":{"type":"offer","sdp":")" + std::string(32 * 1024 + 1, 's') + R"("},"call":0)"),
         bad, "description.sdp: expected", "signal"},
        {candidate_with(R"("candidate":")" + std::string(1025, 'c') + "\""), bad, "candidate.candidate: expected",
         "signal"},
        {candidate_with(R"("candidate":"a\r\nb")"), bad, "candidate.candidate: expected", "signal"},
        {candidate_with(R"("candidate":"","sdpMid":0)"), bad, "candidate.sdpMid: expected", "signal"},
        {candidate_with(R"("candidate":"","sdpMLineIndex":256)"), bad, "candidate.sdpMLineIndex: expected", "signal"},

        {R"({"t":"state","mic":true,"cam":false})", bad, "screen: expected true or false", "state"},
        {R"({"t":"role","member":"aaaaaaaaaaaaaaaa","role":"host"})", bad, "role: expected", "role"},
        {R"({"t":"role","member":"AAAAAAAAAAAAAAAA","role":"viewer"})", bad, "member: expected", "role"},
        {R"({"t":"mute","member":"aaaaaaaaaaaaaaaa"})", bad, "mic: expected", "mute"},
        {R"({"t":"ban"})", bad, "member: expected", "ban"},
        {R"({"t":"lock","on":"yes"})", bad, "on: expected", "lock"},
    };
    for (const Bad& row : table) {
        INFO(row.json.substr(0, 200));
        const auto message = decode(row.json, text_max);
        REQUIRE(message.has_error());
        CHECK(to_string(message.error().code) == to_string(row.code));
        CHECK(message.error().detail.substr(0, row.detail.size()) == row.detail);
        CHECK(message.error().re == row.re);
    }
}

TEST_CASE("a message is refused or read whole wherever it is cut") {
    const std::string json = candidate_with(R"("candidate":"c","sdpMid":"0","sdpMLineIndex":1)");
    for (std::size_t size = 0; size < json.size(); ++size) {
        CHECK(decode(json.substr(0, size), text_max).has_error());
    }
    CHECK(decode(json, text_max).has_value());
}
