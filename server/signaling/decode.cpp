#include "server/base/bytes.h"
#include "server/base/id.h"
#include "server/signaling/codec.h"
#include "server/signaling/json_fields.h"
#include "server/signaling/signal_payload.h"
#include "server/signaling/text.h"

#include <boost/json/monotonic_resource.hpp>

#include <array>
#include <utility>

namespace waaft::signaling {

namespace {

constexpr TextRule room_rule{3, 64, is_room_name, "a room name of a-z, 0-9 and -"};
constexpr TextRule member_rule{16, 16, is_member_id, "a member id of 0-9 and a-z"};
constexpr TextRule nonce_rule{8, 64, is_nonce, "a nonce of A-Z, a-z, 0-9, _ and -"};
constexpr TextRule client_rule{16, 64, is_client_id, "an id of A-Z, a-z, 0-9, _ and -"};
constexpr TextRule key_rule{1, 128, is_token, "a key of visible ASCII characters"};
constexpr TextRule token_rule{1, 2048, is_token, "a token of visible ASCII characters"};
constexpr TextRule password_rule{1, 256, is_line, "a password without control characters"};
constexpr TextRule epoch_rule{16, 16, is_epoch, "16 hexadecimal digits"};
constexpr TextRule emoji_rule{1, 64, is_emoji, "an emoji"};

constexpr std::uint64_t history_limit_max = 100;

struct Context {
    JsonFields fields;
    JsonFields::Problem& problem;
    std::uint32_t text_bytes_max;
};

std::string nonce_of(Context& in) { return in.fields.text("nonce", nonce_rule); }

std::string member_of(Context& in) { return in.fields.text("member", member_rule); }

Seq target_of(Context& in) { return in.fields.number("target", 1, integer_max); }

Live live_of(Context& in) { return {in.fields.flag("mic"), in.fields.flag("cam"), in.fields.flag("screen")}; }

std::optional<Position> seen_of(Context& in) {
    if (!in.fields.has("seen")) {
        return std::nullopt;
    }
    const boost::json::object* object = in.fields.object("seen");
    if (object == nullptr) {
        return std::nullopt;
    }
    JsonFields fields(*object, in.problem, "seen");
    return Position{fields.text("epoch", epoch_rule), fields.number("seq", 0, integer_max)};
}

std::string name_of(Context& in) {
    const std::string name = in.fields.text("name", {});
    std::optional<std::string> clean = clean_name(name);
    if (!clean) {
        in.fields.fail("name", "1 to 64 bytes that can be seen, without control characters", ErrorCode::name_bad);
        return {};
    }
    return *std::move(clean);
}

ClientMessage decode_join(Context& in) {
    JsonFields& fields = in.fields;
    Join join;
    join.room = fields.text("room", room_rule);
    join.name = name_of(in);
    join.host_key = fields.optional_text("hostKey", key_rule);
    join.password = fields.optional_text("password", password_rule);
    join.link = fields.optional_text("link", token_rule);
    join.resume = fields.optional_text("resume", token_rule);
    join.client = fields.optional_text("client", client_rule);
    join.seen = seen_of(in);
    return join;
}

ClientMessage decode_chat(Context& in) {
    const TextRule text_rule{1, in.text_bytes_max, is_utf8, "text", ErrorCode::text_bad};
    Chat chat{nonce_of(in), {}};
    std::optional<std::string> clean = clean_chat_text(in.fields.text("text", text_rule));
    if (clean)
        chat.text = *std::move(clean);
    else
        in.fields.fail("text", "more than control characters", ErrorCode::text_bad);
    return chat;
}

ClientMessage decode_delete(Context& in) { return Delete{nonce_of(in), target_of(in)}; }

ClientMessage decode_react(Context& in) {
    return React{nonce_of(in), target_of(in), in.fields.text("emoji", emoji_rule), in.fields.flag("on")};
}

ClientMessage decode_history(Context& in) {
    return HistoryRequest{in.fields.number("before", 1, integer_max),
                          static_cast<std::uint32_t>(in.fields.number("limit", 1, history_limit_max))};
}

ClientMessage decode_signal(Context& in) {
    return Signal{in.fields.text("to", member_rule), read_signal_payload(in.fields, in.problem)};
}

ClientMessage decode_state(Context& in) { return State{live_of(in)}; }

ClientMessage decode_role(Context& in) {
    const std::string member = member_of(in);
    const std::optional<Role> role = parse_role(in.fields.text("role", {}));
    if (!role || *role == Role::host) {
        in.fields.fail("role", "speaker or viewer");
    }
    return SetRole{member, role.value_or(Role::viewer)};
}

ClientMessage decode_mute(Context& in) { return Mute{member_of(in), live_of(in)}; }

ClientMessage decode_lock(Context& in) { return Lock{in.fields.flag("on")}; }

template <class Message>
ClientMessage decode_with_member(Context& in) {
    return Message{member_of(in)};
}

template <class Message>
ClientMessage decode_empty(Context&) {
    return Message{};
}

struct Decoder {
    std::string_view t;
    ClientMessage (*decode)(Context&);
};

constexpr std::array decoders{
    Decoder{"chat", decode_chat},
    Decoder{"signal", decode_signal},
    Decoder{"pong", decode_empty<Pong>},
    Decoder{"state", decode_state},
    Decoder{"react", decode_react},
    Decoder{"join", decode_join},
    Decoder{"history", decode_history},
    Decoder{"delete", decode_delete},
    Decoder{"accept", decode_empty<Accept>},
    Decoder{"decline", decode_empty<Decline>},
    Decoder{"invite", decode_with_member<Invite>},
    Decoder{"role", decode_role},
    Decoder{"mute", decode_mute},
    Decoder{"remove", decode_with_member<Remove>},
    Decoder{"ban", decode_with_member<Ban>},
    Decoder{"lock", decode_lock},
    Decoder{"handover", decode_with_member<Handover>},
    Decoder{"erase", decode_empty<Erase>},
    Decoder{"end", decode_empty<End>},
    Decoder{"leave", decode_empty<Leave>},
    Decoder{"going", decode_empty<Going>},
};

const Decoder* find_decoder(std::string_view t) {
    for (const Decoder& decoder : decoders) {
        if (decoder.t == t) {
            return &decoder;
        }
    }
    return nullptr;
}

// The nonce if there is a good one, else the name of the message.
std::string re_of(const boost::json::object& object, std::string_view t) {
    JsonFields::Problem problem;
    JsonFields fields(object, problem);
    std::string nonce = fields.text("nonce", nonce_rule);
    return problem ? std::string(t) : nonce;
}

}  // namespace

Result<ClientMessage, DecodeError> decode(std::string_view json, std::uint32_t text_bytes_max) {
    std::array<unsigned char, 8192> buffer;
    boost::json::monotonic_resource memory(buffer.data(), buffer.size());
    const auto object = parse_message(json, &memory);
    if (!object) {
        return object.error();
    }
    JsonFields::Problem problem;
    Context in{JsonFields(*object, problem), problem, text_bytes_max};
    const std::string t = in.fields.text("t", {});
    if (problem) {
        return *problem;
    }
    const Decoder* decoder = find_decoder(t);
    if (decoder == nullptr) {
        const bool short_name = t.size() <= 32 && is_token(t);
        return DecodeError{ErrorCode::unknown_message, "t: expected a message of this protocol", short_name ? t : ""};
    }
    ClientMessage message = decoder->decode(in);
    if (problem) {
        problem->re = re_of(*object, t);
        return *std::move(problem);
    }
    return message;
}

}  // namespace waaft::signaling
