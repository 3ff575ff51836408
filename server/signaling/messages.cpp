#include "server/signaling/messages.h"

#include <array>
#include <cstddef>

namespace waaft::signaling {

namespace {

struct ErrorText {
    std::string_view name;
    std::string_view sentence;
};

// In the order of ErrorCode.
constexpr std::array error_texts{
    ErrorText{"bad_message", "The message is not valid."},
    ErrorText{"unknown_message", "The server does not know this message."},
    ErrorText{"not_joined", "Join the room first."},
    ErrorText{"already_joined", "This connection is in a room already."},
    ErrorText{"rate_limited", "Too many messages; slow down."},
    ErrorText{"room_unknown", "There is no such room."},
    ErrorText{"room_ended", "The room has ended."},
    ErrorText{"room_full", "The room is full."},
    ErrorText{"room_locked", "The room is locked."},
    ErrorText{"password_required", "The room needs a password."},
    ErrorText{"password_wrong", "The password is wrong."},
    ErrorText{"banned", "The host has banned you from this room."},
    ErrorText{"link_bad", "The join link is not valid."},
    ErrorText{"link_expired", "The join link has expired."},
    ErrorText{"link_revoked", "The join link has been revoked."},
    ErrorText{"host_key_bad", "The host key is not valid for this room."},
    ErrorText{"resume_bad", "The earlier membership cannot be resumed; join anew."},
    ErrorText{"not_allowed", "Your role does not permit this."},
    ErrorText{"member_unknown", "That member is not here."},
    ErrorText{"target_unknown", "There is no such message."},
    ErrorText{"name_bad", "The name is not valid: 1 to 64 bytes, no control characters."},
    ErrorText{"text_bad", "The text is empty, too long or has characters that are not allowed."},
    ErrorText{"chat_unavailable", "The message could not be stored; nothing was posted."},
    ErrorText{"server_full", "The server is full."},
    ErrorText{"busy", "The server is busy; try again."},
};
static_assert(error_texts.size() == static_cast<std::size_t>(ErrorCode::busy) + 1);

struct CloseText {
    CloseCode code;
    std::string_view name;
    std::string_view sentence;
    bool retry;
};

constexpr std::array close_texts{
    CloseText{CloseCode::protocol_error, "protocol_error", "The WebSocket protocol was violated.", false},
    CloseText{CloseCode::invalid_utf8, "invalid_utf8", "A text frame was not valid UTF-8.", false},
    CloseText{CloseCode::too_big, "too_big", "A message was too big.", false},
    CloseText{CloseCode::restarting, "restarting", "The server restarts.", true},
    CloseText{CloseCode::bad_message, "bad_message", "There were too many messages that are not valid.", false},
    CloseText{CloseCode::slow, "slow", "The connection was too slow to keep up.", true},
    CloseText{CloseCode::silent, "silent", "The connection did not answer.", true},
    CloseText{CloseCode::removed, "removed", "The host removed you from the room.", false},
    CloseText{CloseCode::banned, "banned", "The host banned you from the room.", false},
    CloseText{CloseCode::ended, "ended", "The room has ended.", false},
    CloseText{CloseCode::replaced, "replaced", "You came back on another connection.", false},
    CloseText{CloseCode::rate_limited, "rate_limited", "There were too many messages.", false},
    CloseText{CloseCode::join_timeout, "join_timeout", "No join came in time.", true},
    CloseText{CloseCode::left, "left", "You left the room.", false},
    CloseText{CloseCode::refused, "refused", "The join was refused.", false},
    CloseText{CloseCode::busy, "busy", "The server is too busy for this connection.", true},
};

const CloseText& text_of(CloseCode code) {
    for (const CloseText& text : close_texts) {
        if (text.code == code) {
            return text;
        }
    }
    return close_texts.back();
}

constexpr std::array<std::string_view, 3> role_names{"host", "speaker", "viewer"};
constexpr std::array<std::string_view, 2> kind_names{"call", "broadcast"};
constexpr std::array<std::string_view, 4> why_names{"left", "lost", "removed", "banned"};

template <class Enum, std::size_t Count>
std::optional<Enum> parse(const std::array<std::string_view, Count>& names, std::string_view text) {
    for (std::size_t i = 0; i < Count; ++i) {
        if (names[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Role role) { return role_names.at(static_cast<std::size_t>(role)); }

std::string_view to_string(RoomKind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

std::string_view to_string(LeftWhy why) { return why_names.at(static_cast<std::size_t>(why)); }

std::string_view to_string(ErrorCode code) { return error_texts.at(static_cast<std::size_t>(code)).name; }

std::string_view to_string(CloseCode code) { return text_of(code).name; }

std::string_view sentence(ErrorCode code) { return error_texts.at(static_cast<std::size_t>(code)).sentence; }

std::string_view sentence(CloseCode code) { return text_of(code).sentence; }

bool retry_makes_sense(CloseCode code) { return text_of(code).retry; }

std::optional<Role> parse_role(std::string_view text) { return parse<Role>(role_names, text); }

std::optional<RoomKind> parse_room_kind(std::string_view text) { return parse<RoomKind>(kind_names, text); }

std::optional<LeftWhy> parse_left_why(std::string_view text) { return parse<LeftWhy>(why_names, text); }

std::optional<ErrorCode> parse_error_code(std::string_view text) {
    for (std::size_t i = 0; i < error_texts.size(); ++i) {
        if (error_texts[i].name == text) {
            return static_cast<ErrorCode>(i);
        }
    }
    return std::nullopt;
}

std::optional<CloseCode> parse_close_code(std::string_view text) {
    for (const CloseText& entry : close_texts) {
        if (entry.name == text) {
            return entry.code;
        }
    }
    return std::nullopt;
}

}  // namespace waaft::signaling
