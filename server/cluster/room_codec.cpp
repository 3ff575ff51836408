#include "server/cluster/room_codec.h"

#include "server/signaling/codec.h"

#include <boost/json.hpp>

#include <array>
#include <charconv>

namespace waaft::cluster {

namespace json = boost::json;
using room::SharedMember;
using room::Word;

namespace {

constexpr std::int64_t version = 1;

constexpr std::uint64_t place = 1;
constexpr std::uint64_t away = 2;
constexpr std::uint64_t mic = 4;
constexpr std::uint64_t cam = 8;
constexpr std::uint64_t screen = 16;
constexpr std::uint64_t invited = 32;

std::uint64_t flags_of(const SharedMember& member) {
    const signaling::Member& shown = member.shown;
    return (shown.place ? place : 0) | (shown.away ? away : 0) | (shown.live.mic ? mic : 0) |
           (shown.live.cam ? cam : 0) | (shown.live.screen ? screen : 0) | (member.invited ? invited : 0);
}

void set_flags(SharedMember& member, std::uint64_t flags) {
    member.shown.place = (flags & place) != 0;
    member.shown.away = (flags & away) != 0;
    member.shown.live = {(flags & mic) != 0, (flags & cam) != 0, (flags & screen) != 0};
    member.invited = (flags & invited) != 0;
}

std::optional<json::value> parsed(std::string_view text, json::storage_ptr memory = {}) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = 8;
    json::value value = json::parse(text, error, std::move(memory), options);
    if (error) return std::nullopt;
    return value;
}

// Reads an array's elements one after the other; after the first mistake everything is empty.
class Reader {
public:
    explicit Reader(const json::value& value) : list_(value.if_array()) { good_ = list_ != nullptr; }
    bool good() const { return good_; }

    std::string text() {
        const json::value* value = next();
        const json::string* string = value != nullptr ? value->if_string() : nullptr;
        if (string == nullptr) good_ = false;
        return string != nullptr ? std::string(string->c_str(), string->size()) : std::string();
    }
    template <class Number>
    Number number() {
        const json::value* value = next();
        json::error_code error;
        const Number result = value != nullptr ? value->to_number<Number>(error) : Number{};
        if (value == nullptr || error) good_ = false;
        return good_ ? result : Number{};
    }
    const json::value& any() {
        static const json::value none;
        const json::value* value = next();
        return value != nullptr ? *value : none;
    }

private:
    const json::value* next() {
        const json::value* value = good_ ? list_->if_contains(at_++) : nullptr;
        if (value == nullptr) good_ = false;
        return value;
    }
    const json::array* list_;
    std::size_t at_ = 0;
    bool good_ = false;
};

std::optional<std::vector<std::string>> texts_of(const json::value& value) {
    const json::array* list = value.if_array();
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    for (const json::value& each : *list) {
        if (!each.is_string()) return std::nullopt;
        texts.emplace_back(each.get_string());
    }
    return texts;
}

json::array array_of(const std::vector<std::string>& texts) {
    json::array list;
    for (const std::string& text : texts) list.emplace_back(text);
    return list;
}

json::value value_of(const SharedMember& member) {
    const signaling::Member& shown = member.shown;
    return json::array{version,           shown.name,     signaling::to_string(shown.role),
                       flags_of(member),  shown.joined,   member.server,
                       member.connection, member.lost_at, array_of(member.ban_keys)};
}

std::optional<SharedMember> member_of(std::string id, const json::value& value) {
    Reader reader(value);
    SharedMember member;
    if (reader.number<std::int64_t>() != version) return std::nullopt;
    member.shown.id = std::move(id);
    member.shown.name = reader.text();
    const auto role = signaling::parse_role(reader.text());
    set_flags(member, reader.number<std::uint64_t>());
    member.shown.joined = reader.number<UnixMs>();
    member.server = reader.text();
    member.connection = reader.number<std::uint64_t>();
    member.lost_at = reader.number<UnixMs>();
    auto bans = texts_of(reader.any());
    if (!reader.good() || !role || !bans) return std::nullopt;
    member.shown.role = *role;
    member.ban_keys = *std::move(bans);
    return member;
}

// The text of a message is JSON already.
json::value value_of(const signaling::ServerMessage& message) { return json::string(signaling::encode(message)); }

json::value value_of(const Word& word) {
    if (const auto* code = std::get_if<signaling::CloseCode>(&word.what)) {
        return json::array{word.to, signaling::to_string(*code)};
    }
    return json::array{word.to, "", value_of(std::get<signaling::ServerMessage>(word.what))};
}

std::optional<Word> word_of(const json::value& value) {
    Reader reader(value);
    Word word;
    word.to = reader.text();
    const std::string code = reader.text();
    if (!reader.good()) return std::nullopt;
    if (!code.empty()) {
        const auto known = signaling::parse_close_code(code);
        if (!known) return std::nullopt;
        word.what = *known;
        return word;
    }
    auto message = signaling::decode_server(reader.text());
    if (!reader.good() || !message.has_value()) return std::nullopt;
    word.what = std::move(*message);
    return word;
}

bool read_members(const json::value* value, room::Told& told) {
    const json::object* members = value != nullptr ? value->if_object() : nullptr;
    if (members == nullptr) return value == nullptr;
    for (const auto& [id, each] : *members) {
        if (each.is_null()) {
            told.members.emplace_back(std::string(id), std::nullopt);
            continue;
        }
        auto member = member_of(std::string(id), each);
        if (!member) return false;
        told.members.emplace_back(std::string(id), std::move(member));
    }
    return true;
}

bool read_records(const json::value* value, const std::vector<store::Written>& written, room::Told& told) {
    const json::array* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr) return value == nullptr && written.empty();
    if (list->size() != written.size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
        if (!(*list)[i].is_string()) return false;
        auto message = signaling::decode_server((*list)[i].get_string());
        auto* added = message.has_value() ? std::get_if<signaling::RecordAdded>(&*message) : nullptr;
        if (added == nullptr) return false;
        if (written[i].repeated) continue;
        added->record.seq = written[i].seq;
        told.records.push_back(std::move(added->record));
    }
    return true;
}

bool read_words(const json::value* value, room::Told& told) {
    const json::array* list = value != nullptr ? value->if_array() : nullptr;
    if (list == nullptr) return value == nullptr;
    for (const json::value& each : *list) {
        auto word = word_of(each);
        if (!word) return false;
        told.words.push_back(*std::move(word));
    }
    return true;
}

bool read_row(const json::value* value, DecodedChange& into) {
    if (value == nullptr) return true;
    Reader reader(*value);
    DecodedChange::Row row;
    row.locked = reader.number<int>() != 0;
    row.epoch = reader.text();
    row.host_key_hash = reader.text();
    into.row = std::move(row);
    return reader.good();
}

}  // namespace

std::string encode_member(const SharedMember& member) { return json::serialize(value_of(member)); }

std::optional<SharedMember> decode_member(const std::string& id, std::string_view text) {
    const auto value = parsed(text);
    return value ? member_of(id, *value) : std::nullopt;
}

std::string encode_change(const room::Change& change, const store::RoomRow* row) {
    json::object object{{"v", version}};
    if (!change.members.empty()) {
        json::object& members = object["members"].emplace_object();
        for (const auto& member : change.members) {
            members[member.id] = member.now ? value_of(*member.now) : json::value();
        }
    }
    if (row != nullptr) object["row"] = json::array{row->locked ? 1 : 0, row->epoch, row->host_key_hash};
    if (!change.bans.empty()) object["bans"] = array_of(change.bans);
    if (!change.records.empty()) {
        json::array& records = object["records"].emplace_array();
        for (const room::Persist& persist : change.records) {
            records.emplace_back(signaling::encode(signaling::RecordAdded{persist.record}));
        }
    }
    if (!change.words.empty()) {
        json::array& words = object["words"].emplace_array();
        for (const Word& word : change.words) words.push_back(value_of(word));
    }
    return json::serialize(object);
}

std::optional<DecodedChange> decode_change(const store::Told& told) {
    const auto value = parsed(told.message);
    const json::object* object = value ? value->if_object() : nullptr;
    const json::value* form = object != nullptr ? object->if_contains("v") : nullptr;
    if (form == nullptr || *form != json::value(version)) return std::nullopt;
    DecodedChange decoded;
    decoded.told.server = told.server;
    decoded.told.revision = told.revision;
    decoded.told.rules = told.rules;
    decoded.told.ends = told.ends;
    const json::value* bans = object->if_contains("bans");
    auto banned = bans != nullptr ? texts_of(*bans) : std::vector<std::string>{};
    const bool good = banned && read_members(object->if_contains("members"), decoded.told) &&
                      read_records(object->if_contains("records"), told.records, decoded.told) &&
                      read_words(object->if_contains("words"), decoded.told) &&
                      read_row(object->if_contains("row"), decoded);
    if (!good) return std::nullopt;
    decoded.told.bans = *std::move(banned);
    return decoded;
}

std::string encode_word(const Word& word) { return json::serialize(json::array{version, value_of(word)}); }

std::optional<Word> decode_word(std::string_view text) {
    const auto value = parsed(text);
    if (!value) return std::nullopt;
    Reader reader(*value);
    if (reader.number<std::int64_t>() != version) return std::nullopt;
    return word_of(reader.any());
}

bool is_newer(std::string_view text) {
    const auto value = parsed(text);
    if (!value) return false;
    const json::value* form = nullptr;
    if (const auto* object = value->if_object()) form = object->if_contains("v");
    if (const auto* list = value->if_array()) form = list->if_contains(0);
    json::error_code error;
    return form != nullptr && form->to_number<std::int64_t>(error) > version && !error;
}

}  // namespace waaft::cluster
