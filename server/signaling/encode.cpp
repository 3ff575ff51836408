#include "server/signaling/codec.h"
#include "server/signaling/json_writer.h"
#include "server/signaling/live_json.h"

namespace waaft::signaling {

namespace {

constexpr int protocol_version = 1;

void write_member(JsonWriter& json, const Member& member) {
    json.text("id", member.id);
    json.text("name", member.name);
    json.text("role", to_string(member.role));
    json.flag("place", member.place);
    json.flag("away", member.away);
    json.begin_object("live");
    write_live(json, member.live);
    json.end_object();
    json.number("joined", member.joined);
}

void write_room(JsonWriter& json, const RoomInfo& room) {
    json.begin_object("room");
    json.text("id", room.id);
    json.text("kind", to_string(room.kind));
    json.flag("locked", room.locked);
    json.flag("password", room.password);
    json.number("meshMax", room.mesh_max);
    json.number("membersMax", room.members_max);
    json.end_object();
}

void write_reactions(JsonWriter& json, const Record& record) {
    if (record.reactions.empty()) {
        return;
    }
    json.begin_object("reactions");
    for (const auto& [emoji, members] : record.reactions) {
        json.begin_array(emoji);
        for (const std::string& member : members) {
            json.item(member);
        }
        json.end_array();
    }
    json.end_object();
}

std::string_view kind_name(Record::Kind kind) {
    switch (kind) {
        case Record::Kind::chat: return "chat";
        case Record::Kind::remove: return "delete";
        case Record::Kind::react: return "react";
        case Record::Kind::erase: return "erase";
    }
    return "chat";
}

void write_record(JsonWriter& json, const Record& record) {
    json.text("t", kind_name(record.kind));
    json.number("seq", record.seq);
    json.number("at", record.at);
    json.text("from", record.from);
    if (record.kind == Record::Kind::chat) {
        json.text("name", record.name);
        json.text("text", record.text);
        write_reactions(json, record);
        if (record.deleted) {
            json.flag("deleted", true);
        }
    }
    if (record.kind == Record::Kind::remove || record.kind == Record::Kind::react) {
        json.number("target", record.target);
    }
    if (record.kind == Record::Kind::react) {
        json.text("emoji", record.emoji);
        json.flag("on", record.on);
    }
}

void write_items(JsonWriter& json, const std::vector<Record>& items) {
    for (const Record& record : items) {
        json.begin_object();
        write_record(json, record);
        json.end_object();
    }
}

void write_ice(JsonWriter& json, const Ice& ice) {
    json.begin_array("iceServers");
    for (const IceServer& server : ice.servers) {
        json.begin_object();
        json.begin_array("urls");
        for (const std::string& url : server.urls) {
            json.item(url);
        }
        json.end_array();
        json.text_unless_empty("username", server.username);
        json.text_unless_empty("credential", server.credential);
        json.end_object();
    }
    json.end_array();
    json.text("iceTransportPolicy", ice.relay_only ? "relay" : "all");
}

void write(JsonWriter& json, const Welcome& message) {
    json.text("t", "welcome");
    json.number("v", protocol_version);
    json.text("you", message.you);
    json.text("resume", message.resume);
    json.flag("resumed", message.resumed);
    write_room(json, message.room);
    json.text("epoch", message.epoch);
    json.number("seq", message.seq);
    json.begin_array("members");
    for (const Member& member : message.members) {
        json.begin_object();
        write_member(json, member);
        json.end_object();
    }
    json.end_array();
    json.begin_array("items");
    write_items(json, message.items);
    json.end_array();
    json.flag("more", message.more);
    if (message.gap) {
        json.begin_object("gap");
        json.number("from", message.gap->from);
        json.number("to", message.gap->to);
        json.end_object();
    }
    json.begin_object("ice");
    write_ice(json, message.ice);
    json.end_object();
    json.begin_object("limits");
    json.number("textBytes", message.limits.text_bytes);
    json.number("messageBytes", message.limits.message_bytes);
    json.number("messagesPerSecond", message.limits.messages_per_second);
    json.end_object();
}

void write_member_message(JsonWriter& json, std::string_view t, const Member& member) {
    json.text("t", t);
    json.begin_object("member");
    write_member(json, member);
    json.end_object();
}

void write(JsonWriter& json, const Joined& message) { write_member_message(json, "joined", message.member); }

void write(JsonWriter& json, const MemberChanged& message) { write_member_message(json, "member", message.member); }

void write(JsonWriter& json, const Left& message) {
    json.text("t", "left");
    json.text("id", message.id);
    json.text("why", to_string(message.why));
}

void write(JsonWriter& json, const RoomChanged& message) {
    json.text("t", "room");
    write_room(json, message.room);
}

void write(JsonWriter& json, const RecordAdded& message) { write_record(json, message.record); }

void write(JsonWriter& json, const Ack& message) {
    json.text("t", "ack");
    json.text("nonce", message.nonce);
    json.text("epoch", message.epoch);
    json.number("seq", message.seq);
}

void write(JsonWriter& json, const History& message) {
    json.text("t", "history");
    json.number("before", message.before);
    json.begin_array("items");
    write_items(json, message.items);
    json.end_array();
    json.flag("more", message.more);
}

void write(JsonWriter& json, const SignalFrom& message) {
    json.text("t", "signal");
    json.text("from", message.from);
    json.members_of(message.payload);
}

void write(JsonWriter& json, const Invited& message) {
    json.text("t", "invited");
    json.text("by", message.by);
}

void write(JsonWriter& json, const Muted& message) {
    json.text("t", "muted");
    json.text("by", message.by);
    write_live(json, message.off);
}

void write(JsonWriter& json, const HostKey& message) {
    json.text("t", "hostKey");
    json.text("key", message.key);
}

void write(JsonWriter& json, const Resume& message) {
    json.text("t", "resume");
    json.text("token", message.token);
}

void write(JsonWriter& json, const Ping& message) {
    json.text("t", "ping");
    json.number("within", message.within);
}

void write(JsonWriter& json, const Restarting& message) {
    json.text("t", "restarting");
    json.number("retryMs", message.retry_ms);
    if (message.move) json.flag("move", true);
}

void write(JsonWriter& json, const Waiting& message) {
    json.text("t", "waiting");
    json.flag("on", message.on);
}

void write(JsonWriter& json, const Bye& message) {
    json.text("t", "bye");
    json.text("code", to_string(message.code));
    json.text("message", sentence(message.code));
    json.flag("retry", retry_makes_sense(message.code));
    if (message.retry_ms > 0) json.number("retryMs", message.retry_ms);
}

void write(JsonWriter& json, const ErrorMessage& message) {
    json.text("t", "error");
    json.text("code", to_string(message.code));
    std::string text(sentence(message.code));
    if (!message.detail.empty()) {
        text += ' ';
        text += message.detail;
    }
    json.text("message", text);
    json.text_unless_empty("re", message.re);
}

}  // namespace

std::string encode(const ServerMessage& message) {
    std::string out;
    out.reserve(256);
    JsonWriter json(out);
    json.begin_object();
    std::visit([&](const auto& m) { write(json, m); }, message);
    json.end_object();
    return out;
}

std::string encode_records(const std::vector<Record>& items) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    write_items(json, items);
    json.end_array();
    return out;
}

std::string encode_ice(const Ice& ice) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_ice(json, ice);
    json.end_object();
    return out;
}

}  // namespace waaft::signaling
