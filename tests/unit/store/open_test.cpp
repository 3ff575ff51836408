// Opening: whose file it is, which version, who else holds it, what is done with a damaged one.
#include "server/store/file.h"
#include "server/store/schema.h"
#include "tests/unit/store/store_harness.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace waaft;
using namespace waaft::store;
using namespace waaft::store::testing;

namespace {

std::string read_all(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void write_all(const std::string& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
mode_t mode_of(const std::string& file) {
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    return info.st_mode & 0777;
}
void run_sql(const std::string& file, const std::string& sql) {
    Database database = Database::open(file, "");
    REQUIRE(database.opened());
    REQUIRE(database.execute(sql) == SQLITE_OK);
}
Result<Opened> open_at(const std::string& file) { return open_sqlite_store({.path = file}); }

void make_log(const std::string& file, Seq posts) {
    auto opened = open_at(file);
    REQUIRE(opened.has_value());
    REQUIRE(create_room(*opened->store, make_room()).has_value());
    for (Seq seq = 1; seq <= posts; ++seq) {
        REQUIRE(append(*opened->store, to(make_room(), make_chat(seq, "a text to look for"))).has_value());
    }
}

}  // namespace

TEST_CASE("the directory and its files are private") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("data/waaft/waaft.db");
    auto opened = open_at(file);
    REQUIRE(opened.has_value());
    REQUIRE(create_room(*opened->store, make_room()).has_value());
    CHECK(mode_of(directory.file("data")) == 0700);
    CHECK(mode_of(directory.file("data/waaft")) == 0700);
    for (const char* name : {"", "-wal", "-shm"}) CHECK(mode_of(file + name) == 0600);
    CHECK(mode_of(directory.file("data/waaft/waaft.lock")) == 0600);
}

TEST_CASE("a second server is refused and told who is there") {
    const TemporaryDirectory directory;
    auto first = open_at(directory.file());
    REQUIRE(first.has_value());
    const auto second = open_at(directory.file());
    REQUIRE(second.has_error());
    CHECK(second.error().code == "store_locked");
    CHECK(second.error().what.find("process " + std::to_string(::getpid())) != std::string::npos);
    first->store.reset();
    CHECK(open_at(directory.file()).has_value());
}

TEST_CASE("a directory that can't be used is named") {
    const TemporaryDirectory directory;
    write_all(directory.file("file"), "x");
    for (const char* name : {"file/waaft.db", "file/more/waaft.db"}) {
        const auto opened = open_at(directory.file(name));
        REQUIRE(opened.has_error());
        CHECK(opened.error().code == "store_unreadable");
        CHECK_FALSE(opened.error().where.empty());
        CHECK_FALSE(opened.error().hint.empty());
    }
    if (::geteuid() == 0) return;  // root may write everywhere
    std::filesystem::create_directory(directory.path() / "closed");
    REQUIRE(::chmod(directory.file("closed").c_str(), 0500) == 0);
    CHECK(open_at(directory.file("closed/waaft.db")).error().code == "store_unreadable");
}

TEST_CASE("a newer schema is refused by name and left as it is") {
    const TemporaryDirectory directory;
    make_log(directory.file(), 1);
    run_sql(directory.file(), "PRAGMA user_version = 999");
    const auto opened = open_at(directory.file());
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == "store_newer");
    CHECK(opened.error().what.find("999") != std::string::npos);
    CHECK(opened.error().what.find("version " + std::to_string(migrations().back().version)) != std::string::npos);
    CHECK(opened.error().where == directory.file());
    run_sql(directory.file(), "PRAGMA user_version = " + std::to_string(migrations().back().version));
    auto again = open_at(directory.file());
    REQUIRE(again.has_value());
    CHECK(load(*again->store, make_room().name)->tail.size() == 1);
}

TEST_CASE("another program's database is left alone") {
    const TemporaryDirectory directory;
    run_sql(directory.file(), "CREATE TABLE theirs (x)");
    const auto opened = open_at(directory.file());
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == "store_unreadable");
    run_sql(directory.file(), "INSERT INTO theirs VALUES (1)");
}

TEST_CASE("an older schema is copied, then migrated") {
    const TemporaryDirectory directory;
    make_log(directory.file(), 3);
    // The next version of the schema, as it may come.
    const int current = migrations().back().version;
    std::vector<Migration> steps(migrations().begin(), migrations().end());
    steps.push_back({current + 1, "ALTER TABLE rooms ADD COLUMN title TEXT NOT NULL DEFAULT '';"});
    steps.push_back({current + 2, "UPDATE rooms SET title = name;"});
    const std::string copy = directory.file() + ".v" + std::to_string(current) + ".bak";
    write_all(copy, "of a migration that was cut short");
    {
        Database database = Database::open(directory.file(), "");
        const auto migrated = upgrade_schema(database, directory.file(), steps);
        REQUIRE(migrated.has_value());
        CHECK(*migrated == copy);
        CHECK(*database.number("PRAGMA user_version") == current + 2);
        CHECK(*database.text("SELECT title FROM rooms") == make_room().name);
        CHECK(*database.number("SELECT count(*) FROM records") == 3);
        CHECK(upgrade_schema(database, directory.file(), steps)->empty());
    }
    CHECK(open_at(directory.file()).error().code == "store_newer");
    CHECK(mode_of(copy) == 0600);
    // The copy is a whole database of the older version.
    std::filesystem::rename(copy, directory.file("copy.db"));
    auto older = open_at(directory.file("copy.db"));
    REQUIRE(older.has_value());
    CHECK(load(*older->store, make_room().name)->tail.size() == 3);
}

TEST_CASE("a database of before links were recorded has none, and takes them from then on") {
    const TemporaryDirectory directory;
    {
        Database database = Database::open(directory.file(), "");
        REQUIRE(upgrade_schema(database, directory.file(), migrations().first(2)).has_value());
    }
    run_sql(directory.file(),
            "INSERT INTO rooms (name, epoch, kind, host_key_hash, password_hash, locked, members_max, created_at, "
            "ended_at, last_active_at, last_seq) VALUES ('blue-owl', '0123456789abcdef', 0, '', '', 0, 7, 1, 0, 1, 0);"
            "INSERT INTO revoked_links VALUES ('blue-owl/of-before', 9999999999999)");
    const auto opened = open_at(directory.file());
    REQUIRE(opened.has_value());
    CHECK(opened->migrated_copy == directory.file() + ".v2.bak");
    const RoomRow room = make_room();
    CHECK(links_of(*opened->store, room).empty());
    CHECK(record_link(*opened->store, room, make_link("one", 1, 9999999999999)) == Recorded::done);
    CHECK(links_of(*opened->store, room).size() == 1);
    CHECK(*wait_for<std::vector<std::string>>([&](auto done) { opened->store->revoked_links(std::move(done)); }) ==
          std::vector<std::string>{"blue-owl/of-before"});
}

TEST_CASE("a migration that fails changes nothing") {
    const TemporaryDirectory directory;
    make_log(directory.file(), 2);
    const int current = migrations().back().version;
    std::vector<Migration> steps(migrations().begin(), migrations().end());
    steps.push_back({current + 1, "DELETE FROM records; INSERT INTO nowhere VALUES (1);"});
    {
        Database database = Database::open(directory.file(), "");
        const auto migrated = upgrade_schema(database, directory.file(), steps);
        REQUIRE(migrated.has_error());
        CHECK(migrated.error().code == "store_io");
    }
    auto opened = open_at(directory.file());
    REQUIRE(opened.has_value());
    CHECK(load(*opened->store, make_room().name)->tail.size() == 2);
}

TEST_CASE("a damaged database is moved aside and a new one made") {
    const TemporaryDirectory directory;
    const auto scribble = [&](std::streamoff from, std::size_t size) {
        std::fstream out(directory.file(), std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(from);
        out << std::string(size, 'Z');
    };
    make_log(directory.file(), 50);
    SECTION("its header") { scribble(0, 100); }
    SECTION("its schema's page") { scribble(100, 3000); }
    SECTION("a page in the middle, after a crash") {
        // A WAL that is there says that nobody closed the database.
        scribble(3 * 4096, 4096);
        write_all(directory.file() + "-wal", std::string(64, '\0'));
    }
    SECTION("all of it") { write_all(directory.file(), std::string(100'000, 'Z')); }
    const std::string damaged = read_all(directory.file());
    auto opened = open_at(directory.file());
    REQUIRE(opened.has_value());
    CHECK(opened->moved_aside.starts_with(directory.file() + ".corrupt-2"));
    CHECK(read_all(opened->moved_aside) == damaged);
    CHECK_FALSE(load(*opened->store, make_room().name));
    REQUIRE(create_room(*opened->store, make_room()).has_value());
    opened->store.reset();
    auto again = open_at(directory.file());
    REQUIRE(again.has_value());
    CHECK(again->moved_aside.empty());
    CHECK(load(*again->store, make_room().name));
}

TEST_CASE("two that are moved aside within a second have names of their own") {
    const TemporaryDirectory directory;
    std::set<std::string> names;
    for (int i = 0; i < 3; ++i) {
        write_all(directory.file(), "x");
        const auto aside = move_aside(directory.file(), 1'700'000'000'000);
        REQUIRE(aside.has_value());
        names.insert(*aside);
    }
    CHECK(names == std::set<std::string>{directory.file() + ".corrupt-20231114T221320Z",
                                         directory.file() + ".corrupt-20231114T221320Z-2",
                                         directory.file() + ".corrupt-20231114T221320Z-3"});
}

TEST_CASE("a deleted text is gone from the file") {
    const TemporaryDirectory directory;
    const std::string small = "the small secret";
    const std::string large = "the large secret " + std::string(4000, 's');
    const auto in_file = [&](const std::string& text) {
        return read_all(directory.file()).find(text) != std::string::npos;
    };
    const RoomRow room = make_room();
    {
        auto opened = open_at(directory.file());
        REQUIRE(create_room(*opened->store, room).has_value());
        REQUIRE(append(*opened->store, to(room, make_chat(1, small))).has_value());
        REQUIRE(append(*opened->store, to(room, make_chat(2, large))).has_value());
    }
    CHECK(in_file(small));
    CHECK(in_file("the large secret"));
    {
        auto opened = open_at(directory.file());
        REQUIRE(append(*opened->store, to(room, make_delete(3, 1))).has_value());
        REQUIRE(append(*opened->store, to(room, make_erase(4))).has_value());
    }
    CHECK_FALSE(in_file(small));
    CHECK_FALSE(in_file("the large secret"));
    CHECK_FALSE(in_file(std::string(100, 's')));
}

TEST_CASE("a deleted text is soon in no file any more while the store is open") {
    const TemporaryDirectory directory;
    const auto in_files = [&](const std::string& text) {
        return read_all(directory.file()).find(text) != std::string::npos ||
               read_all(directory.file() + "-wal").find(text) != std::string::npos;
    };
    SqliteOptions options;
    options.path = directory.file();
    options.wipe_after = Duration::zero();
    const auto opened = open_sqlite_store(options);
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    const RoomRow room = make_room();
    REQUIRE(create_room(store, room).has_value());
    for (Seq seq = 1; seq < 8; seq += 2) {
        const std::string secret = "secret " + std::to_string(seq);
        REQUIRE(append(store, to(room, make_chat(seq, secret))).has_value());
        CHECK(in_files(secret));
        REQUIRE(append(store, to(room, seq < 5 ? make_delete(seq + 1, seq) : make_erase(seq + 1))).has_value());
        history(store, room.name, 1, 1);  // is answered after what was due before it
        CHECK_FALSE(in_files(secret));
    }
}

TEST_CASE("nothing is written to a database that was moved away, and it goes on when it is back") {
    const TemporaryDirectory directory;
    const auto opened = open_sqlite_store({.path = directory.file(), .queue_max = {.count = 100}});
    REQUIRE(opened.has_value());
    Store& store = *opened->store;
    const RoomRow room = make_room();
    REQUIRE(create_room(store, room).has_value());
    std::filesystem::rename(directory.file(), directory.file() + "-aside");
    CHECK(append(store, to(room, make_chat(1, "lost"))).error() == StoreError::io);
    CHECK(create_room(store, make_room("red-owl")).error() == StoreError::io);
    std::filesystem::rename(directory.file() + "-aside", directory.file());
    CHECK(append(store, to(room, make_chat(1, "kept"))).has_value());
    CHECK(history(store, room.name, 9, 9).items.size() == 1);
}
