#include "server/base/text.h"
#include "tests/support/catch.h"

#include <cstdint>

using namespace waaft;

TEST_CASE("what readers of text share") {
    CHECK(lower_case("Ab-\xC3\x84Z[") == "ab-\xC3\x84z[");
    CHECK(same_in_any_case("UpGrade", "upgrade"));
    CHECK_FALSE(same_in_any_case("upgrade", "upgrades"));
    CHECK(without_outer_blanks("\t a b \t") == "a b");
    CHECK(without_outer_blanks(" \t").empty());
    CHECK(whole_number<std::uint16_t>("65535") == 65535);
    for (const char* bad : {"", "65536", "-1", "1x", " 1", "+1"}) CHECK_FALSE(whole_number<std::uint16_t>(bad));
}
