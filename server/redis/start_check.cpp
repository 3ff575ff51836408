#include "server/redis/start_check.h"

#include "server/base/id.h"
#include "server/redis/page_reading.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace waaft::redis {
namespace {

// The value of "name:value\r\n" in INFO's text.
std::string_view info_field(std::string_view info, std::string_view name) {
    for (std::size_t at = info.find(name); at != std::string_view::npos; at = info.find(name, at + 1)) {
        const bool begins = at == 0 || info[at - 1] == '\n';
        const std::size_t value = at + name.size();
        if (!begins || value >= info.size() || info[value] != ':') continue;
        return info.substr(value + 1, info.find_first_of("\r\n", value) - value - 1);
    }
    return {};
}

std::uint64_t info_number(std::string_view info, std::string_view name) {
    const std::string_view text = info_field(info, name);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

bool begins_with_any(const Reply& reply, std::initializer_list<std::string_view> words) {
    return reply.is(Reply::Kind::error) &&
           std::any_of(words.begin(), words.end(), [&](std::string_view word) { return reply.text.starts_with(word); });
}

// Inside a script Redis 7.0 and later ones say it in other words.
bool lacks_right(const Reply& reply) {
    const auto says = [&](std::string_view words) { return reply.text.find(words) != std::string::npos; };
    return reply.is(Reply::Kind::error) &&
           (says("NOPERM") || says("ACL failure") || says("The user executing the script can't"));
}

std::string user_of(const RedisOptions& options) { return options.user.empty() ? "default" : options.user; }

// Any error that is not about what was asked.
Error refused(const RedisOptions& options, const RedisUrl& url, const Reply& reply) {
    if (begins_with_any(reply, {"NOAUTH", "WRONGPASS"}) || reply.text.find("AUTH") == 4) {
        return {"redis_password", "Redis does not take the password: " + reply.text, url.text(),
                options.password.empty() ? "name the file with its password in redis.password_file"
                                         : "compare redis.password_file and redis.user with Redis's own"};
    }
    if (lacks_right(reply)) {
        return {"redis_rights", "Redis's user \"" + user_of(options) + "\" may not do what waaft needs: " + reply.text,
                url.text(),
                "ACL SETUSER " + user_of(options) + " ~" + options.prefix + ":* &" + options.prefix +
                    ":* +@all -@dangerous +info +config|get"};
    }
    if (means_full(reply)) {
        return {"redis_full", "Redis takes nothing more: " + reply.text, url.text(),
                "give it more memory (maxmemory) or room on its disk"};
    }
    if (reply.text.starts_with("LOADING"))
        return {"redis_away", "Redis still loads its data.", url.text(), "wait until it has"};
    if (reply.text.starts_with("READONLY")) {
        return {"redis_replica", "That Redis is a replica and takes no writes.", url.text(),
                "write the address of the primary into redis.url"};
    }
    return {"redis_foreign", "Redis refuses what waaft needs: " + reply.text, url.text(),
            "use Redis 7.0 or newer, or Valkey, with every command that scripts need"};
}

Result<void> judge_kind(const RedisUrl& url, std::string_view info) {
    if (info_field(info, "loading") == "1")
        return Error{"redis_away", "Redis still loads its data.", url.text(), "wait until it has"};
    const std::string version(info_field(info, "redis_version"));
    unsigned major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    if (major < 7) {
        return Error{"redis_version", "Redis " + version + " is too old.", url.text(),
                     "use Redis 7.0 or newer, or Valkey"};
    }
    if (info_field(info, "cluster_enabled") == "1") {
        return Error{"redis_mode", "That Redis is part of a Redis Cluster.", url.text(),
                     "use one Redis, with a replica if you like, without cluster-enabled"};
    }
    if (info_field(info, "role") != "master") {
        return Error{"redis_replica", "That Redis is a replica and takes no writes.", url.text(),
                     "write the address of the primary into redis.url"};
    }
    const std::string policy(info_field(info, "maxmemory_policy"));
    if (!policy.empty() && policy != "noeviction") {
        return Error{"redis_policy",
                     "Redis may delete rooms when its memory is full: maxmemory-policy is " + policy + ".", url.text(),
                     "set maxmemory-policy noeviction"};
    }
    return {};
}

Result<void> judge_durability(const RedisOptions& options, const RedisUrl& url, const Facts& facts) {
    if (options.ack == RedisOptions::Ack::memory) return {};
    const bool synced = facts.appendfsync.empty() || facts.appendfsync == "always";
    if (facts.appendonly == "yes" && synced && !facts.rewrite_pauses) return {};
    return Error{"redis_durability",
                 "Redis answers before a message is on its disk: appendonly is " + facts.appendonly + ", appendfsync " +
                     (facts.appendfsync.empty() ? "unknown" : facts.appendfsync) + ", no-appendfsync-on-rewrite " +
                     (facts.rewrite_pauses ? "yes" : "no") + ".",
                 url.text(),
                 "set appendonly yes, appendfsync always and no-appendfsync-on-rewrite no, or redis.ack: memory if "
                 "acknowledged messages may be lost"};
}

// The second replication id is that of the primary whose changes it had until it took over.
Origin origin_of(const RedisOptions& options, std::string_view info) {
    Origin origin;
    const auto word = [&](std::string_view name) {
        const std::string_view value = info_field(info, name);
        return value.empty() ? std::string("-") : std::string(value);
    };
    origin.run = word("run_id");
    origin.replication_id = word("master_replid");
    origin.was_replica = word("master_replid2").find_first_not_of("0-") != std::string::npos;
    origin.keeps_all = options.ack == RedisOptions::Ack::fsync;
    return origin;
}

// ["appendfsync", "always"]; empty if it may not be asked.
std::string config_value(const Reply& reply) { return reply.items.size() == 2 ? reply.items[1].text : std::string(); }

}  // namespace

Memory read_memory(std::string_view info) { return {info_number(info, "used_memory"), info_number(info, "maxmemory")}; }

std::vector<Command> sign_in(const RedisOptions& options, const RedisUrl& url) {
    std::vector<Command> commands;
    if (!options.password.empty()) {
        Command auth("AUTH");
        if (!options.user.empty()) auth.add(options.user);
        commands.push_back(std::move(auth.add(options.password)));
    }
    if (url.database != 0) commands.push_back(std::move(Command("SELECT").add(std::uint64_t{url.database})));
    // Also without a password it is seen at once that one is needed.
    commands.emplace_back("PING");
    return commands;
}

Result<void> judge_sign_in(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies) {
    for (const Reply& reply : replies) {
        if (!reply.is(Reply::Kind::error) || (&reply == &replies.back() && lacks_right(reply))) continue;
        if (reply.text.find("DB index") != std::string::npos) {
            return Error{"redis_url", "Redis has no database " + std::to_string(url.database) + ".", url.text(),
                         "write another number at the end of redis.url, or none"};
        }
        return refused(options, url, reply);
    }
    return {};
}

std::vector<Command> questions() {
    std::vector<Command> commands{Command("INFO")};
    for (const char* name : {"appendfsync", "no-appendfsync-on-rewrite"}) {
        Command config("CONFIG");
        commands.push_back(std::move(config.add("GET").add(name)));
    }
    for (std::size_t i = 0; i < scripts_count; ++i) {
        Command load("SCRIPT");
        commands.push_back(std::move(load.add("LOAD").add(script(static_cast<Script>(i)).text)));
    }
    return commands;
}

Result<Facts> judge_answers(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies) {
    const Reply& info = replies[0];
    if (info.is(Reply::Kind::error)) return refused(options, url, info);
    if (const auto kind = judge_kind(url, info.text); !kind) return kind.error();
    Facts facts;
    facts.version = info_field(info.text, "redis_version");
    if (const auto valkey = info_field(info.text, "valkey_version"); !valkey.empty())
        facts.version = "Valkey " + std::string(valkey);
    facts.memory = read_memory(info.text);
    facts.appendonly = info_field(info.text, "aof_enabled") == "1" ? "yes" : "no";
    facts.appendfsync = config_value(replies[1]);
    facts.rewrite_pauses = config_value(replies[2]) == "yes";
    facts.origin = origin_of(options, info.text);
    if (const auto durable = judge_durability(options, url, facts); !durable) return durable.error();
    for (const Reply& loaded : replies.subspan(3)) {
        if (loaded.is(Reply::Kind::error)) return refused(options, url, loaded);
    }
    return facts;
}

Result<Mark> judge_mark(const RedisOptions& options, const RedisUrl& url, const Reply& reply) {
    if (reply.is(Reply::Kind::error)) return refused(options, url, reply);
    const auto word = [&](std::size_t i) { return i < reply.items.size() ? reply.items[i].text : std::string(); };
    if (word(0) == "ok") return Mark{};
    if (word(0) == "replaced") return Mark{true};
    const std::string where = url.text() + " " + word(1);
    if (word(0) == "newer") {
        return Error{"redis_newer", "The rooms in Redis are of a newer waaft (form " + word(2) + ").", where,
                     "use that version, or another redis.prefix"};
    }
    if (word(0) == "secret") {
        return Error{"redis_secret",
                     "Server " + word(2) + " is alive under the same prefix with another cluster secret.", where,
                     "give all servers the same secret, or each deployment its own redis.prefix"};
    }
    return Error{"redis_foreign", "Something else uses the prefix in Redis: the key is a " + word(2) + " of its own.",
                 where, "set another redis.prefix"};
}

std::vector<Command> trial(const Commands& commands, const RedisOptions& options) {
    store::RoomRow row;
    row.name = "~trial-" + random_member_id();  // no name of a room
    row.epoch = "trial";
    constexpr auto keep = std::chrono::seconds(60);
    store::Change change;
    change.room = row.name;
    change.epoch = row.epoch;
    change.server = options.server;
    change.number = 1;
    change.keep = keep;
    change.members = {{"a", 0, "m"}, {"b", 0, std::nullopt}};
    change.bans = {"b"};
    for (const auto kind : {store::Record::Kind::chat, store::Record::Kind::remove, store::Record::Kind::erase}) {
        store::Record record;
        record.kind = kind;
        record.target = 1;
        change.records.push_back({record, "n" + std::to_string(change.records.size())});
    }
    store::Change end = change;
    end.number = 2;
    end.members.clear();
    end.records.clear();
    end.ends = true;
    return {*commands.create(row, keep),
            *commands.commit(change, 1),
            commands.keep(row.name, keep, 0),
            commands.history(row.name, PageReading(10, 1).cursor()),
            commands.read(row.name),
            *commands.commit(end, 1),
            commands.links(),
            commands.allow(row.name, 1, std::chrono::seconds(1)),
            commands.whisper(row.name, {options.server, ""}),
            commands.leave(options.server)};
}

Result<void> judge_trial(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies) {
    for (const Reply& reply : replies) {
        if (reply.is(Reply::Kind::error)) return refused(options, url, reply);
    }
    const auto committed = read_committed(replies[5]);
    if (committed && committed->outcome == store::Committed::Outcome::done) return {};
    return Error{"redis_foreign", "A trial room could not be made and ended in Redis.", url.text(),
                 "set another redis.prefix"};
}

bool means_away(const Reply& reply) {
    return begins_with_any(reply, {"READONLY", "LOADING", "MASTERDOWN", "NOSCRIPT", "BUSY", "NOAUTH", "TRYAGAIN",
                                   "CLUSTERDOWN", "UNKILLABLE", "NOREPLICAS"}) ||
           // Inside a script.
           (reply.is(Reply::Kind::error) && reply.text.find("READONLY") != std::string::npos);
}

bool means_full(const Reply& reply) {
    return reply.is(Reply::Kind::error) && (reply.text.starts_with("OOM") || reply.text.starts_with("MISCONF") ||
                                            reply.text.find("'maxmemory'") != std::string::npos);
}

}  // namespace waaft::redis
