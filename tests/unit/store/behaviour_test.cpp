// One table of behaviours, run over both engines.
#include "tests/unit/store/store_harness.h"

#include <algorithm>
#include <functional>

using namespace waaft;
using namespace waaft::store;
using namespace waaft::store::testing;

namespace {

std::vector<Seq> seqs(const std::vector<Record>& records) {
    std::vector<Seq> found;
    for (const Record& record : records) found.push_back(record.seq);
    return found;
}

void rooms(Store& store) {
    RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    CHECK(create_room(store, row).error() == StoreError::exists);
    CHECK_FALSE(load(store, "red-owl"));

    row.locked = true;
    row.host_key_hash = "bb";
    row.password_hash.clear();
    row.last_active_at = 5000;
    RoomRow changed = row;
    changed.created_at = 9;
    changed.last_seq = 99;
    REQUIRE(update_room(store, changed).has_value());
    const auto loaded = load(store, row.name);
    REQUIRE(loaded.has_value());
    CHECK(loaded->row.epoch == row.epoch);
    CHECK(loaded->row.kind == RoomKind::broadcast);
    CHECK(loaded->row.host_key_hash == "bb");
    CHECK(loaded->row.password_hash.empty());
    CHECK(loaded->row.locked);
    CHECK(loaded->row.members_max == 7);
    CHECK(loaded->row.created_at == 1000);
    CHECK(loaded->row.last_active_at == 5000);
    CHECK(loaded->row.last_seq == 0);

    changed.epoch = "another";
    CHECK(update_room(store, changed).error() == StoreError::conflict);
    changed.name = "red-owl";
    CHECK(update_room(store, changed).error() == StoreError::conflict);
}

void ended_room_is_replaced(Store& store) {
    RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    REQUIRE(append(store, to(row, make_chat(1, "old"), "nonce-1")).has_value());
    REQUIRE(mark(store, row.name, {"bob", MemberMark::Kind::banned, Role::viewer}, "address:1").has_value());
    row.ended_at = 3000;
    REQUIRE(update_room(store, row).has_value());
    const auto ended = load(store, row.name);
    REQUIRE(ended);
    CHECK(ended->row.ended_at == 3000);
    CHECK(ended->tail.empty());

    row.ended_at = 0;
    row.epoch = "fedcba9876543210";
    REQUIRE(create_room(store, row).has_value());
    const auto fresh = load(store, row.name);
    REQUIRE(fresh);
    CHECK(fresh->row.epoch == row.epoch);
    CHECK(fresh->row.last_seq == 0);
    CHECK(fresh->tail.empty());
    CHECK(fresh->nonces.empty());
    CHECK(fresh->marks.empty());
    CHECK(fresh->banned_addresses.empty());
    CHECK(history(store, row.name, 100, 10).items.empty());
    REQUIRE(append(store, to(row, make_chat(1, "new"))).has_value());
}

void tail_and_nonces(Store& store) {
    const RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    REQUIRE(create_room(store, make_room("red-owl")).has_value());
    const std::string odd = std::string("nul \0 in it, \xF0\x9F\xA6\x89", 17);
    for (Seq seq = 1; seq <= 9; ++seq) {
        REQUIRE(
            append(store, to(row, make_chat(seq, odd, static_cast<UnixMs>(1000 * seq)), "nonce-" + std::to_string(seq)))
                .has_value());
    }
    REQUIRE(append(store, to(row, make_reaction(10, 9, "bob"))).has_value());
    const auto loaded = load(store, row.name, 3, 8000);
    REQUIRE(loaded.has_value());
    CHECK(loaded->row.last_seq == 10);
    CHECK(loaded->row.last_active_at == 9000);
    CHECK(seqs(loaded->tail) == std::vector<Seq>{8, 9, 10});
    CHECK(loaded->tail[0] == make_chat(8, odd, 8000));
    CHECK(loaded->tail[2] == make_reaction(10, 9, "bob"));
    REQUIRE(loaded->nonces.size() == 2);
    CHECK(loaded->nonces[0].member == "ann");
    CHECK(loaded->nonces[0].nonce == "nonce-8");
    CHECK(loaded->nonces[0].seq == 8);
    CHECK(loaded->nonces[0].at == 8000);
    CHECK(load(store, "red-owl")->tail.empty());
}

void append_conflicts(Store& store) {
    const RoomRow row = make_room();
    RoomRow other = row;
    other.epoch = "another";
    REQUIRE(create_room(store, row).has_value());
    REQUIRE(append(store, to(row, make_chat(5, "five"))).has_value());
    CHECK(append(store, to(row, make_chat(5, "again"))).error() == StoreError::conflict);
    CHECK(append(store, to(row, make_chat(4, "late"))).error() == StoreError::conflict);
    CHECK(append(store, to(other, make_chat(6, "epoch"))).error() == StoreError::conflict);
    CHECK(append(store, to(make_room("red-owl"), make_chat(1, "nowhere"))).error() == StoreError::conflict);
    REQUIRE(append(store, to(row, make_chat(6, "six"))).has_value());
    const Page page = since(store, row.name, 0, 10);
    REQUIRE(page.items.size() == 2);
    CHECK(page.items[0].text == "five");
    CHECK(page.items[1].text == "six");
}

void deletes_and_erases(Store& store) {
    const RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    for (Seq seq = 1; seq <= 3; ++seq)
        REQUIRE(append(store, to(row, make_chat(seq, "text " + std::to_string(seq)))).has_value());
    REQUIRE(append(store, to(row, make_reaction(4, 2, "bob"))).has_value());
    REQUIRE(append(store, to(row, make_delete(5, 2))).has_value());
    Page page = history(store, row.name, 100, 10);
    REQUIRE(seqs(page.items) == std::vector<Seq>{1, 2, 3});
    CHECK(page.items[0].text == "text 1");
    CHECK_FALSE(page.items[0].deleted);
    CHECK(page.items[1].text.empty());
    CHECK(page.items[1].deleted);
    CHECK(page.items[1].reactions.empty());
    CHECK(since(store, row.name, 1, 1).items[0].text.empty());

    REQUIRE(append(store, to(row, make_erase(6))).has_value());
    REQUIRE(append(store, to(row, make_chat(7, "after"))).has_value());
    page = history(store, row.name, 100, 10);
    REQUIRE(seqs(page.items) == std::vector<Seq>{1, 2, 3, 7});
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(page.items[i].text.empty());
        CHECK(page.items[i].deleted);
    }
    CHECK(page.items[3].text == "after");
    CHECK(seqs(load(store, row.name)->tail) == std::vector<Seq>{1, 2, 3, 4, 5, 6, 7});
}

void history_pages(Store& store) {
    const RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    for (Seq seq = 1; seq <= 5; ++seq) REQUIRE(append(store, to(row, make_chat(seq, "t"))).has_value());
    const std::vector<Record> reactions = {
        make_reaction(6, 4, "bob"),
        make_reaction(7, 4, "cyd"),
        make_reaction(8, 4, "bob"),
        make_reaction(9, 4, "dan", true, "!"),
        make_reaction(10, 4, "dan", false, "!"),
        make_reaction(11, 4, "bob", false),
        make_reaction(12, 1, "bob"),
        make_reaction(13, 3, "eve", false),
    };
    for (const Record& reaction : reactions) REQUIRE(append(store, to(row, reaction)).has_value());

    struct Case {
        Seq before;
        std::uint32_t limit;
        std::vector<Seq> expected;
        bool more;
    };
    const std::vector<Case> cases = {
        {100, 2, {4, 5}, true},  {4, 2, {2, 3}, true}, {3, 2, {1, 2}, false},
        {3, 1, {2}, true},       {1, 5, {}, false},    {100, 5, {1, 2, 3, 4, 5}, false},
        {~Seq{0}, 1, {5}, true},
    };
    for (const Case& test : cases) {
        INFO("before " << test.before << " limit " << test.limit);
        const Page page = history(store, row.name, test.before, test.limit);
        CHECK(seqs(page.items) == test.expected);
        CHECK(page.more == test.more);
    }
    const Page page = history(store, row.name, 100, 2);
    const std::map<std::string, std::vector<std::string>> expected = {{"+1", {"cyd"}}};
    CHECK(page.items[0].reactions == expected);
    CHECK(page.items[1].reactions.empty());
    CHECK(history(store, "red-owl", 100, 10).items.empty());
}

void since_pages(Store& store) {
    const RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    for (Seq seq = 1; seq <= 4; ++seq) REQUIRE(append(store, to(row, make_chat(seq, "t"))).has_value());
    REQUIRE(append(store, to(row, make_reaction(5, 1, "bob"))).has_value());
    Page page = since(store, row.name, 1, 2);
    CHECK(seqs(page.items) == std::vector<Seq>{2, 3});
    CHECK(page.more);
    page = since(store, row.name, 3, 2);
    CHECK(seqs(page.items) == std::vector<Seq>{4, 5});
    CHECK_FALSE(page.more);
    CHECK(page.items[1] == make_reaction(5, 1, "bob"));
    CHECK(since(store, row.name, 5, 2).items.empty());
    CHECK(since(store, row.name, ~Seq{0}, 2).items.empty());
}

void marks(Store& store) {
    const RoomRow row = make_room();
    REQUIRE(create_room(store, row).has_value());
    REQUIRE(mark(store, row.name, {"bob", MemberMark::Kind::role, Role::speaker}).has_value());
    REQUIRE(mark(store, row.name, {"bob", MemberMark::Kind::banned, Role::viewer}, "address:1").has_value());
    REQUIRE(mark(store, row.name, {"bob", MemberMark::Kind::banned, Role::viewer}, "client:x").has_value());
    REQUIRE(mark(store, row.name, {"cyd", MemberMark::Kind::role, Role::speaker}).has_value());
    CHECK(mark(store, "red-owl", {"bob", MemberMark::Kind::role, Role::host}).error() == StoreError::conflict);
    const auto loaded = load(store, row.name);
    REQUIRE(loaded->marks.size() == 2);
    CHECK(loaded->marks[0].member == "bob");
    CHECK(loaded->marks[0].kind == MemberMark::Kind::banned);
    CHECK(loaded->marks[1].role == Role::speaker);
    CHECK(loaded->banned_addresses == std::vector<std::string>{"address:1", "client:x"});

    // Those that no token can need any more go; a ban stays.
    REQUIRE(mark(store, row.name, {"dan", MemberMark::Kind::removed, Role::viewer, 5000}).has_value());
    Retention retention;
    retention.marks_age_ms = 1000;
    REQUIRE(sweep(store, retention, 6000).has_value());
    const auto names = [&] {
        std::vector<std::string> members;
        const auto loaded_again = load(store, row.name);
        for (const MemberMark& each : loaded_again->marks) members.push_back(each.member);
        return members;
    };
    CHECK(names() == std::vector<std::string>{"bob", "dan"});
    REQUIRE(sweep(store, retention, 6001).has_value());
    CHECK(names() == std::vector<std::string>{"bob"});
}

void links(Store& store) {
    const UnixMs now = read_clocks().wall;
    const auto revoke = [&](std::string id, UnixMs expires_at) {
        return wait_for<void>([&](auto done) { store.revoke_link(id, expires_at, std::move(done)); });
    };
    const auto revoked = [&] {
        return *wait_for<std::vector<std::string>>([&](auto done) { store.revoked_links(std::move(done)); });
    };
    REQUIRE(revoke("old", now - 1000).has_value());
    REQUIRE(revoke("valid", now + 3'600'000).has_value());
    REQUIRE(revoke("valid", now + 3'600'000).has_value());
    CHECK(revoked() == std::vector<std::string>{"valid"});
    CHECK(*sweep(store, {}, now) == 1);
    CHECK(*sweep(store, {}, now + 7'200'000) == 1);
    CHECK(revoked().empty());
}

std::vector<std::string> ids(const std::vector<LinkRow>& links) {
    std::vector<std::string> found;
    for (const LinkRow& link : links) found.push_back(link.id + (link.revoked ? " revoked" : ""));
    return found;
}

using Ids = std::vector<std::string>;

void links_are_listed_and_voided(Store& store) {
    const RoomRow room = make_room();
    const UnixMs now = read_clocks().wall;
    const UnixMs later = now + 3'600'000;
    CHECK(record_link(store, room, make_link("x", now, later)) == Recorded::gone);
    REQUIRE(create_room(store, room).has_value());
    REQUIRE(create_room(store, make_room("red-owl")).has_value());
    RoomRow other_life = room;
    other_life.epoch = "another";
    CHECK(record_link(store, other_life, make_link("x", now, later)) == Recorded::gone);
    LinkRow host = make_link("b-first", now, later);
    host.role = Role::host;
    host.name.clear();
    host.key.clear();
    CHECK(record_link(store, room, host) == Recorded::done);
    CHECK(record_link(store, room, make_link("a-second", now + 1, later)) == Recorded::done);
    CHECK(record_link(store, room, make_link("c-third", now + 2, later)) == Recorded::done);
    CHECK(record_link(store, make_room("red-owl"), make_link("theirs", now, later)) == Recorded::done);

    auto listed = links_of(store, room);
    REQUIRE(ids(listed) == Ids{"b-first", "a-second", "c-third"});
    CHECK(listed[0].role == Role::host);
    CHECK(listed[0].name.empty());
    CHECK(listed[0].key.empty());
    CHECK(listed[1].role == Role::viewer);
    CHECK(listed[1].name == "Ann \xF0\x9F\xA6\x89");
    CHECK(listed[1].key == "a school");
    CHECK(listed[1].host_key == "0011");
    CHECK(listed[1].made_at == now + 1);
    CHECK(listed[1].expires_at == later);
    CHECK(links_of(store, other_life).empty());

    wait_for<void>([&](auto done) { store.revoke_link("blue-owl/a-second", later, std::move(done)); });
    CHECK(ids(links_of(store, room)) == Ids{"b-first", "a-second revoked", "c-third"});
    CHECK(ids(void_links(store, room, later)) == Ids{"b-first revoked", "c-third revoked"});
    CHECK(ids(links_of(store, room)) == Ids{"b-first revoked", "a-second revoked", "c-third revoked"});
    CHECK(void_links(store, room, later).empty());
    CHECK(ids(links_of(store, make_room("red-owl"))) == Ids{"theirs"});
    auto revoked = *wait_for<Ids>([&](auto done) { store.revoked_links(std::move(done)); });
    std::sort(revoked.begin(), revoked.end());
    CHECK(revoked ==
          Ids{"blue-owl/a-second", "blue-owl/b-first", "blue-owl/c-third", "blue-owl/unrecorded-0123456789abcdef"});
}

void links_go_with_their_room(Store& store) {
    RoomRow room = make_room();
    const UnixMs now = read_clocks().wall;
    const UnixMs day = 86'400'000;
    REQUIRE(create_room(store, room).has_value());
    REQUIRE(record_link(store, room, make_link("short", now, now + 1000)) == Recorded::done);
    REQUIRE(record_link(store, room, make_link("long", now, now + 9 * day)) == Recorded::done);
    CHECK(*sweep(store, {}, now + 1000) == 0);
    CHECK(ids(links_of(store, room)) == Ids{"long"});

    room.ended_at = now;
    REQUIRE(update_room(store, room).has_value());
    CHECK(links_of(store, room).empty());
    CHECK(record_link(store, room, make_link("late", now, now + day)) == Recorded::gone);

    // Also where somebody takes the same name and epoch.
    room.ended_at = 0;
    REQUIRE(create_room(store, room).has_value());
    CHECK(links_of(store, room).empty());
    REQUIRE(record_link(store, room, make_link("of this life", now, now + 9 * day)) == Recorded::done);
    Retention retention;
    retention.unused_age_ms = day;
    CHECK(*sweep(store, retention, now + 2 * day) == 1);
    REQUIRE(create_room(store, room).has_value());
    CHECK(links_of(store, room).empty());
}

void links_are_bounded(Store& store) {
    const RoomRow room = make_room();
    const UnixMs now = read_clocks().wall;
    const UnixMs later = now + 3'600'000;
    REQUIRE(create_room(store, room).has_value());
    const auto fill = [&](const std::string& name, std::size_t count, Role role) {
        for (std::size_t i = 0; i < count; ++i) {
            LinkRow link = make_link(name + std::to_string(i), now, later);
            link.role = role;
            store.record_link(room.name, room.epoch, std::move(link), {});
        }
    };
    CHECK(record_link(store, room, make_link("expires", now, now + 1)) == Recorded::done);
    fill("speaker", LinkStore::links_max - 2, Role::speaker);
    fill("host", 1, Role::host);
    REQUIRE(links_of(store, room).size() == LinkStore::links_max);
    CHECK(record_link(store, room, make_link("one too many", now, later)) == Recorded::too_many);
    CHECK(record_link(store, room, make_link("after that", now + 1, later)) == Recorded::done);
    CHECK(record_link(store, room, make_link("too many again", now + 1, later)) == Recorded::too_many);
    CHECK(links_of(store, room).size() == LinkStore::links_max);

    LinkRow of_new_host = make_link("of the next host", now + 1, later);
    of_new_host.host_key = "2233";
    CHECK(record_link(store, room, of_new_host) == Recorded::done);
    CHECK(record_link(store, room, of_new_host) == Recorded::too_many);
    wait_for<void>([&](auto done) { store.revoke_link("blue-owl/speaker7", later, std::move(done)); });
    CHECK(record_link(store, room, make_link("instead", now + 1, later)) == Recorded::done);
    CHECK(record_link(store, room, make_link("nor this", now + 1, later)) == Recorded::too_many);
    CHECK(void_links(store, room, later).size() == LinkStore::links_max);
    CHECK(record_link(store, room, make_link("afresh", now + 1, later)) == Recorded::done);
    CHECK(ids(links_of(store, room)) == Ids{"afresh"});
}

void sweeping(Store& store) {
    const UnixMs day = 86'400'000;
    const UnixMs now = 100 * day;
    const RoomRow aged = make_room("aged");
    const RoomRow many = make_room("many");
    RoomRow over = make_room("over");
    RoomRow recent = make_room("recent");
    for (const RoomRow& row : {aged, many, over, recent}) REQUIRE(create_room(store, row).has_value());
    for (Seq seq = 1; seq <= 10; ++seq) {
        REQUIRE(append(store, to(aged, make_chat(seq, "t", now - static_cast<UnixMs>(11 - seq) * day))).has_value());
    }
    for (Seq seq = 1; seq <= 1300; ++seq) store.append(to(many, make_chat(seq, "t", now)), {});
    REQUIRE(append(store, to(many, make_reaction(1301, 1300, "bob"))).has_value());
    REQUIRE(append(store, to(over, make_chat(1, "t", now))).has_value());
    over.ended_at = now - 31 * day;
    recent.ended_at = now - day;
    REQUIRE(update_room(store, over).has_value());
    REQUIRE(update_room(store, recent).has_value());

    CHECK(*sweep(store, {}, now) == 0);
    // aged: 10 - 5 older than 5 days; many: all but 100 (the reaction is not a message, and 2000 ms
    // old it goes by age); over: its record and itself.
    const auto removed = sweep(store, {5 * day, 100, 30 * day}, now);
    REQUIRE(removed.has_value());
    CHECK(*removed == 5 + 1201 + 2);
    CHECK(seqs(since(store, "aged", 0, 100).items) == std::vector<Seq>{6, 7, 8, 9, 10});
    const Page kept = since(store, "many", 0, 2000);
    CHECK(kept.items.size() == 100);
    CHECK(kept.items.front().seq == 1201);
    CHECK_FALSE(load(store, "over"));
    CHECK(load(store, "recent"));
    CHECK(load(store, "many")->row.last_seq == 1301);
    CHECK(*sweep(store, {5 * day, 100, 30 * day}, now) == 0);

    RoomRow unused = make_room("unused");
    unused.last_active_at = now - 32 * day;
    REQUIRE(create_room(store, unused).has_value());
    CHECK(*sweep(store, {0, 0, 30 * day, 33 * day}, now) == 0);
    CHECK(*sweep(store, {0, 0, 30 * day, 31 * day}, now) == 1);
    CHECK_FALSE(load(store, "unused"));
    CHECK(load(store, "many"));
}

struct Behaviour {
    const char* name;
    std::function<void(Store&)> check;
};
const std::vector<Behaviour> behaviours = {
    {"rooms", rooms},
    {"an ended room is replaced", ended_room_is_replaced},
    {"tail and nonces", tail_and_nonces},
    {"append refuses what is not next", append_conflicts},
    {"deletes and erases", deletes_and_erases},
    {"history", history_pages},
    {"since", since_pages},
    {"marks", marks},
    {"revoked links", links},
    {"links listed and voided", links_are_listed_and_voided},
    {"links of a room that goes", links_go_with_their_room},
    {"as many links as may be", links_are_bounded},
    {"sweep", sweeping},
};

}  // namespace

TEST_CASE("both engines behave alike") {
    for (const Behaviour& behaviour : behaviours) {
        DYNAMIC_SECTION(behaviour.name << " in memory") { behaviour.check(*open_memory_store()); }
        DYNAMIC_SECTION(behaviour.name << " in SQLite") {
            const TemporaryDirectory directory;
            auto opened = open_sqlite_store({.path = directory.file()});
            REQUIRE(opened.has_value());
            behaviour.check(*opened->store);
        }
    }
}

TEST_CASE("what was written is there after the store was closed and opened again") {
    const TemporaryDirectory directory;
    const RoomRow row = make_room();
    {
        auto opened = open_sqlite_store({.path = directory.file()});
        REQUIRE(opened.has_value());
        CHECK(opened->moved_aside.empty());
        CHECK(opened->migrated_copy.empty());
        REQUIRE(create_room(*opened->store, row).has_value());
        REQUIRE(append(*opened->store, to(row, make_chat(1, "hello"), "nonce-1")).has_value());
        REQUIRE(record_link(*opened->store, row, make_link("one", 1, 2)) == Recorded::done);
        CHECK(void_links(*opened->store, row, read_clocks().wall + 1'000'000).size() == 1);
    }
    auto opened = open_sqlite_store({.path = directory.file()});
    REQUIRE(opened.has_value());
    CHECK(opened->migrated_copy.empty());
    const auto loaded = load(*opened->store, row.name);
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->tail.size() == 1);
    CHECK(loaded->tail[0] == make_chat(1, "hello"));
    CHECK(loaded->nonces.size() == 1);
    CHECK(ids(links_of(*opened->store, row)) == Ids{"one revoked"});
}
