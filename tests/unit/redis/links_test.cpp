// A room's links against a real redis-server: recorded with the room, listed and voided by whichever server.
#include "tests/unit/redis/store_harness.h"

#include <algorithm>

using namespace waaft;
using namespace waaft::redis;
using namespace waaft::redis::testing;
using store::LinkRow;
using store::Recorded;

namespace {

const std::string life = std::to_string(make_row().created_at);
constexpr UnixMs hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 86'400'000;
using Words = std::vector<std::string>;

LinkRow link_of(std::string id, UnixMs made_at, UnixMs expires_at) {
    LinkRow link;
    link.id = std::move(id);
    link.role = store::Role::speaker;
    link.name = std::string("Ann \0 of 1 2", 12);
    link.key = "a school";
    link.host_key = "0011";
    link.made_at = made_at;
    link.expires_at = expires_at;
    return link;
}

Result<Recorded, StoreError> try_record(Server& server, LinkRow link, const std::string& of = life) {
    return wait_for<Recorded>(
        [&](auto done) { server.store->record_link("blue-owl", of, std::move(link), std::move(done)); });
}
Recorded record_link(Server& server, LinkRow link, const std::string& of = life) {
    const auto recorded = try_record(server, std::move(link), of);
    REQUIRE(recorded.has_value());
    return *recorded;
}
std::vector<LinkRow> list(Server& server, const std::string& of = life) {
    auto links =
        wait_for<std::vector<LinkRow>>([&](auto done) { server.store->links("blue-owl", of, std::move(done)); });
    REQUIRE(links.has_value());
    return std::move(*links);
}
std::vector<LinkRow> void_all(Server& server, UnixMs until) {
    auto links = wait_for<std::vector<LinkRow>>(
        [&](auto done) { server.store->void_links("blue-owl", life, until, std::move(done)); });
    REQUIRE(links.has_value());
    return std::move(*links);
}
Words ids_of(const std::vector<LinkRow>& links) {
    Words ids;
    for (const LinkRow& link : links) ids.push_back(link.id + (link.revoked ? " revoked" : ""));
    return ids;
}
Words revoked(Server& server) {
    auto ids = wait_for<Words>([&](auto done) { server.store->revoked_links(std::move(done)); });
    REQUIRE(ids.has_value());
    std::sort(ids->begin(), ids->end());
    return std::move(*ids);
}

// Every test has its own prefix in one Redis.
struct LinksBench {
    LinksBench() {
        static int count = 0;
        prefix = "links" + std::to_string(++count);
        for (const char name : {'a', 'b'}) {
            RedisOptions options = options_of(redis().url(), name);
            options.prefix = prefix;
            (name == 'a' ? a : b).emplace(options);
        }
    }
    static RedisServer& redis() {
        static RedisServer server;
        return server;
    }
    std::string key() const { return prefix + ":r:blue-owl:l"; }

    std::string prefix;
    std::optional<Server> a;
    std::optional<Server> b;
    RawRedis raw{redis().port()};
    UnixMs now = read_clocks().wall;
};

}  // namespace

TEST_CASE("links that one server made another one lists and voids, and all are told") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    CHECK(record_link(*bench.a, link_of("x", bench.now, bench.now + hour_ms)) == Recorded::gone);
    REQUIRE(create(*bench.a).has_value());
    CHECK(record_link(*bench.a, link_of("x", bench.now, bench.now + hour_ms), "1700000000001") == Recorded::gone);
    LinkRow host = link_of("b-first", bench.now, bench.now + hour_ms);
    host.role = store::Role::host;
    host.name.clear();
    host.key.clear();
    CHECK(record_link(*bench.a, host) == Recorded::done);
    CHECK(record_link(*bench.a, link_of("a-second", bench.now + 1, bench.now + hour_ms)) == Recorded::done);
    CHECK(record_link(*bench.b, link_of("c-third", bench.now + 2, bench.now + hour_ms)) == Recorded::done);

    const auto listed = list(*bench.b);
    REQUIRE(ids_of(listed) == Words{"b-first", "a-second", "c-third"});
    CHECK(listed[0].role == store::Role::host);
    CHECK(listed[0].name.empty());
    CHECK(listed[0].key.empty());
    CHECK(listed[1].role == store::Role::speaker);
    CHECK(listed[1].name == std::string("Ann \0 of 1 2", 12));
    CHECK(listed[1].key == "a school");
    CHECK(listed[1].host_key == "0011");
    CHECK(listed[1].made_at == bench.now + 1);
    CHECK(listed[1].expires_at == bench.now + hour_ms);
    CHECK(list(*bench.b, "1700000000001").empty());

    const UnixMs until = bench.now + 9 * hour_ms;
    wait_for<void>([&](auto done) { bench.a->store->revoke_link("blue-owl/a-second", until, std::move(done)); });
    CHECK(ids_of(list(*bench.b)) == Words{"b-first", "a-second revoked", "c-third"});
    CHECK(ids_of(void_all(*bench.b, until)) == Words{"b-first revoked", "c-third revoked"});
    CHECK(ids_of(list(*bench.a)) == Words{"b-first revoked", "a-second revoked", "c-third revoked"});
    // By the word that every version understands.
    REQUIRE(bench.a->heard.wait([](const Listener& heard) { return heard.links_.size() == 4; }));
    Words told = bench.a->heard.links_;
    std::sort(told.begin(), told.end());
    const auto word = [&](const std::string& id) { return "blue-owl/" + id + " " + std::to_string(until); };
    CHECK(told == Words{word("a-second"), word("b-first"), word("c-third"), word("unrecorded-" + life)});
    CHECK(revoked(*bench.a) ==
          Words{"blue-owl/a-second", "blue-owl/b-first", "blue-owl/c-third", "blue-owl/unrecorded-" + life});
    CHECK(void_all(*bench.a, until).empty());
}

TEST_CASE("a room's links live as long as the room, and go with it") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    const auto left = [&] { return bench.raw.number({"PTTL", bench.key()}); };
    REQUIRE(create(*bench.a, make_row(), 10min).has_value());
    open(*bench.a);
    REQUIRE(record_link(*bench.a, link_of("one", bench.now, bench.now + 9 * day_ms)) == Recorded::done);
    // A day longer, in case that only servers of an earlier version keep the room.
    CHECK(left() > day_ms);
    CHECK(left() <= day_ms + 12 * 60'000);
    bench.a->store->keep_room("blue-owl", 1h, 0);
    read(*bench.a);
    CHECK(left() > day_ms + 50 * 60'000);
    Change change = change_of(*bench.a, 1);
    change.keep = 3h;
    change.members = {{"m", 0, "v"}};
    REQUIRE(commit(*bench.a, change).outcome == Outcome::done);
    CHECK(left() > day_ms + 2 * hour_ms);
    CHECK(ids_of(list(*bench.a)) == Words{"one"});
    Change end = change_of(*bench.a, 2);
    end.ends = true;
    REQUIRE(commit(*bench.a, end).outcome == Outcome::done);
    CHECK(bench.raw.number({"EXISTS", bench.key()}) == 0);
    CHECK(record_link(*bench.a, link_of("late", bench.now, bench.now + hour_ms)) == Recorded::gone);
}

TEST_CASE("links that an earlier version left behind when it ended the room are not those of the next one") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    REQUIRE(create(*bench.a).has_value());
    REQUIRE(record_link(*bench.a, link_of("old", bench.now, bench.now + hour_ms)) == Recorded::done);
    const std::string value = bench.raw.text({"HGET", bench.key(), "old"});
    // It knows six keys, and makes the room anew without the seventh.
    bench.raw.ask({"DEL", bench.prefix + ":r:blue-owl"});
    auto row = make_row();
    row.created_at += 5;
    const std::string next = std::to_string(row.created_at);
    REQUIRE(create(*bench.a, row).has_value());
    CHECK(bench.raw.number({"EXISTS", bench.key()}) == 0);
    bench.raw.ask({"HSET", bench.key(), "old", value});
    CHECK(list(*bench.a, next).empty());
    CHECK(record_link(*bench.a, link_of("of a server that is late", bench.now, bench.now + hour_ms)) == Recorded::gone);
    CHECK(record_link(*bench.a, link_of("new", bench.now, bench.now + hour_ms), next) == Recorded::done);
    CHECK(ids_of(list(*bench.a, next)) == Words{"new"});
    CHECK(bench.raw.number({"HLEN", bench.key()}) == 1);
}

TEST_CASE("a room has a thousand links that let somebody in, and says so") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    REQUIRE(create(*bench.a).has_value());
    const UnixMs later = bench.now + hour_ms;
    for (std::size_t i = 0; i + 1 < store::LinkStore::links_max; ++i)
        bench.a->store->record_link("blue-owl", life, link_of("link" + std::to_string(i), bench.now, later), {});
    LinkRow host = link_of("host", bench.now, later);
    host.role = store::Role::host;
    CHECK(record_link(*bench.a, host) == Recorded::done);
    CHECK(record_link(*bench.b, link_of("one too many", bench.now, later)) == Recorded::too_many);
    LinkRow of_next_host = link_of("of the next host", bench.now, later);
    of_next_host.host_key = "2233";
    CHECK(record_link(*bench.b, of_next_host) == Recorded::done);
    CHECK(record_link(*bench.b, link_of("too many again", bench.now, later)) == Recorded::too_many);
    wait_for<void>([&](auto done) { bench.b->store->revoke_link("blue-owl/link7", later, std::move(done)); });
    CHECK(record_link(*bench.b, link_of("instead", bench.now, later)) == Recorded::done);
    CHECK(void_all(*bench.b, later).size() == store::LinkStore::links_max);
    CHECK(revoked(*bench.a).size() == store::LinkStore::links_max + 2);
    CHECK(record_link(*bench.b, link_of("afresh", bench.now, later)) == Recorded::done);
    CHECK(ids_of(list(*bench.a)) == Words{"afresh"});
    // What has expired by Redis's clock goes when one is recorded.
    CHECK(record_link(*bench.a, link_of("expired", bench.now, bench.now - 1)) == Recorded::done);
    CHECK(record_link(*bench.a, link_of("another", bench.now + 1, later)) == Recorded::done);
    CHECK(ids_of(list(*bench.a)) == Words{"afresh", "another"});
}

TEST_CASE("a link that cannot be read is said, not guessed, and nothing is written over it") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    REQUIRE(create(*bench.a).has_value());
    REQUIRE(record_link(*bench.a, link_of("one", bench.now, bench.now + hour_ms)) == Recorded::done);
    bench.raw.ask({"HSET", bench.key(), "two", "2 of a later version"});
    CHECK(try_record(*bench.a, link_of("three", bench.now, bench.now + hour_ms)).error() == StoreError::io);
    const auto listed =
        wait_for<std::vector<LinkRow>>([&](auto done) { bench.a->store->links("blue-owl", life, std::move(done)); });
    CHECK(listed.error() == StoreError::io);
    CHECK(bench.raw.number({"HLEN", bench.key()}) == 2);
}

TEST_CASE("a full Redis takes no links, but all may be voided") {
    WAAFT_NEEDS_REDIS();
    LinksBench bench;
    REQUIRE(create(*bench.a).has_value());
    REQUIRE(record_link(*bench.a, link_of("one", bench.now, bench.now + hour_ms)) == Recorded::done);
    bench.raw.ask({"CONFIG", "SET", "maxmemory", "1"});
    const auto refused = try_record(*bench.a, link_of("two", bench.now, bench.now + hour_ms));
    const auto voided = void_all(*bench.a, bench.now + hour_ms);
    bench.raw.ask({"CONFIG", "SET", "maxmemory", "0"});
    CHECK(refused.error() == StoreError::full);
    CHECK(ids_of(voided) == Words{"one revoked"});
    CHECK(ids_of(list(*bench.a)) == Words{"one revoked"});
}
