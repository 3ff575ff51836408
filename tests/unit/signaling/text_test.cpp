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
        {"\u3164", std::nullopt},  // without ink: Hangul fillers, joiners, soft hyphen, empty braille, invisible marks
        {"\uFFA0", std::nullopt},
        {"\u115F\u1160", std::nullopt},
        {"\u200C\u200D", std::nullopt},
        {"\u00AD", std::nullopt},
        {"\u2800", std::nullopt},
        {"\u034F", std::nullopt},
        {"\u180E", std::nullopt},
        {"\u2062", std::nullopt},
        {"\uFE0F", std::nullopt},
        {"\U000E0041", std::nullopt},
        {"\U0001D173", std::nullopt},
        {"\u0301\u0301", std::nullopt},  // marks that stand on nothing
        {"\uE000", std::nullopt},        // no character that everybody has
        {"\u2764\uFE0F", "\u2764\uFE0F"},
        {"\u05D0\u05B7", "\u05D0\u05B7"},
        {"\u0645\u06CC\u200C\u062E", "\u0645\u06CC\u200C\u062E"},  // Persian needs the joiner
        {"-", "-"},
        {"a\xE2\x80", std::nullopt},
        {"\xED\xA0\x80", std::nullopt},  // surrogate
    };
    for (const Row& row : table) {
        INFO(row.name);
        CHECK(clean_name(row.name) == row.clean);
    }
}

TEST_CASE("what people paste into the chat is taken without its control characters") {
    const std::pair<std::string, std::optional<std::string>> table[] = {
        {"plain \u00E9 \U0001F600\tx", "plain \u00E9 \U0001F600\tx"},
        {"one\vtwo\fthree\u0085four", "one\ntwo\nthree\nfour"},
        {"a\r\nb\rc\nd\u2028e", "a\nb\nc\nd\u2028e"},
        {"\x1B[31mred\x1B[0m \x1B[1;38;5;4mblue\x1B[m", "red blue"},
        {"\x1B]0;title\ax\x1B]8;;https://a.example\x1B\\link", "xlink"},
        {"\x1B[31", "[31"},
        {"\x1B]0;never ended", "]0;never ended"},
        {"\x1B", std::nullopt},
        {std::string("a\0b\bc", 5), "abc"},
        {"a\u009Bb\x7F", "ab"},
        {"\x01\x02", std::nullopt},
        {"\n", "\n"},
        {"", std::nullopt},
        {"a\xFF", std::nullopt},
    };
    for (const auto& [text, clean] : table) {
        INFO(text);
        CHECK(clean_chat_text(text) == clean);
    }
}

TEST_CASE("which control characters a text may have") {
    struct Row {
        std::string text;
        bool none;
        bool sdp;
    };
    const std::vector<Row> table{
        {"", true, true},           {"plain é 😀", true, true},  {"a\nb\tc", false, true},
        {"a\r\nb", false, true},    {"a\x1B[0m", false, false}, {std::string("\0", 1), false, false},
        {"\xC2\x85", false, false}, {"\xC0\x80", false, false},
    };
    for (const Row& row : table) {
        INFO(row.text);
        CHECK(is_text(row.text, Controls::none) == row.none);
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

TEST_CASE("a reaction is one emoji by Unicode's tables") {
    for (const std::string text :
         {"👍", "❤", "❤️", "👍🏽", "😂", "🏳️‍🌈", "👨‍👩‍👧‍👦",
          "👩🏽‍❤️‍💋‍👩🏽", "🇩🇪", "1️⃣", "#⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "⭐", "☕"}) {
        CAPTURE(text);
        CHECK(is_emoji(text));
    }
    for (const std::string text : {"",       "a",  "1",   "#",    "12",     "abc",       "👍👍",          "👍a",
                                   "a👍",     "👍 ", "🇩",   "🇩🇪🇫🇷", "\u200d", "👍\u200d",   "\u200d👍",     "👍🏽🏽",
                                   "\ufe0f", "é",  "<b>", "\xff", "😂\n",    "__proto__", "constructor", "⃣"}) {
        CAPTURE(text);
        CHECK_FALSE(is_emoji(text));
    }
}
