#include "server/net/field_lists.h"
#include "tests/support/catch.h"

using namespace waaft::net;

TEST_CASE("several lines are one list, and what is quoted is one item") {
    const Headers headers{
        {"connection", "keep-alive , ,"}, {"X", "y"}, {"Connection", "\tUpgrade"}, {"E", R"("a,b", W/"c")"}};
    CHECK(field_items(headers, "Connection") == std::vector<std::string_view>{"keep-alive", "Upgrade"});
    CHECK(field_items(headers, "e") == std::vector<std::string_view>{R"("a,b")", R"(W/"c")"});
    CHECK(field_items(headers, "none").empty());
    CHECK(lists_token(headers, "Connection", "upgrade"));
    CHECK_FALSE(lists_token(headers, "Connection", "close"));
}

TEST_CASE("which codings a client takes") {
    struct Row {
        const char* accepted;
        bool br;
    };
    for (const Row& row :
         {Row{"", false}, Row{"gzip, br", true}, Row{"BR", true}, Row{"br;q=0", false}, Row{"br; q=0", false},
          Row{"br;q=0.0", false}, Row{"br;q=0.001", true}, Row{"br ; Q=0.000", false}, Row{"br;q=1", true},
          Row{"bro", false}, Row{"xbr", false}, Row{"*", true}, Row{"*;q=0", false}, Row{"*;q=0, br", true},
          Row{"br;q=0, *", false}, Row{"br;level=1;q=0", false}, Row{";q=0", false}, Row{"br;", true}}) {
        INFO(row.accepted);
        CHECK(accepts_coding({{"Accept-Encoding", row.accepted}}, "br") == row.br);
    }
    CHECK(accepts_coding({{"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}}, "br"));
}

TEST_CASE("who reads pages") {
    CHECK(
        lists_media_type({{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}, "text/html"));
    CHECK_FALSE(lists_media_type({{"Accept", "*/*"}}, "text/html"));
    CHECK_FALSE(lists_media_type({{"Accept", "application/json, text/html;q=0"}}, "text/html"));
    CHECK_FALSE(lists_media_type({}, "text/html"));
}

TEST_CASE("which entity tags match") {
    struct Row {
        const char* sent;
        bool matches;
    };
    for (const Row& row :
         {Row{R"("x")", true}, Row{R"(W/"x")", true}, Row{R"("a", "x")", true}, Row{R"("a,b","x")", true},
          Row{"*", true}, Row{R"("y")", false}, Row{"x", false}, Row{"", false}, Row{R"("x)", false}}) {
        INFO(row.sent);
        CHECK(none_match_fails({{"If-None-Match", row.sent}}, R"("x")") == row.matches);
    }
    CHECK(none_match_fails({{"If-None-Match", "\"a\""}, {"If-None-Match", "\"x\""}}, "\"x\""));
}
