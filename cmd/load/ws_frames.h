// WebSocket framing as a client speaks it: masked frames out, a server's frames in.
//
// Thread: any, no state. Ownership: views into the caller's bytes. Units: bytes.
// Errors: FrameRead::bad. Source: RFC 6455 sections 5.2 and 5.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::load {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask);

struct Frame {
    Opcode opcode = Opcode::text;
    bool fin = true;
    std::string_view payload;
};

enum class FrameRead : std::uint8_t { whole, partial, bad };

// The frame at the begin of `bytes`; `size` is what to skip after it. A payload beyond `payload_max`,
// a masked frame or reserved bits are bad.
FrameRead read_server_frame(std::string_view bytes, std::size_t payload_max, Frame& frame, std::size_t& size);

}  // namespace waaft::load
