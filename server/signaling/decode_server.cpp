#include "server/signaling/codec.h"
#include "server/signaling/json_fields.h"
#include "server/signaling/signal_payload.h"

#include <boost/json/monotonic_resource.hpp>

#include <array>
#include <limits>
#include <utility>

namespace waaft::signaling {

namespace {

using Problem = JsonFields::Problem;
namespace json = boost::json;

constexpr TextRule any_text{};

struct ServerContext {
    JsonFields fields;
    Problem& problem;
};

std::uint32_t number32(JsonFields& fields, std::string_view key) {
    return static_cast<std::uint32_t>(fields.number(key, 0, std::numeric_limits<std::uint32_t>::max()));
}

Seq seq_of(JsonFields& fields, std::string_view key) { return fields.number(key, 0, integer_max); }

UnixMs time_of(JsonFields& fields, std::string_view key) {
    return static_cast<UnixMs>(fields.number(key, 0, integer_max));
}

template <class Enum>
Enum enum_of(JsonFields& fields, std::string_view key, std::optional<Enum> (*parse)(std::string_view)) {
    const std::optional<Enum> value = parse(fields.text(key, any_text));
    if (!value) {
        fields.fail(key, "one of the values that PROTOCOL.md names");
    }
    return value.value_or(Enum{});
}

// Calls `read(fields)` for the object in that field.
template <class Read>
auto nested(JsonFields& fields, Problem& problem, std::string_view key, Read read) {
    static const json::object nothing;
    const json::object* object = fields.object(key);
    JsonFields inner(object == nullptr ? nothing : *object, problem, key);
    return read(inner, problem);
}

// Calls `read(fields)` for every object of the array in that field.
template <class Item>
std::vector<Item> list_of(JsonFields& fields, Problem& problem, std::string_view key,
                          Item (*read)(JsonFields&, Problem&)) {
    std::vector<Item> items;
    const json::array* array = fields.array(key);
    if (array == nullptr) {
        return items;
    }
    items.reserve(array->size());
    for (const json::value& value : *array) {
        const json::object* object = value.if_object();
        if (object == nullptr) {
            fields.fail(key, "an array of objects");
            return items;
        }
        JsonFields inner(*object, problem, key);
        items.push_back(read(inner, problem));
    }
    return items;
}

std::vector<std::string> texts_of(JsonFields& fields, std::string_view key) {
    std::vector<std::string> texts;
    const json::array* array = fields.array(key);
    if (array == nullptr) {
        return texts;
    }
    for (const json::value& value : *array) {
        if (const json::string* text = value.if_string()) {
            texts.emplace_back(text->data(), text->size());
        } else {
            fields.fail(key, "an array of strings");
        }
    }
    return texts;
}

Live read_live(JsonFields& fields, Problem&) { return {fields.flag("mic"), fields.flag("cam"), fields.flag("screen")}; }

Member read_member(JsonFields& fields, Problem& problem) {
    Member member;
    member.id = fields.text("id", any_text);
    member.name = fields.text("name", any_text);
    member.role = enum_of(fields, "role", parse_role);
    member.place = fields.flag("place");
    member.away = fields.flag("away");
    member.live = nested(fields, problem, "live", read_live);
    member.joined = time_of(fields, "joined");
    return member;
}

RoomInfo read_room(JsonFields& fields, Problem&) {
    RoomInfo room;
    room.id = fields.text("id", any_text);
    room.kind = enum_of(fields, "kind", parse_room_kind);
    room.locked = fields.flag("locked");
    room.password = fields.flag("password");
    room.mesh_max = number32(fields, "meshMax");
    room.members_max = number32(fields, "membersMax");
    return room;
}

std::optional<Record::Kind> parse_record_kind(std::string_view t) {
    constexpr std::array<std::string_view, 4> names{"chat", "delete", "react", "erase"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == t) {
            return static_cast<Record::Kind>(i);
        }
    }
    return std::nullopt;
}

void read_chat(JsonFields& fields, Problem& problem, Record& record) {
    record.name = fields.text("name", any_text);
    record.text = fields.text("text", any_text);
    record.deleted = fields.has("deleted") && fields.flag("deleted");
    const json::object* reactions = fields.has("reactions") ? fields.object("reactions") : nullptr;
    if (reactions == nullptr) {
        return;
    }
    JsonFields inner(*reactions, problem, "reactions");
    for (const auto& entry : *reactions) {
        record.reactions[std::string(entry.key())] = texts_of(inner, entry.key());
    }
}

Record read_record(JsonFields& fields, Problem& problem) {
    Record record;
    record.kind = enum_of(fields, "t", parse_record_kind);
    record.seq = seq_of(fields, "seq");
    record.at = time_of(fields, "at");
    record.from = fields.text("from", any_text);
    if (record.kind == Record::Kind::chat) {
        read_chat(fields, problem, record);
    }
    if (record.kind == Record::Kind::remove || record.kind == Record::Kind::react) {
        record.target = seq_of(fields, "target");
    }
    if (record.kind == Record::Kind::react) {
        record.emoji = fields.text("emoji", any_text);
        record.on = fields.flag("on");
    }
    return record;
}

IceServer read_ice_server(JsonFields& fields, Problem&) {
    return {texts_of(fields, "urls"), fields.optional_text("username", any_text).value_or(""),
            fields.optional_text("credential", any_text).value_or("")};
}

Ice read_ice(JsonFields& fields, Problem& problem) {
    return {list_of(fields, problem, "iceServers", read_ice_server),
            fields.text("iceTransportPolicy", any_text) == "relay"};
}

Limits read_limits(JsonFields& fields, Problem&) {
    return {number32(fields, "textBytes"), number32(fields, "messageBytes"), number32(fields, "messagesPerSecond")};
}

Gap read_gap(JsonFields& fields, Problem&) { return {seq_of(fields, "from"), seq_of(fields, "to")}; }

ServerMessage decode_welcome(ServerContext& in) {
    JsonFields& fields = in.fields;
    Welcome message;
    message.you = fields.text("you", any_text);
    message.resume = fields.text("resume", any_text);
    message.resumed = fields.flag("resumed");
    message.room = nested(fields, in.problem, "room", read_room);
    message.epoch = fields.text("epoch", any_text);
    message.seq = seq_of(fields, "seq");
    message.members = list_of(fields, in.problem, "members", read_member);
    message.items = list_of(fields, in.problem, "items", read_record);
    message.more = fields.flag("more");
    if (fields.has("gap")) {
        message.gap = nested(fields, in.problem, "gap", read_gap);
    }
    message.ice = nested(fields, in.problem, "ice", read_ice);
    message.limits = nested(fields, in.problem, "limits", read_limits);
    return message;
}

ServerMessage decode_joined(ServerContext& in) { return Joined{nested(in.fields, in.problem, "member", read_member)}; }

ServerMessage decode_member(ServerContext& in) {
    return MemberChanged{nested(in.fields, in.problem, "member", read_member)};
}

ServerMessage decode_left(ServerContext& in) {
    return Left{in.fields.text("id", any_text), enum_of(in.fields, "why", parse_left_why)};
}

ServerMessage decode_room(ServerContext& in) { return RoomChanged{nested(in.fields, in.problem, "room", read_room)}; }

ServerMessage decode_record(ServerContext& in) { return RecordAdded{read_record(in.fields, in.problem)}; }

ServerMessage decode_ack(ServerContext& in) {
    return Ack{in.fields.text("nonce", any_text), in.fields.text("epoch", any_text), seq_of(in.fields, "seq")};
}

ServerMessage decode_page(ServerContext& in) {
    return History{seq_of(in.fields, "before"), list_of(in.fields, in.problem, "items", read_record),
                   in.fields.flag("more")};
}

ServerMessage decode_signal_from(ServerContext& in) {
    return SignalFrom{in.fields.text("from", any_text), read_signal_payload(in.fields, in.problem)};
}

ServerMessage decode_invited(ServerContext& in) { return Invited{in.fields.text("by", any_text)}; }

ServerMessage decode_muted(ServerContext& in) {
    return Muted{in.fields.text("by", any_text), read_live(in.fields, in.problem)};
}

ServerMessage decode_host_key(ServerContext& in) { return HostKey{in.fields.text("key", any_text)}; }

ServerMessage decode_resume(ServerContext& in) { return Resume{in.fields.text("token", any_text)}; }

ServerMessage decode_ping(ServerContext& in) { return Ping{number32(in.fields, "within")}; }

ServerMessage decode_restarting(ServerContext& in) {
    const std::uint32_t retry_ms = number32(in.fields, "retryMs");
    return Restarting{retry_ms, in.fields.contains("move") && in.fields.flag("move")};
}

ServerMessage decode_waiting(ServerContext& in) { return Waiting{in.fields.flag("on")}; }

ServerMessage decode_bye(ServerContext& in) {
    const CloseCode code = enum_of(in.fields, "code", parse_close_code);
    return Bye{code, in.fields.contains("retryMs") ? number32(in.fields, "retryMs") : 0};
}

ServerMessage decode_error(ServerContext& in) {
    ErrorMessage message;
    message.code = enum_of(in.fields, "code", parse_error_code);
    const std::string text = in.fields.text("message", any_text);
    const std::string prefix = std::string(sentence(message.code)) + ' ';
    if (text.starts_with(prefix)) {
        message.detail = text.substr(prefix.size());
    }
    message.re = in.fields.optional_text("re", any_text).value_or("");
    return message;
}

struct ServerDecoder {
    std::string_view t;
    ServerMessage (*decode)(ServerContext&);
};

constexpr std::array server_decoders{
    ServerDecoder{"chat", decode_record},     ServerDecoder{"ack", decode_ack},
    ServerDecoder{"ping", decode_ping},       ServerDecoder{"signal", decode_signal_from},
    ServerDecoder{"member", decode_member},   ServerDecoder{"joined", decode_joined},
    ServerDecoder{"left", decode_left},       ServerDecoder{"welcome", decode_welcome},
    ServerDecoder{"react", decode_record},    ServerDecoder{"delete", decode_record},
    ServerDecoder{"erase", decode_record},    ServerDecoder{"history", decode_page},
    ServerDecoder{"room", decode_room},       ServerDecoder{"invited", decode_invited},
    ServerDecoder{"muted", decode_muted},     ServerDecoder{"hostKey", decode_host_key},
    ServerDecoder{"resume", decode_resume},   ServerDecoder{"error", decode_error},
    ServerDecoder{"bye", decode_bye},         ServerDecoder{"restarting", decode_restarting},
    ServerDecoder{"waiting", decode_waiting},
};

}  // namespace

Result<ServerMessage, DecodeError> decode_server(std::string_view text) {
    json::monotonic_resource memory;
    const auto object = parse_message(text, &memory);
    if (!object) {
        return object.error();
    }
    Problem problem;
    ServerContext in{JsonFields(*object, problem), problem};
    const std::string t = in.fields.text("t", any_text);
    for (const ServerDecoder& decoder : server_decoders) {
        if (decoder.t == t) {
            ServerMessage message = decoder.decode(in);
            if (problem) {
                problem->re = t;
                return *std::move(problem);
            }
            return message;
        }
    }
    return problem ? *std::move(problem) : DecodeError{ErrorCode::unknown_message, "t: not a server's message", {}};
}

}  // namespace waaft::signaling
