#include "server/signaling/codec.h"
#include "server/signaling/json_writer.h"
#include "server/signaling/live_json.h"

namespace waaft::signaling {

namespace {

void write_optional(JsonWriter& json, std::string_view key, const std::optional<std::string>& value) {
    if (value) {
        json.text(key, *value);
    }
}

void write_to_member(JsonWriter& json, std::string_view t, const std::string& member) {
    json.text("t", t);
    json.text("member", member);
}

void write_request(JsonWriter& json, const Join& message) {
    json.text("t", "join");
    json.text("room", message.room);
    json.text("name", message.name);
    write_optional(json, "hostKey", message.host_key);
    write_optional(json, "password", message.password);
    write_optional(json, "link", message.link);
    write_optional(json, "resume", message.resume);
    write_optional(json, "client", message.client);
    if (message.seen) {
        json.begin_object("seen");
        json.text("epoch", message.seen->epoch);
        json.number("seq", message.seen->seq);
        json.end_object();
    }
}

void write_request(JsonWriter& json, const Chat& message) {
    json.text("t", "chat");
    json.text("nonce", message.nonce);
    json.text("text", message.text);
}

void write_request(JsonWriter& json, const Delete& message) {
    json.text("t", "delete");
    json.text("nonce", message.nonce);
    json.number("target", message.target);
}

void write_request(JsonWriter& json, const React& message) {
    json.text("t", "react");
    json.text("nonce", message.nonce);
    json.number("target", message.target);
    json.text("emoji", message.emoji);
    json.flag("on", message.on);
}

void write_request(JsonWriter& json, const HistoryRequest& message) {
    json.text("t", "history");
    json.number("before", message.before);
    json.number("limit", message.limit);
}

void write_request(JsonWriter& json, const Signal& message) {
    json.text("t", "signal");
    json.text("to", message.to);
    json.members_of(message.payload);
}

void write_request(JsonWriter& json, const State& message) {
    json.text("t", "state");
    write_live(json, message.live);
}

void write_request(JsonWriter& json, const SetRole& message) {
    write_to_member(json, "role", message.member);
    json.text("role", to_string(message.role));
}

void write_request(JsonWriter& json, const Mute& message) {
    write_to_member(json, "mute", message.member);
    write_live(json, message.off);
}

void write_request(JsonWriter& json, const Lock& message) {
    json.text("t", "lock");
    json.flag("on", message.on);
}

void write_request(JsonWriter& json, const Invite& message) { write_to_member(json, "invite", message.member); }

void write_request(JsonWriter& json, const Remove& message) { write_to_member(json, "remove", message.member); }

void write_request(JsonWriter& json, const Ban& message) { write_to_member(json, "ban", message.member); }

void write_request(JsonWriter& json, const Handover& message) { write_to_member(json, "handover", message.member); }

void write_request(JsonWriter& json, const Accept&) { json.text("t", "accept"); }

void write_request(JsonWriter& json, const Decline&) { json.text("t", "decline"); }

void write_request(JsonWriter& json, const Erase&) { json.text("t", "erase"); }

void write_request(JsonWriter& json, const End&) { json.text("t", "end"); }

void write_request(JsonWriter& json, const Leave&) { json.text("t", "leave"); }
void write_request(JsonWriter& json, const Going&) { json.text("t", "going"); }

void write_request(JsonWriter& json, const Pong&) { json.text("t", "pong"); }

}  // namespace

std::string encode(const ClientMessage& message) {
    std::string out;
    out.reserve(128);
    JsonWriter json(out);
    json.begin_object();
    std::visit([&](const auto& m) { write_request(json, m); }, message);
    json.end_object();
    return out;
}

}  // namespace waaft::signaling
