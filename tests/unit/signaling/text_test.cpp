#include "server/signaling/text.h"
#include "tests/support/catch.h"

#include <optional>
#include <string>
#include <vector>

using namespace waaft::signaling;

TEST_CASE("names are trimmed, short, and cannot pass for others") {
    struct Row {
        std::string name;
        std::optional<std::string> clean;
    };
    const std::string longest(64, 'x');
    const std::vector<Row> table{
        {"Ann", "Ann"},
        {"  Ann  Bee\t", "Ann  Bee"},
        {"\xC2\xA0 Ann\xE2\x80\x8B", "Ann"},  // no-break space, zero width space
        {"Zoë 😀", "Zoë 😀"},
        {"👩‍💻", "👩‍💻"},
        {longest, longest},
        {" " + longest + " ", longest},
        {longest + "x", std::nullopt},
        {"", std::nullopt},
        {" \xE3\x80\x80\xEF\xBB\xBF", std::nullopt},  // ideographic space, byte order mark
        {"a\nb", std::nullopt},
        {std::string("a\0b", 3), std::nullopt},
        {"a\x7F"
         "b",
         std::nullopt},
        {"a\xC2\x9B"
         "b",
         std::nullopt},  // C1 control
        {"a\xE2\x80\xAE"
         "b",
         std::nullopt},  // right-to-left override
        {"a\xE2\x81\xA6"
         "b",
         std::nullopt},  // left-to-right isolate
        {"a\xE2\x80\x8F"
         "b",
         std::nullopt},  // right-to-left mark
        {"a\xE2\x80\xA8"
         "b",
         std::nullopt},  // line separator
        {"a\xFF", std::nullopt},
        {"a\xE2\x80", std::nullopt},
        {"\xED\xA0\x80", std::nullopt},  // surrogate
    };
    for (const Row& row : table) {
        INFO(row.name);
        CHECK(clean_name(row.name) == row.clean);
    }
}

TEST_CASE("which control characters a text may have") {
    struct Row {
        std::string text;
        bool none;
        bool lines;
        bool sdp;
    };
    const std::vector<Row> table{
        {"", true, true, true},
        {"plain é 😀", true, true, true},
        {"a\nb\tc", false, true, true},
        {"a\r\nb", false, false, true},
        {"a\x1B[0m", false, false, false},
        {std::string("\0", 1), false, false, false},
        {"\xC2\x85", false, false, false},
        {"\xC0\x80", false, false, false},
    };
    for (const Row& row : table) {
        INFO(row.text);
        CHECK(is_text(row.text, Controls::none) == row.none);
        CHECK(is_text(row.text, Controls::lines) == row.lines);
        CHECK(is_text(row.text, Controls::sdp) == row.sdp);
    }
}

TEST_CASE("ids, nonces and tokens") {
    CHECK(is_member_id("0123456789abcdez"));
    CHECK_FALSE(is_member_id("0123456789abcdeZ"));
    CHECK_FALSE(is_member_id("0123456789abcde"));
    CHECK(is_epoch("0123456789abcdef"));
    CHECK_FALSE(is_epoch("0123456789abcdeg"));
    CHECK(is_nonce("aZ09_-__"));
    CHECK_FALSE(is_nonce("aZ09_-_"));
    CHECK_FALSE(is_nonce("aZ09_-_="));
    CHECK_FALSE(is_nonce(std::string(65, 'a')));
    CHECK(is_client_id(std::string(64, 'a')));
    CHECK_FALSE(is_client_id(std::string(15, 'a')));
    CHECK(is_token("a.b~!"));
    CHECK_FALSE(is_token("a b"));
    CHECK_FALSE(is_token("a\x7F"));
}
