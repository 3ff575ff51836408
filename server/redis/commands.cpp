#include "server/redis/commands.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace waaft::redis {
namespace {

using std::chrono::milliseconds;

// Lua's numbers are exact up to here.
constexpr std::uint64_t number_max = no_rules - 1;
constexpr std::uint64_t format_version = 1;

std::uint64_t to_ms(Duration duration) {
    const auto ms = std::chrono::duration_cast<milliseconds>(duration).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 1));
}

std::uint64_t to_time(UnixMs time) { return static_cast<std::uint64_t>(std::max<UnixMs>(time, 0)); }

template <class Names>
Command run(Script which, const Names& keys) {
    Command command("EVALSHA");
    command.add(script(which).sha1).add(std::uint64_t{keys.size()});
    for (const std::string& key : keys) command.add(key);
    return command;
}

Command run_one(Script which, const std::string& key) { return run(which, std::array<std::string, 1>{key}); }

void add_members(Command& command, const std::vector<store::MemberChange>& members) {
    command.add(members.size());
    for (const store::MemberChange& member : members) {
        command.add(member.id).add(member.version).add(member.value ? "1" : "0").add(member.value.value_or(""));
    }
}

bool add_records(Command& command, const std::vector<store::NewRecord>& records) {
    command.add(records.size());
    for (const store::NewRecord& added : records) {
        const auto bytes = encode_record(added.record);
        if (!bytes) return false;
        // A member's id has no NUL.
        command.add(added.nonce.empty() ? std::string() : added.record.from + '\0' + added.nonce).add(*bytes);
    }
    return true;
}

std::optional<std::uint64_t> number_in(const Reply& reply) {
    std::uint64_t number = 0;
    const char* end = reply.text.data() + reply.text.size();
    const auto [read, error] = std::from_chars(reply.text.data(), end, number);
    if (!reply.is(Reply::Kind::text) || error != std::errc{} || read != end) return std::nullopt;
    return number;
}

Misread unlike(std::string_view script_name) {
    return {"the answer to " + std::string(script_name) + " is not what the script gives"};
}

bool is_list(const Reply& reply, bool pairs) {
    if (!reply.is(Reply::Kind::array) || (pairs && reply.items.size() % 2 != 0)) return false;
    return std::all_of(reply.items.begin(), reply.items.end(),
                       [](const Reply& item) { return item.is(Reply::Kind::text); });
}

Result<store::Record, Misread> to_record(const std::string& bytes, store::Seq seq) {
    auto record = decode_record(bytes, seq);
    if (record) return std::move(*record);
    return Misread{"record " + std::to_string(seq) + " is " + std::string(to_string(record.error()))};
}

// [seq, record, seq, record]
Read<std::vector<store::Record>> read_record_replies(const Reply& reply) {
    std::vector<store::Record> records;
    if (!is_list(reply, true)) return unlike("history");
    for (std::size_t i = 0; i < reply.items.size(); i += 2) {
        const auto seq = number_in(reply.items[i]);
        if (!seq) return unlike("history");
        auto record = to_record(reply.items[i + 1].text, *seq);
        if (!record) return record.error();
        records.push_back(std::move(*record));
    }
    return records;
}

Read<void> read_member_replies(const Reply& reply, std::vector<store::SharedMember>& members) {
    if (!is_list(reply, true)) return unlike("read");
    for (std::size_t i = 0; i < reply.items.size(); i += 2) {
        auto member = decode_member_field(reply.items[i].text, reply.items[i + 1].text);
        if (!member) return Misread{"member " + reply.items[i].text + " is " + std::string(to_string(member.error()))};
        members.push_back(std::move(*member));
    }
    return {};
}

Read<void> read_tail(const Reply& reply, store::Seq first, std::vector<store::Record>& tail) {
    if (!is_list(reply, false)) return unlike("read");
    for (const Reply& item : reply.items) {
        auto record = to_record(item.text, first + tail.size());
        if (!record) return record.error();
        tail.push_back(std::move(*record));
    }
    return {};
}

// MEMBER NUL NONCE -> "SEQ AT"
Read<void> read_nonces(const Reply& reply, std::vector<store::Nonce>& nonces) {
    if (!is_list(reply, true)) return unlike("read");
    for (std::size_t i = 0; i < reply.items.size(); i += 2) {
        const std::string& key = reply.items[i].text;
        const std::string& value = reply.items[i + 1].text;
        const auto nul = key.find('\0');
        store::Nonce nonce;
        const char* end = value.data() + value.size();
        const auto seq = std::from_chars(value.data(), end, nonce.seq);
        const bool parted = seq.ec == std::errc{} && seq.ptr != end && *seq.ptr == ' ';
        const auto at = parted ? std::from_chars(seq.ptr + 1, end, nonce.at) : seq;
        if (nul == std::string::npos || !parted || at.ec != std::errc{} || at.ptr != end)
            return Misread{"a nonce is not a value of ours"};
        nonce.member = key.substr(0, nul);
        nonce.nonce = key.substr(nul + 1);
        nonces.push_back(std::move(nonce));
    }
    return {};
}

Read<void> read_row_reply(const std::vector<Reply>& parts, store::Snapshot& snapshot) {
    const auto revision = number_in(parts[2]);
    const auto rules = number_in(parts[3]);
    const auto last = number_in(parts[4]);
    if (!parts[0].is(Reply::Kind::text) || !parts[1].is(Reply::Kind::text) || !revision || !rules || !last)
        return Misread{"the room's row is missing or not a value of ours"};
    auto row = decode_row(parts[1].text);
    if (!row) return Misread{"the room's row is " + std::string(to_string(row.error()))};
    snapshot.revision = *revision;
    snapshot.rules = *rules;
    snapshot.row = std::move(*row);
    snapshot.row.epoch = parts[0].text;
    snapshot.row.last_seq = *last;
    return {};
}

}  // namespace

std::optional<Command> Commands::create(const store::RoomRow& row, Duration keep) const {
    const auto bytes = encode_row(row);
    if (!bytes) return std::nullopt;
    Command command = run(Script::create, keys_.room(row.name));
    return std::move(command.add(row.epoch).add(*bytes).add(row.last_seq).add(to_ms(keep)));
}

std::optional<Command> Commands::commit(const store::Change& change, std::uint64_t opened) const {
    if (change.records.size() > change_records_max) return std::nullopt;
    const auto row = change.row ? encode_row(*change.row) : std::string();
    if (!row) return std::nullopt;
    Command command = run(Script::commit, keys_.room(change.room));
    command.add(change.server).add(opened).add(change.number).add(change.epoch).add(std::min(change.rules, no_rules));
    command.add(change.raises_rules ? "1" : "0").add(std::uint64_t{change.members_max}).add(to_ms(change.keep));
    command.add(std::uint64_t{limits_.chat_keep_messages}).add(to_ms(limits_.nonce_keep));
    command.add(change.ends ? "1" : "0").add(keys_.channel(change.room)).add(std::uint64_t{record_max});
    command.add(change.message).add(change.row ? change.row->epoch : "").add(*row);
    add_members(command, change.members);
    command.add(change.bans.size());
    for (const std::string& ban : change.bans) command.add(ban);
    if (!add_records(command, change.records)) return std::nullopt;
    return command;
}

Command Commands::read(std::string_view room) const {
    return run(Script::read, keys_.room(room)).add(std::uint64_t{limits_.tail_max}).add(std::uint64_t{record_max});
}

Command Commands::history(std::string_view room, const PageCursor& cursor) const {
    Command command = run(Script::history, keys_.room(room));
    command.add(std::min(cursor.before, number_max)).add(std::uint64_t{cursor.wanted}).add(cursor.bytes);
    command.add(cursor.oldest).add(cursor.newest).add(cursor.from);
    return command.add(std::uint64_t{history_step}).add(std::uint64_t{record_max});
}

Command Commands::keep(std::string_view room, Duration keep, UnixMs records_since) const {
    Command command = run(Script::keep, keys_.room(room));
    return command.add(to_ms(keep)).add(to_time(records_since)).add(std::uint64_t{record_max});
}

Command Commands::whisper(std::string_view room, const Whisper& whisper) const {
    return Command("PUBLISH").add(keys_.channel(room)).add(encode_whisper(whisper));
}

Command Commands::revoke(std::string_view id, UnixMs expires_at) const {
    return run_one(Script::revoke, keys_.links()).add(id).add(to_time(expires_at)).add(keys_.links_channel());
}

Command Commands::links() const { return run_one(Script::links, keys_.links()); }

Command Commands::record_link(const std::string& room, std::string_view life, const store::LinkRow& link) const {
    Command command = run(Script::record, keys_.links_of(room));
    command.add(life).add(link.id).add(encode_link(link, life)).add(link.host_key);
    return command.add(std::uint64_t{store::LinkStore::links_max}).add(store::revoked_link_id(room, ""));
}

Command Commands::list_links(const std::string& room, std::string_view life) const {
    return run(Script::list, keys_.links_of(room)).add(life).add(store::revoked_link_id(room, ""));
}

Command Commands::void_links(const std::string& room, const std::string& life, UnixMs until) const {
    Command command = run(Script::void_all, keys_.links_of(room));
    command.add(life).add(store::revoked_link_id(room, "")).add(to_time(until));
    return command.add(store::unrecorded_links_id(room, life)).add(keys_.links_channel());
}

Command Commands::allow(std::string_view key, std::uint32_t most, Duration period) const {
    return run_one(Script::allow, keys_.counter(key)).add(std::uint64_t{most}).add(to_ms(period));
}

Command Commands::alive(std::string_view server) const {
    Command command = run_one(Script::servers, keys_.servers()).add(server);
    return command.add(to_ms(alive_for)).add(to_ms(remembered_for)).add("");
}

Command Commands::leave(std::string_view server) const {
    Command command = run_one(Script::servers, keys_.servers()).add(server);
    return command.add(to_ms(alive_for)).add(to_ms(remembered_for)).add("leave");
}

Command Commands::check(std::string_view server, const Origin& origin, const std::vector<std::string>& secrets) const {
    const std::array<std::string, 4> names{keys_.format(), keys_.servers(), keys_.links(), keys_.lineage()};
    Command command = run(Script::check, names);
    command.add(format_version).add(server).add(to_ms(alive_for)).add(origin.run).add(origin.replication_id);
    command.add(origin.was_replica ? "1" : "0").add(origin.keeps_all ? "1" : "0");
    for (const std::string& secret : secrets) command.add(secret);
    return command;
}

Read<bool> read_created(const Reply& reply) {
    if (!reply.is(Reply::Kind::text) || (reply.text != "d" && reply.text != "e")) return unlike("create");
    return reply.text == "d";
}

Read<store::Committed> read_committed(const Reply& reply) {
    if (!reply.is(Reply::Kind::text)) return unlike("commit");
    auto committed = decode_committed(reply.text);
    if (!committed) return unlike("commit");
    return std::move(*committed);
}

Read<std::optional<store::Snapshot>> read_snapshot(const Reply& reply, std::string_view room) {
    if (reply.is(Reply::Kind::nil)) return std::optional<store::Snapshot>();
    const std::vector<Reply>& parts = reply.items;
    const auto first = parts.size() == 12 ? number_in(parts[5]) : std::nullopt;
    if (!first || !is_list(parts[7], false) || !parts[11].is(Reply::Kind::integer)) return unlike("read");
    store::Snapshot snapshot;
    if (const auto row = read_row_reply(parts, snapshot); !row) return row.error();
    snapshot.row.name = room;
    snapshot.end_may_be_lost = parts[11].integer != 0;
    if (const auto members = read_member_replies(parts[6], snapshot.members); !members) return members.error();
    for (const Reply& ban : parts[7].items) snapshot.bans.push_back(ban.text);
    if (const auto tail = read_tail(parts[8], *first, snapshot.tail); !tail) return tail.error();
    for (const std::size_t i : {9U, 10U}) {
        if (const auto nonces = read_nonces(parts[i], snapshot.nonces); !nonces) return nonces.error();
    }
    std::sort(snapshot.nonces.begin(), snapshot.nonces.end(),
              [](const store::Nonce& one, const store::Nonce& other) { return one.seq < other.seq; });
    return std::optional(std::move(snapshot));
}

Read<PageStep> read_page(const Reply& reply) {
    PageStep step;
    step.gone = reply.is(Reply::Kind::nil);
    if (step.gone) return step;
    const std::vector<Reply>& parts = reply.items;
    const bool whole = parts.size() == 6 && parts[0].is(Reply::Kind::text) && parts[3].is(Reply::Kind::integer);
    const auto before = whole ? number_in(parts[4]) : std::nullopt;
    const auto from = whole ? number_in(parts[5]) : std::nullopt;
    if (!before || !from) return unlike("history");
    step.epoch = parts[0].text;
    auto items = read_record_replies(parts[1]);
    if (!items) return items.error();
    auto later = read_record_replies(parts[2]);
    if (!later) return later.error();
    for (std::size_t i = 1; i < parts[1].items.size(); i += 2) step.bytes += parts[1].items[i].text.size();
    step.items = std::move(*items);
    step.later = std::move(*later);
    step.more = parts[3].integer != 0;
    step.before = *before;
    step.from = *from;
    return step;
}

Read<std::vector<std::string>> read_list(const Reply& reply) {
    if (!is_list(reply, false)) return unlike("a list");
    std::vector<std::string> words;
    for (const Reply& item : reply.items) words.push_back(item.text);
    return words;
}

Read<bool> read_flag(const Reply& reply) {
    if (!reply.is(Reply::Kind::integer)) return unlike("allow");
    return reply.integer != 0;
}

Read<store::Recorded> read_recorded(const Reply& reply) {
    if (!reply.is(Reply::Kind::text)) return unlike("record");
    if (reply.text == "d") return store::Recorded::done;
    if (reply.text == "f") return store::Recorded::too_many;
    if (reply.text == "g") return store::Recorded::gone;
    return unlike("record");
}

// [id, link, "r" or "-", id, link, ...]
Read<std::vector<store::LinkRow>> read_links(const Reply& reply) {
    if (!is_list(reply, false) || reply.items.size() % 3 != 0) return unlike("list");
    std::vector<store::LinkRow> links;
    for (std::size_t i = 0; i < reply.items.size(); i += 3) {
        auto link = decode_link(reply.items[i].text, reply.items[i + 1].text);
        if (!link) return Misread{"link " + reply.items[i].text + " is " + std::string(to_string(link.error()))};
        link->revoked = reply.items[i + 2].text == "r";
        links.push_back(std::move(*link));
    }
    std::sort(links.begin(), links.end(), [](const store::LinkRow& one, const store::LinkRow& other) {
        return std::tie(one.made_at, one.id) < std::tie(other.made_at, other.id);
    });
    return links;
}

}  // namespace waaft::redis
