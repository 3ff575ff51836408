#include "server/app/settings.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace waaft::app {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> tls_modes{"auto", "files", "off"};
constexpr std::array<string_view, 3> log_formats{"auto", "human", "json"};
constexpr std::array<string_view, 4> log_levels{"debug", "info", "warn", "error"};
constexpr std::array<string_view, 2> room_creators{"anyone", "key"};
constexpr std::array<string_view, 2> redis_acks{"fsync", "memory"};

constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;

Setting text(string_view key, std::string Config::*field, Form form, string_view doc) {
    return {.key = key, .alias = {}, .kind = Kind::text, .field = field, .form = form, .choices = {}, .doc = doc};
}
Setting list(string_view key, std::vector<std::string> Config::*field, Form form, string_view doc) {
    return {.key = key, .alias = {}, .kind = Kind::list, .field = field, .form = form, .choices = {}, .doc = doc};
}
Setting boolean(string_view key, bool Config::*field, string_view doc) {
    return {.key = key, .alias = {}, .kind = Kind::boolean, .field = field, .choices = {}, .doc = doc};
}
Setting choice(string_view key, Field field, std::span<const string_view> choices, string_view doc) {
    return {.key = key, .alias = {}, .kind = Kind::choice, .field = field, .choices = choices, .doc = doc};
}
Setting ranged(Kind kind, string_view key, Field field, std::int64_t min, std::int64_t max, string_view doc) {
    return {.key = key, .alias = {}, .kind = kind, .field = field, .min = min, .max = max, .choices = {}, .doc = doc};
}
Setting integer(string_view key, Field field, std::int64_t min, std::int64_t max, string_view doc) {
    return ranged(Kind::integer, key, field, min, max, doc);
}
Setting duration(string_view key, Millis Config::*field, std::int64_t min, std::int64_t max, string_view doc) {
    return ranged(Kind::duration, key, field, min, max, doc);
}
Setting size(string_view key, std::uint32_t Config::*field, std::int64_t min, std::int64_t max, string_view doc) {
    return ranged(Kind::size, key, field, min, max, doc);
}
Setting with_alias(string_view alias, Setting setting) {
    setting.alias = alias;
    return setting;
}

void add_network(std::vector<Setting>& table) {
    table.push_back(text("listen.address", &Config::address, Form::ip_address,
                         "Address to listen on; empty means every IPv6 and IPv4 address."));
    table.push_back(with_alias("--port", integer("listen.port", &Config::port, 0, 65535,
                                                 "Port for TCP and UDP; 0 takes any free one, which the log names.")));
    table.push_back(integer("listen.shards", &Config::shards, 0, 256,
                            "Event-loop threads; 0 means one for each core that it may use (affinity, CPU limit)."));
    table.push_back(text("public_url", &Config::public_url, Form::origin,
                         "Where people reach this server, for links made behind a proxy; empty means the address "
                         "that the browser used."));
    table.push_back(text("data", &Config::data, Form::any,
                         "Folder for the database, certificate and secrets; empty means $XDG_DATA_HOME/waaft or "
                         "~/.local/share/waaft, \"none\" keeps everything in memory."));
    table.push_back(with_alias("--tls", choice("tls.mode", &Config::tls, tls_modes,
                                               "auto uses tls.cert and tls.key if they are set and makes a "
                                               "certificate if not, files insists on them, off is "
                                               "plain HTTP (for a proxy that ends TLS).")));
    table.push_back(text("tls.cert", &Config::tls_cert, Form::any,
                         "PEM file with the certificate chain; read again when it changes."));
    table.push_back(text("tls.key", &Config::tls_key, Form::any, "PEM file with the private key."));
    table.push_back(text("tls.ca", &Config::tls_ca, Form::any,
                         "PEM file with the private authority that signed tls.cert, offered at /ca.crt; leave it out "
                         "for a certificate that browsers trust by themselves."));
    table.push_back(list("tls.names", &Config::tls_names, Form::host,
                         "More host names or addresses for the self-made certificate."));
    table.push_back(
        with_alias("--trusted-proxies", list("proxy.trusted", &Config::trusted_proxies, Form::cidr,
                                             "Proxies whose X-Forwarded-For, -Proto and -Host headers are believed.")));
    table.push_back(list("http.origins", &Config::origins, Form::origin,
                         "Other sites whose pages may use the API and the WebSocket."));
    table.push_back(list("http.frame_ancestors", &Config::frame_ancestors, Form::ancestor,
                         "Sites that may embed the page in a frame."));
}

void add_operations(std::vector<Setting>& table) {
    table.push_back(text("ops.address", &Config::ops_address, Form::ip_address,
                         "Address of the health and metrics listener; empty turns it off."));
    table.push_back(integer("ops.port", &Config::ops_port, 0, 65535,
                            "Port of the health and metrics listener; 0 takes any free one."));
    table.push_back(choice("log.format", &Config::log_format, log_formats,
                           "human lines or json; auto is human on a terminal and json elsewhere."));
    table.push_back(choice("log.level", &Config::log_level, log_levels, "The least important level that is logged."));
}

void add_cluster(std::vector<Setting>& table) {
    table.push_back(
        text("cluster.secret", &Config::cluster_secret_file, Form::any,
             "File with the secret that several servers behind one address share, so that links and rejoining "
             "hold on each of them; empty means one of this server's own."));
    table.push_back(text("cluster.old_secret", &Config::cluster_old_secret_file, Form::any,
                         "File with the secret before: what it signed is still valid, so that servers can change to "
                         "a new one after the other."));
    table.push_back(text("redis.url", &Config::redis_url, Form::redis_url,
                         "Redis that keeps the rooms, so that several servers share them; redis:// or rediss://. "
                         "Empty means that this server is alone and keeps them in `data`."));
    table.push_back(text("redis.ca", &Config::redis_ca, Form::any,
                         "PEM file with the authority that signed Redis's certificate, for rediss://; empty means the "
                         "system's authorities."));
    table.push_back(text("redis.user", &Config::redis_user, Form::any, "User of Redis; empty means its default user."));
    table.push_back(
        text("redis.password", &Config::redis_password_file, Form::any, "File with the password for Redis."));
    table.push_back(text("redis.prefix", &Config::redis_prefix, Form::any,
                         "Beginning of every key in Redis; servers of one deployment have the same."));
    table.push_back(choice("redis.ack", &Config::redis_ack, redis_acks,
                           "What an acknowledged message means: fsync, Redis has it on its disk (and must be set to "
                           "appendfsync always); memory, Redis has it, and a crash of its machine may lose the last "
                           "seconds, of which people are then told."));
    table.push_back(duration("drain.spread", &Config::drain_spread, 0, hour,
                             "A server that shares its rooms and is stopped asks its people to move to the others "
                             "within this time."));
    table.push_back(duration("drain.grace", &Config::drain_grace, 0, hour,
                             "It waits so long for those who have not moved, then disconnects them."));
}

void add_rooms(std::vector<Setting>& table) {
    table.push_back(choice("rooms.create", &Config::rooms_create, room_creators,
                           "Who may make a room: anyone, or only who has an API key."));
    table.push_back(
        text("rooms.keys", &Config::keys_file, Form::any, "File of hashed API keys, written by `waaft key new`."));
    table.push_back(integer("rooms.max", &Config::rooms_max, 1, 1'000'000, "Rooms that are open at the same time."));
    table.push_back(integer("rooms.members", &Config::members_max, 2, 100'000, "Members of one room."));
    table.push_back(duration("rooms.empty_after", &Config::rooms_empty_after, second, 365 * day,
                             "A room ends when nobody has been in it for this long."));
    table.push_back(duration("rooms.keep", &Config::rooms_keep, minute, 3650 * day,
                             "How long an ended room stays in the database."));
    table.push_back(integer("mesh.max", &Config::mesh_max, 2, 16,
                            "People of a room whose video goes directly from one to the other."));
    table.push_back(duration("resume.window", &Config::resume_window, second, hour,
                             "How long a member whose connection was lost keeps its place."));
    table.push_back(duration("resume.shown_after", &Config::away_shown_after, 0, minute,
                             "After how long others see that a member is away."));
}

void add_chat(std::vector<Setting>& table) {
    table.push_back(size("chat.text_max", &Config::chat_text_max, 1, 64 * kib, "Longest chat message."));
    table.push_back(
        duration("chat.keep_age", &Config::chat_keep_age, minute, 3650 * day, "Messages older than this are deleted."));
    table.push_back(integer("chat.keep_messages", &Config::chat_keep_messages, 1, 10'000'000,
                            "Messages that are kept per room; the oldest go first."));
    table.push_back(duration("chat.nonce_keep", &Config::chat_nonce_keep, 10 * minute, day,
                             "How long a repeated send is recognised as the same message."));
    table.push_back(duration("ping.on_air", &Config::ping_on_air, 200, minute,
                             "How often somebody who sends sound or video is asked for a sign of life."));
    table.push_back(duration("ping.on_air_timeout", &Config::ping_on_air_timeout, second, 10 * minute,
                             "Silence after which such a connection counts as lost."));
    table.push_back(duration("ping.idle", &Config::ping_idle, second, 10 * minute,
                             "How often everybody else is asked for a sign of life."));
    table.push_back(duration("ping.idle_timeout", &Config::ping_idle_timeout, second, hour,
                             "Silence after which such a connection counts as lost."));
    table.push_back(duration("ping.shared", &Config::ping_shared, 200, 10 * minute,
                             "Stands for ping.idle where servers share their rooms, so that people soon leave one that "
                             "vanished for another."));
    table.push_back(duration("ping.shared_timeout", &Config::ping_shared_timeout, second, hour,
                             "Silence after which such a connection counts as lost, on both of its sides."));
}

void add_ice(std::vector<Setting>& table) {
    table.push_back(list("ice.stun", &Config::stun_urls, Form::stun_url,
                         "STUN servers for browsers; empty means this server itself."));
    table.push_back(list("ice.turn", &Config::turn_urls, Form::turn_url,
                         "TURN servers for browsers that cannot reach each other."));
    table.push_back(text("ice.turn_secret", &Config::turn_secret_file, Form::any,
                         "File with the TURN server's shared secret, for credentials that expire."));
    table.push_back(text("ice.turn_username", &Config::turn_username, Form::any,
                         "User name of long-term TURN credentials, instead of a shared secret."));
    table.push_back(text("ice.turn_password", &Config::turn_password_file, Form::any,
                         "File with the password of long-term TURN credentials."));
    table.push_back(duration("ice.turn_ttl", &Config::turn_ttl, minute, 7 * day,
                             "How long credentials made from the shared secret are valid."));
    table.push_back(boolean("ice.relay_only", &Config::relay_only,
                            "Send all sound and video through TURN, so that nobody sees another's address."));
}

void add_limits(std::vector<Setting>& table) {
    table.push_back(integer("limits.connections", &Config::connections_max, 1, 1'000'000, "Open connections."));
    table.push_back(integer("limits.connections_per_address", &Config::connections_per_address, 1, 1'000'000,
                            "Open connections of one address; an IPv6 /64 counts as one."));
    table.push_back(integer("limits.handshakes_per_second", &Config::handshakes_per_second, 1, 100'000,
                            "New connections of one address a second."));
    table.push_back(integer("limits.messages_per_second", &Config::messages_per_second, 1, 10'000,
                            "Messages that one connection may send a second."));
    table.push_back(size("limits.message_max", &Config::message_max, 4 * kib, mib, "Longest WebSocket message."));
    table.push_back(
        size("limits.header_max", &Config::header_max, kib, 64 * kib, "Longest header of an HTTP request."));
    table.push_back(size("limits.body_max", &Config::body_max, kib, mib, "Longest body of an HTTP request."));
    table.push_back(duration("limits.first_byte_timeout", &Config::first_byte_timeout, 100, 5 * minute,
                             "A new connection that says nothing for so long is closed."));
    table.push_back(duration("limits.request_timeout", &Config::request_timeout, 100, 5 * minute,
                             "Time for a whole request or handshake."));
    table.push_back(size("limits.send_queue", &Config::send_queue_max, 64 * kib, 64 * mib,
                         "What may wait for a slow reader before it is disconnected."));
    table.push_back(duration("limits.send_timeout", &Config::send_timeout, 100, 5 * minute,
                             "A reader that takes nothing for so long is disconnected."));
    table.push_back(integer("limits.rooms_per_minute", &Config::rooms_per_minute, 1, 100'000,
                            "Rooms that one address may make a minute."));
    table.push_back(integer("limits.stun_per_second", &Config::stun_per_second, 1, 1'000'000,
                            "STUN answers to one address a second."));
    table.push_back(
        integer("limits.passwords_per_minute", &Config::passwords_per_minute, 1, 10'000,
                "Passwords that one address may try a minute; its network may try four times as many, and one "
                "room takes ten times as many. Right ones do not count."));
}

std::vector<Setting> make_table() {
    std::vector<Setting> table;
    add_network(table);
    add_operations(table);
    add_cluster(table);
    add_rooms(table);
    add_chat(table);
    add_ice(table);
    add_limits(table);
    return table;
}

std::string quoted(string_view text) {
    constexpr std::size_t shown_max = 80;
    std::string result = "\"";
    for (const char c : text.substr(0, shown_max)) {
        result += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
    }
    return result + (text.size() > shown_max ? "...\"" : "\"");
}

std::string join(std::span<const string_view> words, string_view last_separator) {
    std::string result;
    for (std::size_t i = 0; i < words.size(); ++i) {
        result += i == 0 ? "" : i + 1 == words.size() ? std::string(last_separator) : ", ";
        result += words[i];
    }
    return result;
}

Error bad_value(const Setting& setting, string_view text) {
    const auto initial = render(Config{}, setting);
    return {"config_value",
            std::string(setting.key) + " must be " + expected(setting) + ", not " + quoted(text),
            {},
            initial.empty() ? "leave it out" : "leave it out for the default, " + initial};
}

bool in_range(const Setting& setting, std::int64_t value) { return value >= setting.min && value <= setting.max; }

std::optional<std::int64_t> parse_number(const Setting& setting, string_view text) {
    switch (setting.kind) {
        case Kind::integer: return parse_integer(text);
        case Kind::size: return parse_size(text);
        default: return std::nullopt;
    }
}

std::vector<std::string> split_list(string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto item = text.substr(0, comma);
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        items.emplace_back(item);
        text.remove_prefix(comma == string_view::npos ? text.size() : comma + 1);
    }
    return items;
}

// Writes one value into the field of its type. False: the text is not what the setting takes.
struct Writer {
    Config& config;
    const Setting& setting;
    string_view value;

    bool operator()(std::string Config::*field) const {
        const bool known = std::find(setting.choices.begin(), setting.choices.end(), value) != setting.choices.end();
        if (setting.kind == Kind::choice ? !known : !value.empty() && !has_form(setting.form, value)) {
            return false;
        }
        config.*field = value;
        return true;
    }
    bool operator()(std::vector<std::string> Config::*) const {
        return set_from_list(config, setting, split_list(value)).has_value();
    }
    bool operator()(bool Config::*field) const {
        config.*field = value == "true";
        return value == "true" || value == "false";
    }
    bool operator()(Millis Config::*field) const {
        const auto parsed = parse_duration(value);
        if (!parsed || !in_range(setting, parsed->count())) {
            return false;
        }
        config.*field = *parsed;
        return true;
    }
    template <class Number>
    requires std::is_unsigned_v<Number>
    bool operator()(Number Config::*field) const {
        const auto parsed = parse_number(setting, value);
        if (!parsed || !in_range(setting, *parsed)) {
            return false;
        }
        config.*field = static_cast<Number>(*parsed);
        return true;
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    bool operator()(Enum Config::*field) const {
        const auto found = std::find(setting.choices.begin(), setting.choices.end(), value);
        if (found == setting.choices.end()) {
            return false;
        }
        config.*field = static_cast<Enum>(found - setting.choices.begin());
        return true;
    }
};

struct Renderer {
    const Config& config;
    const Setting& setting;

    std::string operator()(std::string Config::*field) const { return config.*field; }
    std::string operator()(std::vector<std::string> Config::*field) const {
        std::string result;
        for (const auto& item : config.*field) {
            result += (result.empty() ? "" : ",") + item;
        }
        return result;
    }
    std::string operator()(bool Config::*field) const { return config.*field ? "true" : "false"; }
    std::string operator()(Millis Config::*field) const { return format_duration(config.*field); }
    template <class Number>
    requires std::is_unsigned_v<Number> std::string operator()(Number Config::*field) const {
        return setting.kind == Kind::size ? format_size(config.*field) : std::to_string(config.*field);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> std::string operator()(Enum Config::*field) const {
        return std::string(setting.choices[static_cast<std::size_t>(config.*field)]);
    }
};

class Conflicts {
public:
    void add_if(bool wrong, string_view key, std::string what, std::string hint) {
        if (wrong) {
            found_.push_back({key, {"config_conflict", std::move(what), {}, std::move(hint)}});
        }
    }
    std::vector<Conflict> take() { return std::move(found_); }

private:
    std::vector<Conflict> found_;
};

void check_tls(Conflicts& conflicts, const Config& config) {
    const bool files = config.tls == Config::Tls::files;
    const bool off = config.tls == Config::Tls::off;
    conflicts.add_if(files && config.tls_cert.empty(), "tls.mode",
                     "tls.mode is files, but tls.cert names no certificate", "set tls.cert to a PEM file");
    conflicts.add_if(files && config.tls_key.empty(), "tls.mode", "tls.mode is files, but tls.key names no key",
                     "set tls.key to a PEM file");
    conflicts.add_if(!files && config.tls_cert.empty() != config.tls_key.empty(),
                     config.tls_cert.empty() ? "tls.key" : "tls.cert", "tls.cert and tls.key belong together",
                     "set both, or neither");
    conflicts.add_if(!config.tls_ca.empty() && (off || config.tls_cert.empty()), "tls.ca",
                     "tls.ca is not used without tls.cert", "set tls.cert and tls.key, or leave tls.ca out");
    conflicts.add_if(off && !config.tls_cert.empty(), "tls.cert", "tls.cert is not used when tls.mode is off",
                     "leave tls.cert and tls.key out, or leave tls.mode out");
    conflicts.add_if(!config.ops_address.empty() && config.ops_port != 0 && config.ops_port == config.port, "ops.port",
                     "ops.port and listen.port are the same", "give ops.port another number");
}

void check_cluster(Conflicts& conflicts, const Config& config) {
    const bool shared = !config.redis_url.empty();
    conflicts.add_if(shared && config.cluster_secret_file.empty(), "redis.url",
                     "redis.url is set, but the servers share no secret",
                     "put a long random text into a file and set cluster.secret to it on each server");
    conflicts.add_if(!config.cluster_old_secret_file.empty() && config.cluster_secret_file.empty(),
                     "cluster.old_secret", "cluster.old_secret is not used without cluster.secret",
                     "set cluster.secret, or leave cluster.old_secret out");
    conflicts.add_if(!shared && (!config.redis_password_file.empty() || !config.redis_user.empty()),
                     config.redis_user.empty() ? "redis.password" : "redis.user",
                     "redis.user and redis.password are not used without redis.url", "set redis.url");
    conflicts.add_if(config.redis_prefix.empty(), "redis.prefix", "redis.prefix is empty", "give it a name");
    conflicts.add_if(config.drain_grace < config.drain_spread, "drain.grace",
                     "drain.grace must not be shorter than drain.spread", "make it longer");
}

void check_ice(Conflicts& conflicts, const Config& config) {
    const bool secret = !config.turn_secret_file.empty();
    const bool user = !config.turn_username.empty() || !config.turn_password_file.empty();
    conflicts.add_if(!config.turn_urls.empty() && !secret && !user, "ice.turn",
                     "ice.turn is set, but there are no credentials for it",
                     "set ice.turn_secret, or ice.turn_username and ice.turn_password");
    conflicts.add_if(secret && user, "ice.turn_secret",
                     "ice.turn_secret excludes ice.turn_username and ice.turn_password", "keep one of the two ways");
    conflicts.add_if(user && (config.turn_username.empty() || config.turn_password_file.empty()),
                     config.turn_username.empty() ? "ice.turn_password" : "ice.turn_username",
                     "ice.turn_username and ice.turn_password belong together", "set both, or neither");
    conflicts.add_if(config.relay_only && config.turn_urls.empty(), "ice.relay_only",
                     "ice.relay_only needs a TURN server", "set ice.turn, or leave ice.relay_only out");
}

void check_sizes_and_times(Conflicts& conflicts, const Config& config) {
    conflicts.add_if(config.rooms_create == Config::RoomsCreate::key && config.keys_file.empty(), "rooms.create",
                     "rooms.create is key, but rooms.keys names no file",
                     "run `waaft key new NAME --file FILE` and set rooms.keys to that file");
    conflicts.add_if(config.ping_on_air_timeout <= config.ping_on_air, "ping.on_air_timeout",
                     "ping.on_air_timeout must be longer than ping.on_air", "make it at least twice as long");
    conflicts.add_if(config.ping_idle_timeout <= config.ping_idle, "ping.idle_timeout",
                     "ping.idle_timeout must be longer than ping.idle", "make it at least twice as long");
    conflicts.add_if(config.ping_shared_timeout <= config.ping_shared, "ping.shared_timeout",
                     "ping.shared_timeout must be longer than ping.shared", "make it at least twice as long");
    conflicts.add_if(config.away_shown_after > config.resume_window, "resume.shown_after",
                     "resume.shown_after must not be longer than resume.window", "make it shorter");
    conflicts.add_if(config.chat_text_max > config.message_max, "chat.text_max",
                     "chat.text_max must not be larger than limits.message_max", "make it smaller");
    conflicts.add_if(config.send_queue_max < config.message_max, "limits.send_queue",
                     "limits.send_queue must not be smaller than limits.message_max", "make it larger");
}

}  // namespace

std::span<const Setting> settings() {
    static const std::vector<Setting> table = make_table();
    return table;
}

const Setting* find_setting(string_view key) {
    const auto table = settings();
    const auto found = std::find_if(table.begin(), table.end(), [&](const Setting& s) { return s.key == key; });
    return found == table.end() ? nullptr : &*found;
}

std::string flag_name(const Setting& setting) {
    std::string name = "--" + std::string(setting.key);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '.' || c == '_'; }, '-');
    return name;
}

std::string environment_name(const Setting& setting) {
    std::string name = "WAAFT_";
    for (const char c : setting.key) {
        name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

std::string expected(const Setting& setting) {
    switch (setting.kind) {
        case Kind::text: return std::string(describe(setting.form));
        case Kind::list: return "a list, each item " + std::string(describe(setting.form));
        case Kind::boolean: return "true or false";
        case Kind::choice: return join(setting.choices, " or ");
        case Kind::integer:
            return "a whole number from " + std::to_string(setting.min) + " to " + std::to_string(setting.max);
        case Kind::duration:
            return "a duration such as 500ms, 30s, 5m, 2h or 30d, from " + format_duration(Millis(setting.min)) +
                   " to " + format_duration(Millis(setting.max));
        case Kind::size:
            return "a size such as 4096, 64KiB or 1MiB, from " + format_size(setting.min) + " to " +
                   format_size(setting.max);
    }
    return {};
}

Result<void> set_from_text(Config& config, const Setting& setting, string_view text) {
    if (setting.kind == Kind::list) {
        return set_from_list(config, setting, split_list(text));
    }
    if (!std::visit(Writer{config, setting, text}, setting.field)) {
        return bad_value(setting, text);
    }
    return {};
}

Result<void> set_from_list(Config& config, const Setting& setting, const std::vector<std::string>& items) {
    const auto* field = std::get_if<std::vector<std::string> Config::*>(&setting.field);
    if (field == nullptr) {
        return bad_value(setting, "a list");
    }
    for (const auto& item : items) {
        if (item.empty() || item.find(',') != std::string::npos || !has_form(setting.form, item)) {
            return bad_value(setting, item);
        }
    }
    config.*(*field) = items;
    return {};
}

std::string render(const Config& config, const Setting& setting) {
    return std::visit(Renderer{config, setting}, setting.field);
}

std::vector<std::string> render_list(const Config& config, const Setting& setting) {
    const auto* field = std::get_if<std::vector<std::string> Config::*>(&setting.field);
    return field != nullptr ? config.*(*field) : std::vector<std::string>{render(config, setting)};
}

std::vector<Conflict> find_conflicts(const Config& config) {
    Conflicts conflicts;
    check_tls(conflicts, config);
    check_cluster(conflicts, config);
    check_ice(conflicts, config);
    check_sizes_and_times(conflicts, config);
    return conflicts.take();
}

}  // namespace waaft::app
