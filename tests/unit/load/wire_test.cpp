#include "cmd/load/wire.h"
#include "server/signaling/codec.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::load;

TEST_CASE("the seq is read from a chat message as the server writes it") {
    signaling::RecordAdded added;
    added.record.seq = 1234567;
    added.record.text = stamped_text({0xabc, 987654321}, 200);
    const std::string message = signaling::encode(signaling::ServerMessage(added));
    CHECK(chat_seq(message) == 1234567u);
    const auto stamp = find_stamp(message);
    REQUIRE(stamp);
    CHECK(stamp->run == 0xabc);
    CHECK(stamp->sent_ns == 987654321);
}

TEST_CASE("other messages have no such seq") {
    for (const char* message : {"", "{}", R"({"t":"chat","seq":)", R"({"t":"chat","seq":12)", R"({"t":"chat","seq":x,)",
                                R"({"t":"delete","seq":12,"at":1})", R"({"t":"chat","seq":99999999999999999999999,)"}) {
        CHECK_FALSE(chat_seq(message));
    }
}

TEST_CASE("a stamped text has the size that was asked for") {
    for (const std::size_t size : {stamp_bytes, std::size_t{40}, std::size_t{4096}}) {
        const auto text = stamped_text({1, UINT64_MAX}, size);
        CHECK(text.size() == size);
        CHECK(find_stamp(text)->sent_ns == UINT64_MAX);
    }
    CHECK_FALSE(find_stamp("load:123"));
    CHECK_FALSE(find_stamp("load:zzzzzzzzzzzzzzzz:zzzzzzzzzzzzzzzz xxxx"));
    CHECK_FALSE(find_stamp("somebody's own words"));
}
