// What makes a Redis unfit is found at the start, named, with what to do.
#include "server/redis/forms.h"
#include "tests/unit/redis/relay.h"
#include "tests/unit/redis/store_harness.h"

#include <csignal>
#include <thread>

using namespace waaft;
using namespace waaft::redis;
using namespace waaft::redis::testing;

namespace {

// The code, or "" if it opened; `what` and `hint` must say something.
std::string code_of(const RedisOptions& options) {
    Listener heard;
    const auto opened = open_redis(options, heard);
    if (opened) return {};
    INFO(opened.error().what << " | " << opened.error().where << " | " << opened.error().hint);
    CHECK(opened.error().what.size() > 10);
    CHECK_FALSE(opened.error().hint.empty());
    CHECK((options.password.empty() || opened.error().what.find(options.password) == std::string::npos));
    return opened.error().code;
}

}  // namespace

TEST_CASE("settings of Redis that would lose rooms or messages") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    RedisOptions options = options_of(redis.url());
    const auto set = [&](const std::string& name, const std::string& value) {
        REQUIRE(raw.text({"CONFIG", "SET", name, value}) == "OK");
    };
    CHECK(code_of(options).empty());
    for (const char* policy : {"allkeys-lru", "volatile-lru", "volatile-ttl", "allkeys-random"}) {
        set("maxmemory-policy", policy);
        CHECK(code_of(options) == "redis_policy");
    }
    set("maxmemory-policy", "noeviction");
    set("no-appendfsync-on-rewrite", "yes");
    CHECK(code_of(options) == "redis_durability");
    set("no-appendfsync-on-rewrite", "no");
    set("appendfsync", "everysec");
    CHECK(code_of(options) == "redis_durability");
    options.ack = RedisOptions::Ack::memory;
    CHECK(code_of(options).empty());
    set("appendfsync", "always");
    set("appendonly", "no");
    CHECK(code_of(options).empty());
    options.ack = RedisOptions::Ack::fsync;
    CHECK(code_of(options) == "redis_durability");
    set("appendonly", "yes");
    CHECK(code_of(options).empty());
    set("maxmemory", "1");
    CHECK(code_of(options) == "redis_full");
    set("maxmemory", "0");
    raw.ask({"REPLICAOF", "127.0.0.1", "1"});
    CHECK(code_of(options) == "redis_replica");
}

TEST_CASE("settings that change while it runs are found when it comes back") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Relay relay(redis.port());
    Server a(options_of(relay.url()));
    raw.ask({"CONFIG", "SET", "appendfsync", "no"});
    relay.cut();
    REQUIRE(a.heard.wait([](const Listener& heard) { return !heard.up_; }));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (a.store->status().trouble.find("appendfsync no") == std::string::npos)
        REQUIRE(std::chrono::steady_clock::now() < end);
    raw.ask({"CONFIG", "SET", "appendfsync", "always"});
    REQUIRE(a.heard.wait_ups(2));
}

TEST_CASE("passwords and users") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis({"--requirepass", "secret-1"});
    RawRedis raw(redis.port());
    REQUIRE(raw.text({"AUTH", "secret-1"}) == "OK");
    RedisOptions options = options_of(redis.url());
    CHECK(code_of(options) == "redis_password");
    options.password = "secret-2";
    CHECK(code_of(options) == "redis_password");
    options.password = "secret-1";
    CHECK(code_of(options).empty());
    options.user = "nobody";
    CHECK(code_of(options) == "redis_password");

    options.user = "waaft";
    options.password = "secret-3";
    const auto user = [&](std::vector<std::string> rules) {
        std::vector<std::string> words{"ACL", "SETUSER", "waaft", "reset", "on", ">secret-3"};
        words.insert(words.end(), rules.begin(), rules.end());
        REQUIRE(raw.text(words) == "OK");
        return code_of(options);
    };
    // What the hint says is enough.
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-@dangerous", "+info", "+config|get"}).empty());
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-@dangerous", "+info"}).empty());
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-@dangerous"}) == "redis_rights");
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-@scripting"}) == "redis_rights");
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-zadd"}) == "redis_rights");
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-ltrim", "-lpop"}) == "redis_rights");
    CHECK(user({"~waaft:*", "resetchannels", "+@all"}) == "redis_rights");
    CHECK(user({"~other:*", "&waaft:*", "+@all"}) == "redis_rights");
    CHECK(user({"~waaft:*", "&waaft:*", "+@all", "-subscribe"}) == "redis_rights");

    RedisServer without;
    options = options_of(without.url());
    options.password = "secret-1";
    CHECK(code_of(options) == "redis_password");
}

TEST_CASE("somebody else under the prefix, another secret, a newer form") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    RedisOptions options = options_of(redis.url());
    for (const char* key : {"waaft:format", "waaft:servers", "waaft:links", "waaft:lineage"}) {
        raw.ask({"RPUSH", key, "x"});
        CHECK(code_of(options) == "redis_foreign");
        raw.ask({"DEL", key});
    }
    raw.ask({"SET", "waaft:format", "hello"});
    CHECK(code_of(options) == "redis_foreign");
    raw.ask({"SET", "waaft:format", "2 one"});
    CHECK(code_of(options) == "redis_newer");
    raw.ask({"DEL", "waaft:format"});

    Server a(options);
    RedisOptions other = options_of(redis.url(), 'b');
    CHECK(code_of(other).empty());
    other.secrets = {"two"};
    CHECK(code_of(other) == "redis_secret");
    // A secret is changed in two steps: first all know both.
    other.secrets = {"two", "one"};
    CHECK(code_of(other).empty());
    CHECK(raw.text({"GET", "waaft:format"}) == "1 two");
    other.secrets = {"one"};
    CHECK(code_of(other) == "redis_secret");
    // Another deployment.
    other.prefix = "other";
    other.secrets = {"three"};
    CHECK(code_of(other).empty());
    // Nobody is alive: the secret is a new one, and the rooms are kept.
    REQUIRE(create(a).has_value());
    a.store->close();
    other.prefix = "waaft";
    Server c(other);
    open(c);
}

TEST_CASE("addresses that lead nowhere, or to something else") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RedisOptions options = options_of("redis://127.0.0.1:" + std::to_string(free_port()));
    options.deadline = 2s;
    CHECK(code_of(options) == "redis_away");
    options.url = "redis://nowhere.invalid:1";
    CHECK(code_of(options) == "redis_away");
    options.url = redis.url() + "/99";
    CHECK(code_of(options) == "redis_url");
    options.url = redis.url() + "/3";
    CHECK(code_of(options).empty());
    options.url = "rediss://127.0.0.1:" + std::to_string(redis.port());
    options.deadline = 300ms;
    CHECK(code_of(options) == "redis_tls");
    options.url = redis.url();
    options.prefix = "a b";
    CHECK(code_of(options) == "redis_url");
    options = options_of(redis.url());
    redis.signal(SIGSTOP);
    options.deadline = 300ms;
    CHECK(code_of(options) == "redis_away");
    redis.signal(SIGCONT);
    // A Redis Cluster spreads keys over several servers.
    RedisServer cluster({"--cluster-enabled", "yes", "--cluster-port", std::to_string(free_port())});
    CHECK(code_of(options_of(cluster.url())) == "redis_mode");
}

TEST_CASE("TLS: whom to believe, and the name") {
    WAAFT_NEEDS_REDIS();
    const waaft::testing::TemporaryDirectory directory;
    const std::string at = directory.path().string();
    const std::string make =
        "cd " + at +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 "
        "-subj /CN=ca >/dev/null 2>&1"
        " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr "
        "-subj /CN=localhost >/dev/null 2>&1"
        " && printf 'subjectAltName=DNS:localhost' > san"
        " && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san "
        "-out server.crt >/dev/null 2>&1";
    REQUIRE(std::system(make.c_str()) == 0);
    const std::uint16_t port = free_port();
    RedisServer redis({"--tls-port", std::to_string(port), "--tls-cert-file", at + "/server.crt", "--tls-key-file",
                       at + "/server.key", "--tls-ca-cert-file", at + "/ca.crt", "--tls-auth-clients", "no"});
    RedisOptions options = options_of("rediss://localhost:" + std::to_string(port));
    CHECK(code_of(options) == "redis_tls");
    options.ca_file = at + "/missing.crt";
    CHECK(code_of(options) == "redis_tls");
    options.ca_file = at + "/ca.crt";
    {
        Server a(options);
        REQUIRE(create(a).has_value());
        open(a);
        Change post = change_of(a, 1);
        post.records = {chat(std::string(100000, 'x'))};
        REQUIRE(commit(a, post).outcome == Outcome::done);
        CHECK(read(a).tail[0].text.size() == 100000);
        REQUIRE(a.heard.wait_told(1));
        redis.kill_and_wait();
        redis.start();
        REQUIRE(a.heard.wait_ups(2));
        CHECK(read(a).tail.size() == 1);
    }
    options.url = "rediss://127.0.0.1:" + std::to_string(port);
    CHECK(code_of(options) == "redis_tls");
    options.url = "redis://127.0.0.1:" + std::to_string(port);
    options.deadline = 2s;
    CHECK(code_of(options) == "redis_away");
}

TEST_CASE("what a stranger wrote into a room is named and never read as something else") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    Change post = change_of(a, 1);
    post.members = {{"m", 0, "v"}};
    post.records = {chat("one", "n"), chat("two")};
    REQUIRE(commit(a, post).outcome == Outcome::done);
    const std::string room = "waaft:r:blue-owl";
    const std::string good = raw.text({"LINDEX", room + ":c", "1"});
    struct Row {
        std::string what;
        std::vector<std::string> harm;
        std::vector<std::string> mend;
    };
    std::string newer = good;
    newer[0] = 2;
    const std::vector<std::string> put_back{"LSET", room + ":c", "1", good};
    const std::string row = raw.text({"HGET", room, "w"});
    const std::string nonce = std::string("member0123456789") + '\0' + "n";
    const std::string nonces = raw.number({"EXISTS", room + ":n:0"}) == 1 ? room + ":n:0" : room + ":n:1";
    const std::vector<Row> rows{
        {"a newer record", {"LSET", room + ":c", "1", newer}, put_back},
        {"a truncated record", {"LSET", room + ":c", "1", good.substr(0, 30)}, put_back},
        {"an empty record", {"LSET", room + ":c", "1", ""}, put_back},
        {"a record of something else", {"LSET", room + ":c", "1", "hello world, this is no record"}, put_back},
        {"a huge record", {"LSET", room + ":c", "1", good + std::string(record_max, 'x')}, put_back},
        {"one more record", {"RPUSH", room + ":c", good}, {"RPOP", room + ":c"}},
        {"a record gone", {"RPOP", room + ":c"}, {"RPUSH", room + ":c", good}},
        {"a newer row", {"HSET", room, "w", "\2" + row.substr(1)}, {"HSET", room, "w", row}},
        {"a row cut off", {"HSET", room, "w", row.substr(0, 9)}, {"HSET", room, "w", row}},
        {"no row", {"HDEL", room, "w"}, {"HSET", room, "w", row}},
        {"a counter that is none", {"HSET", room, "r", "many"}, {"HSET", room, "r", "1"}},
        {"no counter", {"HDEL", room, "q"}, {"HSET", room, "q", "2"}},
        {"a member of something else", {"HSET", room + ":m", "x", "hello"}, {"HDEL", room + ":m", "x"}},
        {"a nonce of something else", {"HSET", nonces, nonce, "hello"}, {"HSET", nonces, nonce, "1 1700000000000"}},
        {"bans of another type", {"SET", room + ":b", "x"}, {"DEL", room + ":b"}},
    };
    std::uint64_t unreadable = a.store->status().unreadable;
    for (const Row& harm : rows) {
        INFO(harm.what);
        raw.ask(harm.harm);
        Server b(options_of(redis.url(), 'b'));
        CHECK(try_open(b).error() == StoreError::io);
        CHECK(b.store->status().unreadable == 1);
        CHECK(b.heard.downs_ == 0);
        raw.ask(harm.mend);
        CHECK(try_open(b).has_value());
        CHECK(read(b).tail.size() == 2);
    }
    // An erase that could not empty everything empties nothing.
    raw.ask(rows[0].harm);
    Change erase = change_of(a, 2);
    erase.records = {chat("")};
    erase.records[0].record.kind = Record::Kind::erase;
    CHECK(try_commit(a, erase).error() == StoreError::io);
    CHECK(a.store->status().unreadable == unreadable + 1);
    raw.ask(rows[0].mend);
    CHECK(read(a).tail[0].text == "one");
    // Keys of other types in the room's place.
    raw.ask({"DEL", room});
    raw.ask({"SET", room, "x"});
    CHECK(create(a).error() == StoreError::io);
    CHECK(try_commit(a, change_of(a, 3)).error() == StoreError::io);
    raw.ask({"DEL", room});
    raw.ask({"HSET", room, "x", "y"});
    CHECK(create(a).error() == StoreError::io);
}

TEST_CASE("what a stranger says on a channel is counted and passed over") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    Server a(options_of(redis.url()));
    REQUIRE(create(a).has_value());
    open(a);
    const std::vector<std::string> strange{"",
                                           "hello",
                                           "2c x",
                                           "1c a\n",
                                           "1c a 1 1 - 1x99999999999\nx",
                                           "1l 5 id",
                                           "1w\n",
                                           "1c a -1 1 - -\nx",
                                           std::string(3, '\0'),
                                           std::string(1 << 20, 'x')};
    for (const std::string& words : strange) raw.ask({"PUBLISH", "waaft:t:blue-owl", words});
    raw.ask({"PUBLISH", "waaft:l", "1c a 1 1 - -\nx"});
    raw.ask({"PUBLISH", "waaft:l", "hello"});
    commit(a, change_of(a, 1));
    REQUIRE(a.heard.wait_told(1));
    CHECK(a.heard.told().size() == 1);
    CHECK(a.heard.links_.empty());
    CHECK(a.heard.whispers_.empty());
    CHECK(a.store->status().unreadable >= strange.size() - 1);
    CHECK(a.heard.downs_ == 0);
}
