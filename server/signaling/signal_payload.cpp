#include "server/signaling/signal_payload.h"

#include "server/signaling/json_writer.h"
#include "server/signaling/text.h"

namespace waaft::signaling {

namespace {

bool is_sdp(std::string_view text) { return is_text(text, Controls::sdp); }

constexpr TextRule sdp_rule{0, std::size_t{32} * 1024, is_sdp, "a session description"};
constexpr TextRule candidate_rule{0, 1024, is_line, "a candidate line"};
constexpr TextRule mid_rule{0, 64, is_line, "a media id"};
constexpr TextRule ufrag_rule{0, 256, is_line, "a user name fragment"};

constexpr std::uint64_t call_max = 0x7FFFFFFF;
constexpr std::uint64_t media_index_max = 255;

void copy_description(JsonFields& message, JsonFields::Problem& problem, JsonWriter& json) {
    const boost::json::object* object = message.object("description");
    if (object == nullptr) {
        return;
    }
    JsonFields fields(*object, problem, "description");
    const std::string type = fields.text("type", {});
    if (type != "offer" && type != "answer" && type != "rollback") {
        fields.fail("type", "offer, answer or rollback");
    }
    const bool empty = type == "rollback" && !fields.has("sdp");
    json.begin_object("description");
    json.text("type", type);
    json.text("sdp", empty ? std::string() : fields.text("sdp", sdp_rule));
    json.end_object();
}

void copy_candidate(JsonFields& message, JsonFields::Problem& problem, JsonWriter& json) {
    if (!message.has("candidate")) {
        json.null("candidate");
        return;
    }
    const boost::json::object* object = message.object("candidate");
    if (object == nullptr) {
        return;
    }
    JsonFields fields(*object, problem, "candidate");
    json.begin_object("candidate");
    json.text("candidate", fields.text("candidate", candidate_rule));
    if (const auto mid = fields.optional_text("sdpMid", mid_rule)) {
        json.text("sdpMid", *mid);
    } else {
        json.null("sdpMid");
    }
    if (fields.has("sdpMLineIndex")) {
        json.number("sdpMLineIndex", fields.number("sdpMLineIndex", 0, media_index_max));
    } else {
        json.null("sdpMLineIndex");
    }
    if (const auto ufrag = fields.optional_text("usernameFragment", ufrag_rule)) {
        json.text("usernameFragment", *ufrag);
    }
    json.end_object();
}

}  // namespace

std::string read_signal_payload(JsonFields& message, JsonFields::Problem& problem) {
    std::string payload;
    JsonWriter json(payload);
    json.begin_object();
    const bool description = message.contains("description");
    if (description == message.contains("candidate")) {
        message.fail("description", "either this or candidate");
    } else if (description) {
        copy_description(message, problem, json);
    } else {
        copy_candidate(message, problem, json);
    }
    json.number("call", message.number("call", 0, call_max));
    json.end_object();
    return payload;
}

}  // namespace waaft::signaling
