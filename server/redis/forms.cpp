#include "server/redis/forms.h"

#include "server/redis/packed_bytes.h"

#include <algorithm>
#include <charconv>

namespace waaft::redis {
namespace {

constexpr std::uint64_t values_version = 1;
constexpr std::uint64_t mark_on = 1;
constexpr std::uint64_t mark_deleted = 2;
constexpr std::size_t before_names = 1 + 1 + 1 + 8 + 8 + 2;

std::optional<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Takes what stands before `mark` off the front, the mark too; everything if there is none.
std::string_view take_until(std::string_view& text, char mark) {
    const auto end = std::min(text.find(mark), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

// One of "7x3", "5r", "5"; false if it is none of them or too much.
bool read_run(std::string_view run, std::vector<store::Written>& written) {
    const bool repeated = run.ends_with('r');
    if (repeated) run.remove_suffix(1);
    const auto times = run.find('x');
    const auto first = to_number(run.substr(0, times));
    const auto count =
        times == std::string_view::npos ? std::optional<std::uint64_t>(1) : to_number(run.substr(times + 1));
    if (!first || !count || *count == 0 || *count > change_records_max - written.size()) return false;
    for (std::uint64_t i = 0; i < *count; ++i) written.push_back({*first + i, repeated});
    return true;
}

std::optional<std::vector<store::Written>> read_written(std::string_view text) {
    std::vector<store::Written> written;
    if (text == "-") return written;
    do {
        if (!read_run(take_until(text, ','), written)) return std::nullopt;
    } while (!text.empty());
    return written;
}

// "SERVER REVISION RULES e|- SEQS\nMESSAGE"
Result<Heard, Unreadable> decode_told(std::string_view head, std::string_view message) {
    store::Told told;
    told.server = take_until(head, ' ');
    const auto revision = to_number(take_until(head, ' '));
    const auto rules = to_number(take_until(head, ' '));
    const auto ends = take_until(head, ' ');
    auto written = read_written(head);
    if (told.server.empty() || !revision || !rules || !written || (ends != "e" && ends != "-")) return Unreadable::bad;
    told.revision = *revision;
    told.rules = *rules;
    told.ends = ends == "e";
    told.records = std::move(*written);
    told.message = message;
    return Heard(std::move(told));
}

}  // namespace

std::string_view to_string(Unreadable why) {
    switch (why) {
        case Unreadable::newer: return "of a newer version";
        case Unreadable::truncated: return "not as long as it says";
        case Unreadable::huge: return "too large";
        case Unreadable::bad: return "not a value of ours";
    }
    return "unreadable";
}

std::optional<std::string> encode_record(const store::Record& record) {
    const std::size_t head = before_names + 2 + record.from.size() + 2 + record.name.size() + 2 + record.emoji.size();
    if (head > packed_text_max || head + record.text.size() > record_max || record.at < 0) return std::nullopt;
    Packer packer;
    packer.number(values_version, 1).number(static_cast<std::uint64_t>(record.kind), 1);
    packer.number((record.on ? mark_on : 0) | (record.deleted ? mark_deleted : 0), 1);
    packer.number(static_cast<std::uint64_t>(record.at), 8).number(record.target, 8).number(head, 2);
    packer.text(record.from).text(record.name).text(record.emoji);
    return packer.take() + record.text;
}

Result<store::Record, Unreadable> decode_record(std::string_view bytes, store::Seq seq) {
    if (bytes.size() > record_max) return Unreadable::huge;
    Unpacker unpacker(bytes);
    if (const auto found = unpacker.number(1); found != values_version) {
        return found > values_version ? Unreadable::newer : bytes.empty() ? Unreadable::truncated : Unreadable::bad;
    }
    store::Record record;
    const auto kind = unpacker.number(1);
    const auto marks = unpacker.number(1);
    record.seq = seq;
    record.at = static_cast<UnixMs>(unpacker.number(8));
    record.target = unpacker.number(8);
    const auto head = unpacker.number(2);
    record.from = unpacker.text();
    record.name = unpacker.text();
    record.emoji = unpacker.text();
    if (!unpacker.ok() || bytes.size() - unpacker.rest().size() != head) return Unreadable::truncated;
    if (kind > static_cast<std::uint64_t>(store::Record::Kind::erase) || marks > (mark_on | mark_deleted) ||
        record.at < 0)
        return Unreadable::bad;
    record.kind = static_cast<store::Record::Kind>(kind);
    record.on = (marks & mark_on) != 0;
    record.deleted = (marks & mark_deleted) != 0;
    record.text = unpacker.rest();
    return record;
}

std::optional<std::string> encode_row(const store::RoomRow& row) {
    if (row.host_key_hash.size() > packed_text_max || row.password_hash.size() > packed_text_max) return std::nullopt;
    Packer packer;
    packer.number(values_version, 1).number(static_cast<std::uint64_t>(row.kind), 1).number(row.locked ? 1 : 0, 1);
    packer.number(row.members_max, 4).number(static_cast<std::uint64_t>(row.created_at), 8);
    packer.number(static_cast<std::uint64_t>(row.ended_at), 8);
    packer.number(static_cast<std::uint64_t>(row.last_active_at), 8);
    return packer.text(row.host_key_hash).text(row.password_hash).take();
}

Result<store::RoomRow, Unreadable> decode_row(std::string_view bytes) {
    Unpacker unpacker(bytes);
    if (const auto found = unpacker.number(1); found != values_version) {
        return found > values_version ? Unreadable::newer : bytes.empty() ? Unreadable::truncated : Unreadable::bad;
    }
    store::RoomRow row;
    const auto kind = unpacker.number(1);
    const auto locked = unpacker.number(1);
    row.members_max = static_cast<std::uint32_t>(unpacker.number(4));
    row.created_at = static_cast<UnixMs>(unpacker.number(8));
    row.ended_at = static_cast<UnixMs>(unpacker.number(8));
    row.last_active_at = static_cast<UnixMs>(unpacker.number(8));
    row.host_key_hash = unpacker.text();
    row.password_hash = unpacker.text();
    if (!unpacker.ok() || !unpacker.rest().empty()) return Unreadable::truncated;
    if (kind > static_cast<std::uint64_t>(store::RoomKind::broadcast) || locked > 1) return Unreadable::bad;
    row.kind = static_cast<store::RoomKind>(kind);
    row.locked = locked == 1;
    return row;
}

std::string encode_link(const store::LinkRow& link, std::string_view life) {
    std::string bytes = std::to_string(values_version);
    const auto add = [&](std::string_view part) { bytes.append(" ").append(part); };
    add(std::to_string(static_cast<unsigned>(link.role)));
    add(std::to_string(link.made_at));
    add(std::to_string(link.expires_at));
    add(life);
    add(link.host_key.empty() ? "-" : link.host_key);
    add(std::to_string(link.key.size()));
    return bytes + " " + link.key + link.name;
}

Result<store::LinkRow, Unreadable> decode_link(std::string id, std::string_view bytes) {
    if (const auto found = to_number(take_until(bytes, ' ')); found != values_version)
        return found > values_version ? Unreadable::newer : Unreadable::bad;
    const auto role = to_number(take_until(bytes, ' '));
    const auto made_at = to_number(take_until(bytes, ' '));
    const auto expires_at = to_number(take_until(bytes, ' '));
    const auto life = take_until(bytes, ' ');
    const auto host_key = take_until(bytes, ' ');
    const auto key_size = to_number(take_until(bytes, ' '));
    if (!role || *role > static_cast<std::uint64_t>(store::Role::viewer) || !made_at || !expires_at || life.empty() ||
        host_key.empty() || !key_size)
        return Unreadable::bad;
    if (*key_size > bytes.size()) return Unreadable::truncated;
    store::LinkRow link;
    link.id = std::move(id);
    link.role = static_cast<store::Role>(*role);
    link.made_at = static_cast<UnixMs>(*made_at);
    link.expires_at = static_cast<UnixMs>(*expires_at);
    if (host_key != "-") link.host_key = host_key;
    link.key = bytes.substr(0, *key_size);
    link.name = bytes.substr(*key_size);
    return link;
}

Result<store::SharedMember, Unreadable> decode_member_field(std::string id, std::string_view bytes) {
    if (bytes.find('|') == std::string_view::npos) return Unreadable::bad;
    const auto at = to_number(take_until(bytes, '|'));
    if (!at || *at == 0) return Unreadable::bad;
    return store::SharedMember{std::move(id), *at, std::string(bytes)};
}

Result<store::Committed, Unreadable> decode_committed(std::string_view text) {
    store::Committed committed;
    const auto outcome = take_until(text, ' ');
    if (outcome == "c" || outcome == "f" || outcome == "g") {
        committed.outcome = outcome == "c"   ? store::Committed::Outcome::conflict
                            : outcome == "f" ? store::Committed::Outcome::full
                                             : store::Committed::Outcome::gone;
        return text.empty() ? Result<store::Committed, Unreadable>(committed) : Unreadable::bad;
    }
    const auto revision = to_number(take_until(text, ' '));
    const auto rules = to_number(take_until(text, ' '));
    auto written = read_written(text);
    if (outcome != "d" || !revision || !rules || !written) return Unreadable::bad;
    committed.revision = *revision;
    committed.rules = *rules;
    committed.records = std::move(*written);
    return committed;
}

Result<Heard, Unreadable> decode_heard(std::string_view bytes) {
    if (bytes.empty()) return Unreadable::truncated;
    if (!bytes.starts_with('1'))
        return bytes.front() > '1' && bytes.front() <= '9' ? Unreadable::newer : Unreadable::bad;
    const bool one_line = bytes.find('\n') == std::string_view::npos;
    std::string_view head = take_until(bytes, '\n');
    const auto what = take_until(head, ' ');
    if (what == "1l") {
        const auto expires_at = to_number(take_until(head, ' '));
        if (!one_line || !expires_at || head.empty()) return Unreadable::bad;
        return Heard(LinkRevoked{std::string(head), static_cast<UnixMs>(*expires_at)});
    }
    if (one_line) return Unreadable::truncated;
    if (what == "1c") return decode_told(head, bytes);
    if (what != "1w") return Unreadable::newer;
    if (head.empty()) return Unreadable::bad;
    return Heard(Whisper{std::string(head), std::string(bytes)});
}

std::string encode_whisper(const Whisper& whisper) { return "1w " + whisper.server + "\n" + whisper.message; }

}  // namespace waaft::redis
