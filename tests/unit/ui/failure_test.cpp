#include "cmd/ui/failure.h"

#include "cmd/ui/text.h"
#include "tests/support/catch.h"

#include <sstream>

using waaft::Error;
using waaft::cmd::Cause;
using waaft::cmd::Exit;

namespace {

Cause crash() {
    return {.code = "CRASH_EXIT",
            .object = "Pod/waaft-1",
            .container = "waaft",
            .message = "It ended with 2.",
            .hint = "waaft logs",
            .events = {"Back-off restarting"},
            .log_tail = {"\033[31merror\033[0m: no such file", "bytes \xff\xfe"}};
}

}  // namespace

TEST_CASE("a failure is one JSON object on a line") {
    std::ostringstream out;
    waaft::cmd::write_failure(out, "waaft.deploy/1", Exit::rollout_failed, {crash()});
    CHECK(out.str() == R"({"schema":"waaft.deploy/1","result":"failed","exit":8,"causes":[{"code":"CRASH_EXIT",)"
                       R"("object":"Pod/waaft-1","container":"waaft","message":"It ended with 2.","hint":"waaft logs",)"
                       R"("events":["Back-off restarting"],"log_tail":["error: no such file","bytes ??"]}]})"
                       "\n");
}

TEST_CASE("errors fail in the same shape, with their exit code") {
    std::ostringstream out;
    const auto exit = waaft::cmd::write_failure(
        out, "waaft.push/1",
        {Error{"REGISTRY_AUTH", "no", "r.example:5000", "waaft login"}, Error{"config_value", "b"}});
    CHECK(exit == Exit::push);
    CHECK(out.str() ==
          R"({"schema":"waaft.push/1","result":"failed","exit":6,"causes":[{"code":"REGISTRY_AUTH","message":"no",)"
          R"("where":"r.example:5000","hint":"waaft login"},{"code":"config_value","message":"b"}]})"
          "\n");
}

TEST_CASE("a cause is printed with its evidence") {
    std::ostringstream out;
    std::ostringstream err;
    waaft::cmd::print_cause({out, err, false}, crash());
    CHECK(err.str() ==
          "CRASH_EXIT: It ended with 2.\n"
          "  at: Pod/waaft-1, container waaft\n"
          "  events:\n"
          "    Back-off restarting\n"
          "  its log ends with:\n"
          "    error: no such file\n"
          "    bytes ??\n"
          "  try: waaft logs\n");
    CHECK(out.str().empty());
    CHECK(waaft::cmd::error_of(crash()) ==
          Error{"CRASH_EXIT", "It ended with 2.", "Pod/waaft-1, container waaft", "waaft logs"});
}

TEST_CASE("foreign text is made fit for a terminal") {
    struct Row {
        std::string text, clean;
    };
    const std::vector<Row> rows{
        {"plain", "plain"},
        {"a\tb\nc", "a b c"},
        {"\033[1;31mred\033[0m", "red"},
        {"\033]0;title\aafter", "after"},
        {"\033]8;;http://x\033\\link", "link"},
        {"\033", ""},
        {"\033[12", ""},
        {"\033]never ends", ""},
        {"\033(Bx", "Bx"},
        {"bell\a back\b", "bell back"},
        {"\xc2\x9b"
         "31m",
         "31m"},  // C1 control sequence introducer
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xf0\x9f\x8e\xa5", "\xf0\x9f\x8e\xa5"},
        {"\xc3", "?"},
        {"\xc0\xaf", "??"},            // overlong
        {"\xed\xa0\x80", "???"},       // surrogate
        {"\xf4\x90\x80\x80", "????"},  // above U+10FFFF
    };
    for (const auto& row : rows) {
        INFO(row.clean);
        CHECK(waaft::cmd::clean_line(row.text) == row.clean);
    }
    CHECK(waaft::cmd::fit("12345", 5) == "12345");
    CHECK(waaft::cmd::fit("123456", 5) == "12...");
    CHECK(waaft::cmd::fit("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 4) == "\xc3\xbc...");
    CHECK(waaft::cmd::fit("123", 2) == "..");
    CHECK(waaft::cmd::fit("123", 0).empty());
}
