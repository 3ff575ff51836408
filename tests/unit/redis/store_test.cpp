// The store against a real redis-server: one order, decided by comparison, told to all.
#include "server/redis/commands.h"
#include "tests/unit/redis/store_harness.h"

#include <random>

using namespace waaft;
using namespace waaft::redis;
using namespace waaft::redis::testing;

namespace {

// Every test of this file has one Redis: it starts in milliseconds, but fsync costs.
RedisServer& common_redis() {
    static RedisServer server;
    return server;
}

// A prefix of its own for each test.
RedisOptions fresh_options(char server = 'a') {
    static int count = 0;
    RedisOptions options = options_of(common_redis().url(), server);
    if (server == 'a') ++count;
    options.prefix = "t" + std::to_string(count);
    return options;
}

std::vector<store::Written> written(std::initializer_list<store::Written> rows) { return rows; }

}  // namespace

namespace waaft::store {
bool operator==(const Written& one, const Written& other) {
    return one.seq == other.seq && one.repeated == other.repeated;
}
}  // namespace waaft::store

TEST_CASE("a room is made once, read, and gone when it ended") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    const auto nothing = try_open(a);
    REQUIRE(nothing.has_value());
    CHECK_FALSE(nothing->has_value());
    auto row = make_row();
    row.kind = store::RoomKind::broadcast;
    row.locked = true;
    row.members_max = 7;
    row.password_hash = "$argon2id$x";
    row.last_active_at = 5;
    REQUIRE(create(a, row).has_value());
    CHECK(create(a, row).error() == StoreError::exists);
    const Snapshot snapshot = open(a);
    CHECK(snapshot.revision == 0);
    CHECK(snapshot.rules == 0);
    CHECK(snapshot.row.name == row.name);
    CHECK(snapshot.row.epoch == row.epoch);
    CHECK(snapshot.row.kind == row.kind);
    CHECK(snapshot.row.host_key_hash == row.host_key_hash);
    CHECK(snapshot.row.password_hash == row.password_hash);
    CHECK(snapshot.row.locked);
    CHECK(snapshot.row.members_max == 7);
    CHECK(snapshot.row.created_at == row.created_at);
    CHECK(snapshot.row.last_active_at == 5);
    CHECK(snapshot.row.last_seq == 0);
    Change end = change_of(a, 1);
    end.ends = true;
    end.records = {chat("bye")};
    CHECK(commit(a, end).outcome == Outcome::done);
    REQUIRE(a.heard.wait_told(1));
    CHECK(a.heard.told()[0].ends);
    CHECK(commit(a, change_of(a, 2)).outcome == Outcome::gone);
    CHECK(create(a, row).has_value());
}

TEST_CASE("a change is kept whole, read back, and told to every server that has the room open") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    Change change = change_of(a, 1);
    change.raises_rules = true;
    change.members = {{"m1", 0, "one"}, {"m2", 0, std::string("t\0o", 3)}};
    change.bans = {"address:x", "client:y"};
    change.records = {chat("first", "n1"), chat("second", "n2")};
    change.message = std::string("words\nwith \0 all", 16);
    const Committed done = commit(a, change);
    CHECK(done.outcome == Outcome::done);
    CHECK(done.revision == 1);
    CHECK(done.rules == 1);
    CHECK(done.records == written({{1, false}, {2, false}}));
    for (Server* server : {&a, &b}) {
        REQUIRE(server->heard.wait_told(1));
        const auto told = server->heard.told().at(0);
        CHECK(told.room == "blue-owl");
        CHECK(told.server == a.id);
        CHECK(told.revision == 1);
        CHECK(told.rules == 1);
        CHECK(told.records == written({{1, false}, {2, false}}));
        CHECK(told.message == change.message);
        CHECK_FALSE(told.ends);
    }
    const Snapshot snapshot = read(b);
    CHECK(snapshot.revision == 1);
    REQUIRE(snapshot.members.size() == 2);
    std::map<std::string, std::string> members;
    for (const auto& member : snapshot.members) {
        members[member.id] = member.value;
        CHECK(member.version == 1);
    }
    CHECK(members["m2"] == std::string("t\0o", 3));
    CHECK(snapshot.bans.size() == 2);
    REQUIRE(snapshot.tail.size() == 2);
    Record expected = chat("second").record;
    expected.seq = 2;
    CHECK(snapshot.tail[1] == expected);
    REQUIRE(snapshot.nonces.size() == 2);
    CHECK(snapshot.nonces[1].nonce == "n2");
    CHECK(snapshot.nonces[1].member == "member0123456789");
    CHECK(snapshot.nonces[1].seq == 2);
    CHECK(snapshot.nonces[1].at == 1700000000000);
}

TEST_CASE("what was decided against something else conflicts and leaves nothing") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    Change join = change_of(a, 1);
    join.members = {{"m1", 0, "v"}};
    REQUIRE(commit(a, join).outcome == Outcome::done);

    SECTION("a ban on one server beats a post on another") {
        Change ban = change_of(b, 1);
        ban.raises_rules = true;
        ban.bans = {"client:m1"};
        ban.members = {{"m1", 1, std::nullopt}};
        REQUIRE(commit(b, ban).rules == 2);
        Change post = change_of(a, 2);
        post.records = {chat("too late", "n")};
        CHECK(commit(a, post).outcome == Outcome::conflict);
        CHECK(read(a).tail.empty());
        post.number = 3;
        post.rules = 2;
        CHECK(commit(a, post).outcome == Outcome::done);
    }
    SECTION("posts that change no rules do not disturb each other") {
        Change post = change_of(b, 1);
        post.records = {chat("b")};
        REQUIRE(commit(b, post).revision == 2);
        post = change_of(a, 2);
        post.records = {chat("a")};
        CHECK(commit(a, post).records == written({{2, false}}));
    }
    SECTION("a member of another version, one that is there, one that is not") {
        for (const store::MemberChange& wrong : {store::MemberChange{"m1", 7, "w"}, store::MemberChange{"m1", 0, "w"},
                                                 store::MemberChange{"m2", 1, "w"}}) {
            Change change = change_of(a, 2);
            change.members = {{"m3", 0, "new"}, wrong};
            CHECK(commit(a, change).outcome == Outcome::conflict);
        }
        CHECK(read(a).members.size() == 1);
    }
    SECTION("another epoch") {
        Change change = change_of(a, 2);
        change.epoch = "other";
        CHECK(commit(a, change).outcome == Outcome::conflict);
    }
    SECTION("a new row brings its epoch") {
        Change change = change_of(a, 2);
        change.row = make_row();
        change.row->epoch = "new";
        change.row->locked = true;
        REQUIRE(commit(a, change).outcome == Outcome::done);
        CHECK(read(b).row.locked);
        CHECK(read(b).row.epoch == "new");
        CHECK(commit(a, change_of(a, 3)).outcome == Outcome::conflict);
    }
    SECTION("full is full, and leaving is not joining") {
        Change change = change_of(a, 2);
        change.members_max = 1;
        change.members = {{"m2", 0, "v"}};
        CHECK(commit(a, change).outcome == Outcome::full);
        change.number = 3;
        change.members = {{"m2", 0, "v"}, {"m1", 1, std::nullopt}};
        CHECK(commit(a, change).outcome == Outcome::done);
        REQUIRE(read(a).members.size() == 1);
        CHECK(read(a).members[0].id == "m2");
    }
    SECTION("a room that is not open here") {
        a.store->close_room("blue-owl");
        CHECK(try_commit(a, change_of(a, 2)).error() == StoreError::conflict);
    }
}

TEST_CASE("the same number is answered as the first time, an older one not at all") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    REQUIRE(create(a).has_value());
    open(a);
    Change post = change_of(a, 5);
    post.raises_rules = true;
    post.records = {chat("once"), chat("twice")};
    const Committed first = commit(a, post);
    const Committed again = commit(a, post);
    CHECK(again.outcome == Outcome::done);
    CHECK(again.revision == first.revision);
    CHECK(again.rules == first.rules);
    CHECK(again.records == first.records);
    CHECK(read(a).tail.size() == 2);
    post.number = 4;
    post.rules = 1;
    CHECK(commit(a, post).outcome == Outcome::conflict);
    // Closed and opened again it counts anew.
    a.store->close_room("blue-owl");
    open(a);
    post.number = 1;
    CHECK(commit(a, post).revision == 2);
    CHECK(read(a).tail.size() == 4);
}

TEST_CASE("a nonce is written once, also within one change and from another server") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    Change post = change_of(a, 1);
    post.records = {chat("x", "n1"), chat("y", "n2"), chat("x", "n1"), chat("no nonce"), chat("no nonce")};
    CHECK(commit(a, post).records == written({{1, false}, {2, false}, {1, true}, {3, false}, {4, false}}));
    post = change_of(b, 1);
    post.records = {chat("y", "n2"), chat("z", "n3")};
    CHECK(commit(b, post).records == written({{2, true}, {5, false}}));
    post = change_of(b, 2);
    post.records = {chat("of another member", "n1")};
    post.records[0].record.from = "somebody";
    CHECK(commit(b, post).records == written({{6, false}}));
    CHECK(read(a).tail.size() == 6);
}

TEST_CASE("nonces are remembered for the time set and not for ever") {
    WAAFT_NEEDS_REDIS();
    RedisOptions options = fresh_options();
    options.nonce_keep = 300ms;
    Server a(options);
    REQUIRE(create(a).has_value());
    open(a);
    std::uint64_t number = 0;
    RawRedis raw(common_redis().port());
    for (int round = 0; round < 3; ++round) {
        Change post = change_of(a, ++number);
        post.records = {chat("x", "n" + std::to_string(round))};
        REQUIRE_FALSE(commit(a, post).records[0].repeated);
    }
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!read(a).nonces.empty()) REQUIRE(std::chrono::steady_clock::now() < end);
    Change post = change_of(a, ++number);
    post.records = {chat("x", "n0")};
    CHECK_FALSE(commit(a, post).records[0].repeated);
}

TEST_CASE("deletes and erasing empty the earlier texts, as in the database") {
    WAAFT_NEEDS_REDIS();
    const RedisOptions options = fresh_options();
    Server a(options);
    REQUIRE(create(a).has_value());
    open(a);
    Change post = change_of(a, 1);
    for (int i = 1; i <= 250; ++i) post.records.push_back(chat("text " + std::to_string(i)));
    REQUIRE(commit(a, post).records.back().seq == 250);

    const auto by = [&](Record::Kind kind, store::Seq target) {
        store::NewRecord added;
        added.record.kind = kind;
        added.record.target = target;
        added.record.from = "host";
        return added;
    };
    post = change_of(a, 2);
    post.records = {by(Record::Kind::remove, 7), by(Record::Kind::remove, 9999)};
    REQUIRE(commit(a, post).outcome == Outcome::done);
    Snapshot snapshot = read(a);
    REQUIRE(snapshot.tail.size() == 252);
    CHECK(snapshot.tail[6].deleted);
    CHECK(snapshot.tail[6].text.empty());
    CHECK(snapshot.tail[6].name == "Ann");
    CHECK(snapshot.tail[6].seq == 7);
    CHECK(snapshot.tail[5].text == "text 6");

    post = change_of(a, 3);
    post.records = {chat("before"), by(Record::Kind::erase, 0), chat("after")};
    REQUIRE(commit(a, post).outcome == Outcome::done);
    snapshot = read(a);
    REQUIRE(snapshot.tail.size() == 255);
    for (std::size_t i = 0; i < 254; ++i) {
        const Record& record = snapshot.tail[i];
        CHECK(record.seq == i + 1);
        if (record.kind == Record::Kind::chat) CHECK((record.deleted && record.text.empty()));
    }
    CHECK(snapshot.tail[253].kind == Record::Kind::erase);
    CHECK(snapshot.tail[254].text == "after");
    RawRedis raw(common_redis().port());
    const Reply kept = raw.ask({"LRANGE", options.prefix + ":r:blue-owl:c", "0", "-1"});
    REQUIRE(kept.items.size() == 255);
    for (const Reply& item : kept.items) CHECK(item.text.find("text") == std::string::npos);
}

TEST_CASE("a page of history is the last messages before a seq, with reactions applied") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    REQUIRE(create(a).has_value());
    open(a);
    CHECK(history(a, 100, 10).items.empty());
    Change post = change_of(a, 1);
    const auto react = [](store::Seq target, const std::string& who, bool on) {
        store::NewRecord added;
        added.record.kind = Record::Kind::react;
        added.record.target = target;
        added.record.from = who;
        added.record.emoji = "+1";
        added.record.on = on;
        return added;
    };
    for (int i = 1; i <= 300; ++i) {
        post.records.push_back(chat("c" + std::to_string(i)));
        post.records.push_back(react(2 * i - 1, "x", true));
    }
    post.records.push_back(react(595, "y", true));
    post.records.push_back(react(597, "x", false));
    REQUIRE(commit(a, post).outcome == Outcome::done);
    store::Page page = history(a, ~store::Seq{0}, 3);
    CHECK(page.more);
    REQUIRE(page.items.size() == 3);
    CHECK(page.items[0].seq == 595);
    CHECK(page.items[0].text == "c298");
    CHECK(page.items[0].reactions.at("+1") == std::vector<std::string>{"x", "y"});
    CHECK(page.items[1].reactions.empty());
    CHECK(page.items[2].reactions.size() == 1);
    page = history(a, 595, 297);
    CHECK_FALSE(page.more);
    CHECK(page.items.size() == 297);
    CHECK(page.items.front().seq == 1);
    CHECK(history(a, 595, 296).more);
    CHECK(history(a, 1, 10).items.empty());
    CHECK(history(a, 100, 10, "nowhere").items.empty());
}

namespace {

store::NewRecord later(Record::Kind kind, store::Seq target, const std::string& who = "x", bool on = true) {
    store::NewRecord added;
    added.record.kind = kind;
    added.record.target = target;
    added.record.from = who;
    if (kind == Record::Kind::react) added.record.emoji = "+1";
    added.record.on = on;
    return added;
}

// Calls of a command that Redis has counted, those of scripts too.
std::uint64_t calls(RawRedis& raw, const std::string& command) {
    const std::string text = raw.info("commandstats", "cmdstat_" + command);
    return text.starts_with("calls=") ? std::stoull(text.substr(6)) : 0;
}

std::string text_of(const store::Page& page) {
    std::string text = page.more ? "more" : "all";
    for (const Record& item : page.items) {
        text += "\n" + std::to_string(item.seq) + (item.deleted ? " deleted " : " ") + item.text;
        for (const auto& [emoji, members] : item.reactions) {
            text += " " + emoji;
            for (const std::string& member : members) text += " " + member;
        }
    }
    return text;
}

}  // namespace

TEST_CASE("a page is read in steps that Redis soon has done, however long the log is") {
    WAAFT_NEEDS_REDIS();
    RedisOptions options = fresh_options();
    options.chat_keep_messages = 0;
    Server a(options);
    REQUIRE(create(a).has_value());
    open(a);
    Change post = change_of(a, 1);
    for (int i = 1; i <= 6; ++i) post.records.push_back(chat("early " + std::to_string(i)));
    for (int i = 0; i < 6000; ++i) post.records.push_back(later(Record::Kind::react, 1, "m", i % 2 == 0));
    for (int i = 0; i < 6000; ++i) post.records.push_back(chat("late"));
    post.records.push_back(later(Record::Kind::react, 2));
    post.records.push_back(later(Record::Kind::react, 2, "y"));
    post.records.push_back(later(Record::Kind::remove, 3));
    REQUIRE(commit(a, post).outcome == Outcome::done);

    RawRedis raw(common_redis().port());
    const auto read_in_steps = [&](store::Seq before, std::uint32_t limit) {
        raw.ask({"CONFIG", "RESETSTAT"});
        store::Page page = history(a, before, limit);
        // 100 records are asked for at a time.
        CHECK(calls(raw, "lrange") <= calls(raw, "evalsha") * (history_step / 100 + 1));
        return text_of(page);
    };
    CHECK(read_in_steps(7, 5) == "more\n2 early 2 +1 x y\n3 deleted \n4 early 4\n5 early 5\n6 early 6");
    // Far from the page's end.
    CHECK(read_in_steps(6007, 6) == "all\n1 early 1\n2 early 2 +1 x y\n3 deleted \n4 early 4\n5 early 5\n6 early 6");
    CHECK(read_in_steps(12009, 2) == "more\n12005 late\n12006 late");
    CHECK(calls(raw, "lrange") <= 2);  // what is newest is at hand
    CHECK(read_in_steps(1, 10) == "all");
}

TEST_CASE("a page holds no more long messages than are shown at once") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    REQUIRE(create(a).has_value());
    open(a);
    Change post = change_of(a, 1);
    for (int i = 1; i <= 200; ++i) post.records.push_back(chat(std::string(60000, 'x')));
    REQUIRE(commit(a, post).outcome == Outcome::done);
    const store::Page page = history(a, 201, 100);
    CHECK(page.more);
    CHECK(page.items.size() == 3);  // the third one is beyond store::page_bytes_max
    CHECK(page.items.back().seq == 200);
}

TEST_CASE("pages of any log are those of a store in memory") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    REQUIRE(create(a).has_value());
    open(a);
    const auto memory = store::open_memory_store();
    REQUIRE(wait_for<void>([&](auto done) { memory->create_room(make_row(), done); }).has_value());
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time
    const auto below = [&](std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); };
    store::Seq seq = 0;
    for (std::uint64_t number = 1; number <= 4; ++number) {
        Change post = change_of(a, number);
        for (int i = 0; i < 450; ++i) {
            ++seq;
            const store::Seq target = below(static_cast<std::uint32_t>(seq));  // 0: none
            const std::string who(1, static_cast<char>('a' + below(3)));
            const auto dice = below(1000);
            post.records.push_back(dice < 400   ? chat("c" + std::to_string(seq))
                                   : dice < 950 ? later(Record::Kind::react, target, who, below(3) != 0)
                                   : dice < 998 ? later(Record::Kind::remove, target)
                                                : later(Record::Kind::erase, 0));
            Record record = post.records.back().record;
            record.seq = seq;
            REQUIRE(wait_for<void>([&](auto done) {
                        memory->append({make_row().name, make_row().epoch, record, ""}, done);
                    }).has_value());
        }
        REQUIRE(commit(a, post).outcome == Outcome::done);
        for (int i = 0; i < 20; ++i) {
            const store::Seq before = below(static_cast<std::uint32_t>(seq + 10));
            const std::uint32_t limit = 1 + below(120);
            INFO("before " << before << ", " << limit);
            const auto same =
                wait_for<store::Page>([&](auto done) { memory->history(make_row().name, before, limit, done); });
            REQUIRE(same.has_value());
            CHECK(text_of(history(a, before, limit)) == text_of(*same));
        }
    }
}

TEST_CASE("only so many records stay, and none older than the time given") {
    WAAFT_NEEDS_REDIS();
    RedisOptions options = fresh_options();
    options.chat_keep_messages = 10;
    options.tail_max = 4;
    Server a(options);
    REQUIRE(create(a).has_value());
    open(a);
    for (std::uint64_t number = 1; number <= 12; ++number) {
        Change post = change_of(a, number);
        post.records = {chat("x", {}, static_cast<UnixMs>(number) * 1000),
                        chat("y", {}, static_cast<UnixMs>(number) * 1000)};
        REQUIRE(commit(a, post).records[1].seq == 2 * number);
    }
    Snapshot snapshot = read(a);
    REQUIRE(snapshot.tail.size() == 4);
    CHECK(snapshot.tail[0].seq == 21);
    CHECK(snapshot.row.last_seq == 24);
    CHECK(history(a, 1000, 100).items.front().seq == 15);
    a.store->keep_room("blue-owl", 1h, 11000);
    CHECK(history(a, 1000, 100).items.front().seq == 21);
    a.store->keep_room("blue-owl", 1h, 99000);
    CHECK(history(a, 1000, 100).items.empty());
    Change post = change_of(a, 13);
    post.records = {chat("z")};
    CHECK(commit(a, post).records[0].seq == 25);
    snapshot = read(a);
    REQUIRE(snapshot.tail.size() == 1);
    CHECK(snapshot.tail[0].seq == 25);
}

TEST_CASE("a room goes when nothing kept it alive, with all its keys") {
    WAAFT_NEEDS_REDIS();
    RedisOptions options = fresh_options();
    Server a(options);
    RawRedis raw(common_redis().port());
    REQUIRE(create(a, make_row(), 400ms).has_value());
    open(a);
    Change change = change_of(a, 1);
    change.keep = 400ms;
    change.members = {{"m", 0, "v"}};
    change.bans = {"b"};
    change.records = {chat("x")};
    REQUIRE(commit(a, change).outcome == Outcome::done);
    const std::string key = options.prefix + ":r:blue-owl";
    for (const char* part : {"", ":m", ":c", ":b"}) {
        const auto left = raw.number({"PTTL", key + part});
        CHECK(left <= 450);
    }
    a.store->keep_room("blue-owl", 1h, 0);
    read(a);
    for (const char* part : {"", ":m", ":c", ":b"}) CHECK(raw.number({"PTTL", key + part}) > 1000000);
    change = change_of(a, 2);
    change.keep = 300ms;
    REQUIRE(commit(a, change).outcome == Outcome::done);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (raw.number({"EXISTS", key, key + ":m", key + ":c", key + ":b"}) != 0)
        REQUIRE(std::chrono::steady_clock::now() < end);
    CHECK(commit(a, change_of(a, 3)).outcome == Outcome::gone);
}

TEST_CASE("what one server says to the others is heard by those that have the room open, not by itself") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    Server c(fresh_options('c'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    a.store->tell("blue-owl", "psst\nhi");
    REQUIRE(b.heard.wait([](const Listener& heard) { return heard.whispers_.size() == 1; }));
    CHECK(b.heard.whispers_[0] == "blue-owl " + a.id + " psst\nhi");
    b.store->close_room("blue-owl");
    Change change = change_of(a, 1);
    commit(a, change);
    REQUIRE(a.heard.wait_told(1));
    a.store->tell("blue-owl", "again");
    commit(a, change_of(a, 2));
    REQUIRE(a.heard.wait_told(2));
    CHECK(a.heard.whispers_.empty());
    CHECK(c.heard.whispers_.empty());
    CHECK(c.heard.told().empty());
}

TEST_CASE("deployments with other prefixes or databases have nothing in common") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    RedisOptions options = fresh_options('b');
    options.prefix += "x";
    options.secrets = {"two"};
    Server b(options);
    options = fresh_options('c');
    options.url += "/5";
    options.secrets = {"three"};
    Server c(options);
    const UnixMs later = read_clocks().wall + 3600000;
    for (Server* server : {&a, &b, &c}) {
        REQUIRE(create(*server).has_value());
        open(*server);
    }
    for (Server* server : {&a, &b, &c}) {
        Change post = change_of(*server, 1);
        post.records = {chat(server->id)};
        REQUIRE(commit(*server, post).revision == 1);
        server->store->tell("blue-owl", "psst");
        wait_for<void>([&](auto done) { server->store->revoke_link(server->id, later, std::move(done)); });
    }
    for (Server* server : {&a, &b, &c}) {
        REQUIRE(server->heard.wait([](const Listener& heard) {
            return heard.told_.size() == 1 && heard.links_.size() == 1 && heard.servers_.size() == 1;
        }));
        CHECK(server->heard.told()[0].server == server->id);
        CHECK(server->heard.whispers_.empty());
        CHECK(server->heard.servers_[0] == server->id);
        CHECK(read(*server).tail[0].text == server->id);
    }
}

TEST_CASE("revoked links are told and kept until they expire") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    const UnixMs later = read_clocks().wall + 3600000;
    const auto revoke = [&](const std::string& id, UnixMs when) {
        return wait_for<void>([&](auto done) { a.store->revoke_link(id, when, std::move(done)); });
    };
    REQUIRE(revoke("link-1", later).has_value());
    REQUIRE(revoke("link-0", 1000).has_value());
    REQUIRE(b.heard.wait([](const Listener& heard) { return heard.links_.size() == 2; }));
    CHECK(b.heard.links_[0] == "link-1 " + std::to_string(later));
    const auto links = wait_for<std::vector<std::string>>([&](auto done) { b.store->revoked_links(std::move(done)); });
    REQUIRE(links.has_value());
    CHECK(*links == std::vector<std::string>{"link-1"});
}

TEST_CASE("a limit counts over all servers") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    const auto allow = [](Server& server, const std::string& key, Duration period) {
        const auto allowed = wait_for<bool>([&](auto done) { server.store->allow(key, 3, period, std::move(done)); });
        REQUIRE(allowed.has_value());
        return *allowed;
    };
    CHECK(allow(a, "k", 1h));
    CHECK(allow(b, "k", 1h));
    CHECK(allow(a, "k", 1h));
    CHECK_FALSE(allow(a, "k", 1h));
    CHECK_FALSE(allow(b, "k", 1h));
    CHECK(allow(b, "other", 1h));
    for (int i = 0; i < 3; ++i) CHECK(allow(a, "short", 200ms));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!allow(b, "short", 200ms)) REQUIRE(std::chrono::steady_clock::now() < end);
}

TEST_CASE("servers know who is alive, and at once who left") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    {
        Server b(fresh_options('b'));
        REQUIRE(a.heard.wait([](const Listener& heard) { return heard.servers_.size() == 2; }));
        CHECK(a.heard.servers_ == std::vector<std::string>{a.id, b.id});
    }
    REQUIRE(a.heard.wait([](const Listener& heard) { return heard.servers_.size() == 1; }));
    CHECK(a.heard.servers_[0] == a.id);
}

TEST_CASE("two servers that write at once are told one order") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    constexpr std::uint64_t each = 200;
    std::vector<std::future<Result<Committed, StoreError>>> answers;
    for (std::uint64_t number = 1; number <= each; ++number) {
        for (Server* server : {&a, &b}) {
            auto promise = std::make_shared<std::promise<Result<Committed, StoreError>>>();
            answers.push_back(promise->get_future());
            Change post = change_of(*server, number);
            post.message = server->id + std::to_string(number);
            post.records = {chat(post.message, post.message)};
            server->store->commit(post, [promise](auto result) { promise->set_value(result); });
        }
    }
    for (auto& answer : answers) REQUIRE(answer.get()->outcome == Outcome::done);
    REQUIRE(a.heard.wait_told(2 * each));
    REQUIRE(b.heard.wait_told(2 * each));
    const auto told_a = a.heard.told();
    const auto told_b = b.heard.told();
    const Snapshot snapshot = read(a);
    for (std::size_t i = 0; i < 2 * each; ++i) {
        REQUIRE(told_a[i].revision == i + 1);
        REQUIRE(told_a[i].message == told_b[i].message);
        REQUIRE(told_a[i].records[0].seq == i + 1);
        REQUIRE(snapshot.tail[i].text == told_a[i].message);
    }
}

TEST_CASE("what is told while a room is being opened is passed on after its snapshot") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    std::uint64_t number = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::future<Result<Committed, StoreError>>> answers;
        for (int i = 0; i < 20; ++i) {
            auto promise = std::make_shared<std::promise<Result<Committed, StoreError>>>();
            answers.push_back(promise->get_future());
            a.store->commit(change_of(a, ++number), [promise](auto result) { promise->set_value(result); });
        }
        const auto before = b.heard.told().size();
        const Snapshot snapshot = open(b);
        for (auto& answer : answers) REQUIRE(answer.get().has_value());
        commit(a, change_of(a, ++number));
        REQUIRE(b.heard.wait([&](const Listener& heard) {
            return heard.told_.size() > before && heard.told_.back().revision == number;
        }));
        const auto told = b.heard.told();
        store::Revision expected = snapshot.revision;
        for (std::size_t i = before; i < told.size(); ++i) REQUIRE(told[i].revision == ++expected);
        b.store->close_room("blue-owl");
        read(b);
    }
}

TEST_CASE("after a thousand rooms the keys are as many as before, and what each needs is bounded") {
    WAAFT_NEEDS_REDIS();
    RedisOptions options = fresh_options();
    Server a(options);
    RawRedis raw(common_redis().port());
    const auto keys = [&] { return raw.ask({"KEYS", options.prefix + ":[^a]*"}).items.size(); };
    const auto before = keys();
    const auto size_of = [&](const std::string& name) {
        std::int64_t bytes = 0;
        for (const char* part : {"", ":m", ":c", ":b", ":n:0", ":n:1"})
            bytes += raw.number({"MEMORY", "USAGE", options.prefix + ":r:" + name + part, "SAMPLES", "0"});
        return bytes;
    };
    const auto number_of = [&](const std::string& name) {
        auto row = make_row(name);
        row.password_hash = std::string(97, 'p');
        REQUIRE(create(a, row).has_value());
        open(a, name);
    };
    number_of("room-0");
    const auto empty = size_of("room-0");
    Change join = change_of(a, 1, 0, "room-0");
    join.members = {{"member0123456789", 0, std::string(120, 'v')}};
    commit(a, join);
    const auto one = size_of("room-0");
    join = change_of(a, 2, 0, "room-0");
    for (int i = 0; i < 200; ++i)
        join.members.push_back({"member" + std::to_string(1000000000 + i), 0, std::string(120, 'v')});
    commit(a, join);
    const auto per_member = (size_of("room-0") - one) / 200;
    number_of("room-chat");
    const auto fresh = size_of("room-chat");
    for (std::uint64_t i = 1; i <= 100; ++i) {
        Change post = change_of(a, i, 0, "room-chat");
        post.records = {chat(std::string(200, 'x'), "nonce" + std::to_string(10000000000 + i))};
        commit(a, post);
    }
    const auto with_chat = size_of("room-chat");
    WARN("redis_bytes_room=" << empty << " first member=" << one - empty << " redis_bytes_member=" << per_member
                             << " redis_bytes_chat=" << with_chat << " (room " << fresh << ")");
    CHECK(one <= 2048);
    CHECK(per_member <= 300);
    CHECK(with_chat <= 40 * 1024);
    for (int i = 1; i < 1000; ++i) {
        const std::string name = "room-" + std::to_string(i);
        number_of(name);
        Change change = change_of(a, 1, 0, name);
        change.members = {{"m", 0, "v"}};
        change.bans = {"b"};
        change.records = {chat("x", "n")};
        REQUIRE(commit(a, change).outcome == Outcome::done);
    }
    for (int i = 0; i <= 1000; ++i) {
        const std::string name = i == 1000 ? "room-chat" : "room-" + std::to_string(i);
        Change end = change_of(a, 1000, 0, name);
        end.ends = true;
        REQUIRE(commit(a, end).outcome == Outcome::done);
        a.store->close_room(name);
    }
    CHECK(keys() == before);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (raw.ask({"PUBSUB", "CHANNELS", options.prefix + ":*"}).items.size() != 1)
        REQUIRE(std::chrono::steady_clock::now() < end);
}

TEST_CASE("a message costs all servers one request, whatever the number of servers") {
    WAAFT_NEEDS_REDIS();
    Server a(fresh_options());
    Server b(fresh_options('b'));
    REQUIRE(create(a).has_value());
    open(a);
    open(b);
    RawRedis raw(common_redis().port());
    const auto processed = [&] { return a.store->status().requests + b.store->status().requests; };
    raw.ask({"CONFIG", "RESETSTAT"});
    const auto before = processed();
    for (std::uint64_t number = 1; number <= 500; ++number) {
        Change post = change_of(a, number);
        post.records = {chat("x", std::to_string(number))};
        commit(a, post);
    }
    REQUIRE(b.heard.wait_told(500));
    const auto spent = processed() - before;
    WARN("redis_ops=" << static_cast<double>(spent) / 500 << ", in Redis "
                      << raw.info("commandstats", "cmdstat_evalsha"));
    CHECK(spent <= 1000);
}
