// What happens to a room between two steps of reading a page.
#include "server/redis/page_reading.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::redis;
using Kind = store::Record::Kind;

namespace {

store::Record record(store::Seq seq, Kind kind, store::Seq target = 0) {
    store::Record made;
    made.seq = seq;
    made.kind = kind;
    made.target = target;
    made.from = "a";
    if (kind == Kind::chat) made.text = "text";
    if (kind == Kind::react) made.emoji = "+1";
    made.on = kind == Kind::react;
    return made;
}

PageStep step(std::vector<store::Record> items, store::Seq before, std::vector<store::Record> later, store::Seq from) {
    PageStep made;
    made.epoch = "one";
    made.items = std::move(items);
    made.bytes = 10 * made.items.size();
    made.later = std::move(later);
    made.before = before;
    made.from = from;
    return made;
}

bool takes(PageReading& reading, PageStep with) {
    const auto complete = reading.take(std::move(with));
    REQUIRE(complete.has_value());
    return *complete;
}

}  // namespace

TEST_CASE("messages are looked for downwards, then what was said of them is read forward") {
    PageReading reading(100, 4);
    CHECK(reading.cursor().before == 100);
    CHECK(reading.cursor().wanted == 4);
    CHECK(reading.cursor().from == 0);
    CHECK_FALSE(takes(reading, step({record(90, Kind::chat), record(80, Kind::chat)}, 70, {}, 0)));
    CHECK(reading.cursor().before == 70);
    CHECK(reading.cursor().wanted == 2);
    CHECK(reading.cursor().bytes + 20 == PageReading(1, 1).cursor().bytes);
    CHECK(reading.cursor().oldest == 80);
    CHECK(reading.cursor().newest == 90);
    CHECK_FALSE(takes(reading, step({record(60, Kind::chat)}, 0, {record(61, Kind::react, 60)}, 200)));
    CHECK(reading.cursor().from == 200);
    // Both were deleted after the first step had read them.
    CHECK_FALSE(takes(reading, step({}, 0, {record(210, Kind::remove, 90), record(211, Kind::react, 80)}, 300)));
    CHECK(takes(reading, step({}, 0, {record(320, Kind::react, 90)}, 0)));
    const store::Page page = std::move(reading).page();
    REQUIRE(page.items.size() == 3);
    CHECK(page.items[0].seq == 60);
    CHECK(page.items[0].reactions.size() == 1);
    CHECK(page.items[1].reactions.size() == 1);
    CHECK(page.items[2].deleted);
    CHECK(page.items[2].text.empty());
    CHECK(page.items[2].reactions.empty());
}

TEST_CASE("what was erased between two steps is not shown") {
    PageReading reading(100, 4);
    CHECK_FALSE(takes(reading, step({record(90, Kind::chat), record(80, Kind::chat)}, 0, {}, 120)));
    CHECK(takes(reading, step({}, 0, {record(130, Kind::erase)}, 0)));
    for (const store::Record& item : std::move(reading).page().items) CHECK((item.deleted && item.text.empty()));
}

TEST_CASE("a room that ends while it is read is gone, one that was made anew is read from the beginning") {
    PageReading gone(100, 4);
    CHECK_FALSE(takes(gone, step({record(90, Kind::chat)}, 70, {}, 0)));
    PageStep none;
    none.gone = true;
    CHECK(takes(gone, none));
    CHECK(std::move(gone).page().items.empty());

    PageReading anew(100, 4);
    CHECK_FALSE(takes(anew, step({record(90, Kind::chat)}, 0, {}, 200)));
    PageStep other = step({}, 0, {record(210, Kind::remove, 90)}, 0);
    other.epoch = "two";
    CHECK_FALSE(takes(anew, other));
    CHECK(anew.cursor().before == 100);
    CHECK(anew.cursor().wanted == 4);
    CHECK(anew.cursor().from == 0);
    CHECK(anew.cursor().oldest == 0);
    other = step({record(5, Kind::chat)}, 0, {}, 0);
    other.epoch = "two";
    CHECK(takes(anew, other));
    CHECK(std::move(anew).page().items.size() == 1);
}

TEST_CASE("answers that lead nowhere end the reading") {
    const std::vector<PageStep> at_first{
        step({}, 100, {}, 0),                                            // no further down
        step({}, 50, {}, 50),                                            // down and up at once
        step({record(9, Kind::chat), record(8, Kind::chat)}, 5, {}, 0),  // more than asked for
    };
    for (const PageStep& answer : at_first) {
        PageReading reading(100, 1);
        CHECK_FALSE(reading.take(answer).has_value());
    }
    const std::vector<PageStep> then{
        step({}, 0, {}, 200),                       // no further up
        step({}, 50, {}, 0),                        // down again
        step({record(9, Kind::chat)}, 0, {}, 300),  // messages of another page
    };
    for (const PageStep& answer : then) {
        PageReading reading(100, 2);
        CHECK_FALSE(takes(reading, step({record(90, Kind::chat)}, 0, {}, 200)));
        CHECK_FALSE(reading.take(answer).has_value());
    }
    PageReading restless(100, 2);
    bool given_up = false;
    for (int i = 0; i < 20 && !given_up; ++i) {
        PageStep answer = step({record(90, Kind::chat)}, 0, {}, 200);
        answer.epoch = std::to_string(i);
        given_up = !restless.take(answer).has_value();
    }
    CHECK(given_up);
}
