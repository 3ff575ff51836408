#include "cmd/ui/causes.h"

#include "cmd/ui/exit_codes.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <iostream>
#include <set>

using waaft::cmd::cause_table;
using waaft::cmd::find_cause;

TEST_CASE("docs/causes.md says what the table says") {
    const auto wanted = waaft::cmd::causes_markdown();
    const bool same = waaft::testing::read_file(WAAFT_SOURCE_DIR "/docs/causes.md") == wanted;
    if (!same) std::cout << wanted;  // so that it can be put there
    CHECK(same);
}

TEST_CASE("every cause is one stable word, with a sentence, a remedy and an exit code") {
    std::set<std::string_view> seen;
    for (const auto& info : cause_table()) {
        INFO(info.code);
        CHECK(seen.insert(info.code).second);
        CHECK(info.code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos);
        CHECK(info.meaning.ends_with('.'));
        CHECK_FALSE(info.hint.empty());
        CHECK(info.meaning.find('|') == std::string_view::npos);
        CHECK(info.hint.find('|') == std::string_view::npos);
        CHECK(find_cause(info.code) == &info);
    }
    CHECK(find_cause("NO_SUCH_CAUSE") == nullptr);
    CHECK(find_cause("") == nullptr);
}

TEST_CASE("only what the cluster or kubectl itself got wrong has no exit code of its own") {
    std::set<std::string_view> unexpected;
    for (const auto& info : cause_table()) {
        if (waaft::cmd::exit_of_code(info.code) == waaft::cmd::Exit::unexpected) unexpected.insert(info.code);
    }
    CHECK(unexpected == std::set<std::string_view>{"CLUSTER_ERROR", "KUBECTL_FAILED"});
}
