#include "server/base/budget.h"
#include "tests/support/catch.h"

using waaft::Budget;

TEST_CASE("a budget bounds how many things wait, and the bytes in them") {
    Budget budget({.count = 3, .bytes = 100});
    CHECK(budget.take(60));
    CHECK_FALSE(budget.take(41));
    CHECK(budget.take(40));
    CHECK(budget.take(0));
    CHECK(budget.count() == 3);
    CHECK_FALSE(budget.take(0));
    CHECK(budget.count() == 3);
    budget.give_back(60);
    CHECK(budget.take(60));
    CHECK_FALSE(budget.take(0));
}

TEST_CASE("what alone is larger than a budget has space when nothing else waits") {
    Budget budget({.count = 3, .bytes = 100});
    CHECK(budget.take(500));
    CHECK_FALSE(budget.take(1));
    budget.give_back(500);
    CHECK(budget.take(100));
    CHECK_FALSE(budget.take(500));
}

TEST_CASE("what must go in goes in, and counts") {
    Budget budget({.count = 1, .bytes = 100});
    CHECK(budget.take(100));
    budget.overdraw(50);
    CHECK(budget.count() == 2);
    budget.give_back(100);
    CHECK_FALSE(budget.take(50));
    budget.give_back(50);
    CHECK(budget.take(100));
}
