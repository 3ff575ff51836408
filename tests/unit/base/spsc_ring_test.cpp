#include "server/base/spsc_ring.h"
#include "tests/support/catch.h"

#include <memory>
#include <thread>

using waaft::SpscRing;

TEST_CASE("a full ring refuses and keeps the value with its owner") {
    SpscRing<std::unique_ptr<int>> ring(2);
    CHECK(ring.push(std::make_unique<int>(1)));
    CHECK(ring.push(std::make_unique<int>(2)));
    auto third = std::make_unique<int>(3);
    CHECK_FALSE(ring.push(std::move(third)));
    REQUIRE(third);
    std::unique_ptr<int> out;
    REQUIRE(ring.pop(out));
    CHECK(*out == 1);
    CHECK(ring.push(std::move(third)));
    CHECK(ring.size() == 2);
}

TEST_CASE("two threads see every value once, in order") {
    constexpr int count = 200'000;
    SpscRing<std::unique_ptr<int>> ring(64);
    std::thread producer([&ring] {
        for (int i = 0; i < count;) {
            if (ring.push(std::make_unique<int>(i)))
                ++i;
            else
                std::this_thread::yield();
        }
    });
    int wrong = 0;
    std::unique_ptr<int> value;
    for (int expected = 0; expected < count;) {
        if (!ring.pop(value)) {
            std::this_thread::yield();
            continue;
        }
        wrong += *value != expected;
        ++expected;
    }
    producer.join();
    CHECK(wrong == 0);
    CHECK(ring.size() == 0);
}
