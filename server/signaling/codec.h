// JSON of the wire messages: decode what clients send, encode what the server says.
//
// Thread: any, no state. Ownership: values. Errors: DecodeError, never an exception, whatever the
// bytes. Limits: nesting 8, text and name sizes as in PROTOCOL.md. Source: PROTOCOL.md.
#pragma once

#include "server/base/result.h"
#include "server/signaling/messages.h"

#include <stdexcept>
#include <string>
#include <string_view>

namespace waaft::signaling {

struct DecodeError {
    ErrorCode code = ErrorCode::bad_message;
    std::string detail;  // which field, what was expected
    std::string re;      // the nonce or "t", if it could be read
};

[[noreturn]] inline void throw_exception_from_error(const DecodeError& error, const boost::source_location&) {
    throw std::runtime_error(error.detail);
}

// `text_bytes_max` is the longest chat text.
Result<ClientMessage, DecodeError> decode(std::string_view json, std::uint32_t text_bytes_max);

// What a server says; used by the load generator, the probe and tests. Types are checked, sizes are not.
Result<ServerMessage, DecodeError> decode_server(std::string_view json);

std::string encode(const ServerMessage& message);

// What a client says; used by the load generator, the probe and tests.
std::string encode(const ClientMessage& message);

// For REST answers, in the same form as on the WebSocket.
std::string encode_records(const std::vector<Record>& items);
std::string encode_ice(const Ice& ice);

}  // namespace waaft::signaling
