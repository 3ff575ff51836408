// Bytes in and out without a Redis: replies, records, rows, what is told, addresses, INFO.
#include "server/redis/commands.h"
#include "server/redis/start_check.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::redis;
using store::Record;

namespace {

Record full_record() {
    Record record;
    record.kind = Record::Kind::chat;
    record.seq = 77;
    record.at = 1700000000123;
    record.from = "member";
    record.name = "Änn";
    record.text = std::string("text\0with |\n all", 16);
    record.target = 5;
    record.emoji = "+1";
    record.on = true;
    record.deleted = true;
    return record;
}

// All replies in these bytes, fed in pieces of that size.
std::vector<Reply> replies_of(const std::string& bytes, std::size_t piece, bool& broken) {
    ReplyReader reader;
    std::vector<Reply> replies;
    broken = false;
    for (std::size_t at = 0; at < bytes.size() && !broken; at += piece) {
        reader.feed(std::string_view(bytes).substr(at, piece));
        Reply reply;
        ReplyReader::Next next;
        while ((next = reader.next(reply)) == ReplyReader::Next::reply) replies.push_back(std::move(reply));
        broken = next == ReplyReader::Next::broken;
    }
    return replies;
}

}  // namespace

TEST_CASE("commands are arrays of words") {
    std::string bytes = "before ";
    Command("PING").write_to(bytes);
    CHECK(bytes == "before *1\r\n$4\r\nPING\r\n");
    bytes.clear();
    Command("SET").add("k").add(std::string_view("a\r\nb")).add(std::uint64_t{12}).write_to(bytes);
    CHECK(bytes == "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n$2\r\n12\r\n");
}

TEST_CASE("replies come whole, however the bytes are cut") {
    const std::string bytes =
        "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$4\r\na\r\nb\r\n*-1\r\n*0\r\n*3\r\n$1\r\nx\r\n*2\r\n:1\r\n$0\r\n\r\n*-1\r\n";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        bool broken = false;
        const auto replies = replies_of(bytes, piece, broken);
        REQUIRE_FALSE(broken);
        REQUIRE(replies.size() == 8);
        CHECK((replies[0].is(Reply::Kind::status) && replies[0].text == "OK"));
        CHECK((replies[1].is(Reply::Kind::error) && replies[1].text == "ERR no"));
        CHECK((replies[2].is(Reply::Kind::integer) && replies[2].integer == -7));
        CHECK(replies[3].is(Reply::Kind::nil));
        CHECK((replies[4].is(Reply::Kind::text) && replies[4].text == "a\r\nb"));
        CHECK(replies[5].is(Reply::Kind::nil));
        CHECK((replies[6].is(Reply::Kind::array) && replies[6].items.empty()));
        REQUIRE(replies[7].items.size() == 3);
        CHECK(replies[7].items[0].text == "x");
        CHECK(replies[7].items[1].items[0].integer == 1);
        CHECK(replies[7].items[1].items[1].text.empty());
        CHECK(replies[7].items[2].is(Reply::Kind::nil));
    }
}

TEST_CASE("what is not the protocol breaks the reader, and it stays broken") {
    for (const std::string bytes :
         {"HTTP/1.1 400 Bad Request\r\n\r\n", "*99999999\r\n", "*1048577\r\n", "$x\r\n", "*2147483648\r\n",
          "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"}) {
        bool broken = false;
        CHECK(replies_of(bytes, 7, broken).empty());
        CHECK(broken);
    }
}

TEST_CASE("a record comes back as it was") {
    const auto bytes = encode_record(full_record());
    REQUIRE(bytes);
    CHECK((*decode_record(*bytes, 77) == full_record()));
    for (std::size_t size = 0; size + full_record().text.size() < bytes->size(); ++size)
        CHECK(decode_record(bytes->substr(0, size), 1).error() == Unreadable::truncated);
    std::string other = *bytes;
    other[0] = 2;
    CHECK(decode_record(other, 1).error() == Unreadable::newer);
    other[0] = 0;
    CHECK(decode_record(other, 1).error() == Unreadable::bad);
    other = *bytes;
    other[1] = 4;
    CHECK(decode_record(other, 1).error() == Unreadable::bad);
    other = *bytes;
    other[2] = 8;
    CHECK(decode_record(other, 1).error() == Unreadable::bad);
    CHECK(decode_record(*bytes + std::string(record_max, 'x'), 1).error() == Unreadable::huge);
    Record record = full_record();
    record.name = std::string(70000, 'n');
    CHECK_FALSE(encode_record(record).has_value());
    record = full_record();
    record.text = std::string(record_max, 't');
    CHECK_FALSE(encode_record(record).has_value());
}

TEST_CASE("a row comes back as it was") {
    store::RoomRow row;
    row.kind = store::RoomKind::broadcast;
    row.locked = true;
    row.members_max = 4000000000;
    row.created_at = 1;
    row.ended_at = 2;
    row.last_active_at = 3;
    row.host_key_hash = "h";
    row.password_hash = "p";
    const auto bytes = encode_row(row);
    REQUIRE(bytes);
    const auto back = decode_row(*bytes);
    REQUIRE(back.has_value());
    CHECK(back->kind == row.kind);
    CHECK(back->locked);
    CHECK(back->members_max == row.members_max);
    CHECK(back->created_at == 1);
    CHECK(back->ended_at == 2);
    CHECK(back->last_active_at == 3);
    CHECK(back->host_key_hash == "h");
    CHECK(back->password_hash == "p");
    for (std::size_t size = 0; size < bytes->size(); ++size)
        CHECK(decode_row(bytes->substr(0, size)).error() == Unreadable::truncated);
    CHECK(decode_row(*bytes + "x").error() == Unreadable::truncated);
    CHECK(decode_row("\2" + bytes->substr(1)).error() == Unreadable::newer);
}

TEST_CASE("a link comes back as it was") {
    store::LinkRow link;
    link.role = store::Role::host;
    link.made_at = 1700000000000;
    link.expires_at = 1700000000001;
    CHECK(encode_link(link, "5") == "1 0 1700000000000 1700000000001 5 - 0 ");
    for (const std::string& text : {std::string(), std::string("with space"), std::string("\0\n\xC3\xA9", 4)}) {
        link.key = text;
        link.name = text + "!";
        link.host_key = text.empty() ? "" : "0011";
        const std::string bytes = encode_link(link, "5");
        const auto back = decode_link("id", bytes);
        REQUIRE(back.has_value());
        CHECK(back->id == "id");
        CHECK(back->role == store::Role::host);
        CHECK(back->made_at == link.made_at);
        CHECK(back->expires_at == link.expires_at);
        CHECK(back->host_key == link.host_key);
        CHECK(back->key == link.key);
        CHECK(back->name == link.name);
        CHECK_FALSE(back->revoked);
        const std::size_t head = bytes.size() - link.key.size() - link.name.size() - 1;
        for (std::size_t size = 0; size < head; ++size) CHECK(decode_link("id", bytes.substr(0, size)).has_error());
        CHECK(decode_link("id", "2" + bytes.substr(1)).error() == Unreadable::newer);
    }
    CHECK(decode_link("id", "1 3 1 2 5 - 0 ").error() == Unreadable::bad);
    CHECK(decode_link("id", "1 0 x 2 5 - 0 ").error() == Unreadable::bad);
    CHECK(decode_link("id", "1 0 1 2 5 - 9 Ann").error() == Unreadable::truncated);
    CHECK(decode_link("id", "").error() == Unreadable::bad);
}

TEST_CASE("answers to a commit") {
    const auto done = decode_committed("d 12 7 5x3,2r,9");
    REQUIRE(done.has_value());
    CHECK(done->outcome == store::Committed::Outcome::done);
    CHECK(done->revision == 12);
    CHECK(done->rules == 7);
    REQUIRE(done->records.size() == 5);
    CHECK(done->records[2].seq == 7);
    CHECK(done->records[3].seq == 2);
    CHECK(done->records[3].repeated);
    CHECK(done->records[4].seq == 9);
    CHECK(decode_committed("d 1 1 -")->records.empty());
    CHECK(decode_committed("c")->outcome == store::Committed::Outcome::conflict);
    CHECK(decode_committed("f")->outcome == store::Committed::Outcome::full);
    CHECK(decode_committed("g")->outcome == store::Committed::Outcome::gone);
    for (const char* text : {"", "x", "d", "d 1", "d 1 1", "d 1 1 x", "d 1 1 5x0", "d 1 1 5x65537", "d 1 1 1x65536,2",
                             "d -1 1 -", "c 1", "d 99999999999999999999 1 -", "d 1 1 5,,6"})
        CHECK_FALSE(decode_committed(text).has_value());
}

TEST_CASE("what is heard on a channel") {
    const auto told = decode_heard("1c server 4 3 e 5x2\nhello\nworld");
    REQUIRE(told.has_value());
    const auto& change = std::get<store::Told>(*told);
    CHECK(change.server == "server");
    CHECK(change.revision == 4);
    CHECK(change.rules == 3);
    CHECK(change.ends);
    CHECK(change.records.size() == 2);
    CHECK(change.message == "hello\nworld");
    const auto whisper = decode_heard(encode_whisper({"server", "a\nb"}));
    REQUIRE(whisper.has_value());
    CHECK(std::get<Whisper>(*whisper).server == "server");
    CHECK(std::get<Whisper>(*whisper).message == "a\nb");
    const auto link = decode_heard("1l 99 id with blanks");
    REQUIRE(link.has_value());
    CHECK(std::get<LinkRevoked>(*link).id == "id with blanks");
    CHECK(std::get<LinkRevoked>(*link).expires_at == 99);
    struct Row {
        const char* text;
        Unreadable why;
    };
    for (const Row& row :
         {Row{"", Unreadable::truncated}, Row{"1c server 4 3 e 5x2", Unreadable::truncated},
          Row{"1c server 4 3 x 5x2\n", Unreadable::bad}, Row{"1c  4 3 e 5x2\n", Unreadable::bad},
          Row{"2c server 4 3 e 5x2\n", Unreadable::newer}, Row{"1z server\n", Unreadable::newer},
          Row{"hello", Unreadable::bad}, Row{"1l x id", Unreadable::bad}, Row{"1w\n", Unreadable::bad}})
        CHECK(decode_heard(row.text).error() == row.why);
}

TEST_CASE("addresses of a Redis") {
    struct Row {
        const char* text;
        const char* host;
        unsigned port;
        unsigned database;
        bool tls;
    };
    for (const Row& row :
         {Row{"redis://redis", "redis", 6379, 0, false}, Row{"rediss://a.b:1/2", "a.b", 1, 2, true},
          Row{"redis://[::1]:7", "::1", 7, 0, false}, Row{"redis://10.0.0.1/", "10.0.0.1", 6379, 0, false}}) {
        const auto url = parse_redis_url(row.text);
        REQUIRE(url.has_value());
        CHECK(url->host == row.host);
        CHECK(url->port == row.port);
        CHECK(url->database == row.database);
        CHECK(url->tls == row.tls);
    }
    CHECK(parse_redis_url("redis://[::1]:7")->text() == "[::1]:7");
    for (const char* text :
         {"", "redis", "http://redis", "redis://", "redis://:1", "redis://a:0", "redis://a:65536", "redis://a:1:2",
          "redis://[::1", "redis://a/b", "redis://a/1/2", "redis://a b", "redis://user:secret@a"}) {
        const auto url = parse_redis_url(text);
        REQUIRE_FALSE(url.has_value());
        CHECK(url.error().code == "redis_url");
        CHECK(url.error().what.find("secret") == std::string::npos);
    }
}

TEST_CASE("what INFO says of memory") {
    const Memory memory = read_memory("# Memory\r\nused_memory:12\r\nused_memory_human:1\r\nmaxmemory:34\r\n");
    CHECK(memory.used == 12);
    CHECK(memory.max == 34);
    CHECK(read_memory("used_memory:").used == 0);
    CHECK(read_memory("").max == 0);
}

TEST_CASE("answers of another shape are misread, not taken") {
    Reply text;
    text.kind = Reply::Kind::text;
    text.text = "hello";
    Reply list;
    list.kind = Reply::Kind::array;
    for (int i = 0; i < 12; ++i) list.items.push_back(text);
    for (const Reply& reply : {text, list}) {
        CHECK_FALSE(read_snapshot(reply, "room").has_value());
        CHECK_FALSE(read_page(reply).has_value());
        CHECK_FALSE(read_created(reply).has_value());
        CHECK_FALSE(read_committed(reply).has_value());
        CHECK_FALSE(read_flag(reply).has_value());
        CHECK_FALSE(read_recorded(reply).has_value());
        CHECK_FALSE(read_links(reply).has_value());
    }
    list.items.resize(6);
    CHECK_FALSE(read_page(list).has_value());
    CHECK_FALSE(read_list(text).has_value());
    const auto snapshot = read_snapshot(Reply(), "room");
    REQUIRE(snapshot.has_value());
    CHECK_FALSE(snapshot->has_value());
}
