#include "server/app/ops.h"
#include "server/app/services.h"
#include "tests/support/catch.h"

#include <vector>

using waaft::app::find_stuck;

TEST_CASE("a loop that stopped turning is found, one that has not begun is not") {
    struct Row {
        std::vector<std::int64_t> last_turns_ms;
        std::optional<std::size_t> stuck;
    };
    const std::vector<Row> rows = {
        {{}, std::nullopt},           {{100'000, 99'900}, std::nullopt},
        {{100'000, 0}, std::nullopt}, {{95'001, 100'000}, std::nullopt},
        {{100'000, 95'000}, 1},       {{90'000, 90'000}, 0},
    };
    for (const Row& row : rows) CHECK(find_stuck(row.last_turns_ms, 100'000) == row.stuck);
}

TEST_CASE("a listener that is stopped as soon as it was started ends") {
    waaft::app::Config config;
    config.ops_port = 0;
    const waaft::app::Services services(config);
    for (int i = 0; i < 100; ++i) {
        const auto ops = waaft::app::Ops::start(services);
        REQUIRE(ops.has_value());
        CHECK((*ops)->port() != 0);
    }
}
