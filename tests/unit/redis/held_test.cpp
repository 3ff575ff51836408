#include "server/redis/held.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::redis;

namespace {

store::Told numbered(store::Revision revision) {
    store::Told told;
    told.revision = revision;
    return told;
}

std::vector<store::Revision> revisions(Held held) {
    std::vector<store::Revision> found;
    for (const auto& [heard, bytes] : std::move(held).take()) {
        const auto* told = std::get_if<store::Told>(&heard);
        found.push_back(told != nullptr ? told->revision : 0);
    }
    return found;
}

}  // namespace

TEST_CASE("while a room is opened the newest changes are held, by number and by bytes") {
    Held many;
    for (store::Revision i = 1; i <= 10000; ++i) many.add(numbered(i), 10);
    const auto kept = revisions(many);
    CHECK(kept.size() == Held::count_max);
    CHECK(kept.back() == 10000);

    Held large;
    for (store::Revision i = 1; i <= 9; ++i) large.add(numbered(i), Held::bytes_max / 4);
    CHECK(revisions(large) == std::vector<store::Revision>{6, 7, 8, 9});
    large.add(numbered(10), 2 * Held::bytes_max);
    CHECK(revisions(large) == std::vector<store::Revision>{10});
    large.add(numbered(11), 10);
    CHECK(revisions(large) == std::vector<store::Revision>{11});
}

TEST_CASE("no change makes way for a whisper") {
    Held held;
    held.add(numbered(1), 10);
    for (std::size_t i = 0; i < 2 * Held::count_max; ++i) held.add(Whisper{"server", "hello"}, 10);
    const auto kept = revisions(held);
    CHECK(kept.size() == Held::count_max);
    CHECK(kept.front() == 1);
}
