// What each client of a run sent, heard and was told, in its own order; and the room's log at the end.
//
// Thread: one. Ownership: values. Units: milliseconds since the run's begin. Errors: none.
// A message is named by its text, which is unique in a run: "<run>-<client>-<number>".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace waaft::history {

struct Position {
    std::string epoch;
    std::uint64_t seq = 0;
    friend bool operator==(const Position&, const Position&) = default;
    friend auto operator<=>(const Position&, const Position&) = default;
};

struct Range {
    std::uint64_t from = 0;
    std::uint64_t to = 0;  // included
};

struct Event {
    enum class Kind : std::uint8_t {
        sent,      // message; again after each return that found it without an ack
        acked,     // message, at
        refused,   // message; it is sent again
        welcomed,  // at: the room's position; seen: what the client had; gap: what was told
        item,      // message, at: part of the welcome before it
        heard,     // message, at: live
        cut,       // by us; message: why, if the protocol's rules said so
        closed,    // by the server or the network; message: why
    };
    Kind kind = Kind::sent;
    std::int64_t ms = 0;
    std::string message;
    Position at;
    std::optional<Position> seen;
    std::optional<Range> gap;
};

struct ClientHistory {
    std::vector<Event> events;
};

// The room's log as a newcomer reads it at the end: all records that are kept.
struct Log {
    std::string epoch;
    std::map<std::uint64_t, std::string> messages;  // by seq
    std::uint64_t first() const { return messages.empty() ? 1 : messages.begin()->first; }
    std::uint64_t last() const { return messages.empty() ? 0 : messages.rbegin()->first; }
};

struct History {
    std::vector<ClientHistory> clients;
    Log log;
};

// "run-12-345" -> client 12, number 345.
struct MessageName {
    std::uint64_t client = 0;
    std::uint64_t number = 0;
};
std::optional<MessageName> parse_message_name(const std::string& message);

}  // namespace waaft::history
