#include "server/app/troubles.h"
#include "tests/support/catch.h"

using waaft::app::Troubles;
using Weight = Troubles::Weight;

TEST_CASE("troubles last until they are cleared, and only some keep newcomers away") {
    Troubles troubles;
    CHECK(troubles.ready());
    CHECK(troubles.sentences().empty());
    troubles.clear("data");
    troubles.tell("certificate", "The certificate ends on 2026-12-01.", Weight::warning);
    troubles.tell("chat", "The disk is full.", Weight::error);
    troubles.tell("chat", "The disk failed.", Weight::error);
    CHECK(troubles.ready());
    CHECK(troubles.sentences() == std::vector<std::string>{"The certificate ends on 2026-12-01.", "The disk failed."});
    troubles.tell("data", "The folder is gone.", Weight::not_ready);
    CHECK_FALSE(troubles.ready());
    troubles.clear("data");
    troubles.clear("chat");
    CHECK(troubles.ready());
    CHECK(troubles.sentences() == std::vector<std::string>{"The certificate ends on 2026-12-01."});
}
