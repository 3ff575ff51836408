#include "cmd/load/ws_frames.h"

#include <array>

namespace waaft::load {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;

std::uint8_t byte_at(std::string_view bytes, std::size_t index) { return static_cast<std::uint8_t>(bytes[index]); }

}  // namespace

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask) {
    out.push_back(static_cast<char>(fin_bit | static_cast<std::uint8_t>(opcode)));
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(mask_bit | payload.size()));
    } else {
        const bool wide = payload.size() > 0xffff;
        out.push_back(static_cast<char>(mask_bit | (wide ? 127 : 126)));
        for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) {
            out.push_back(static_cast<char>(std::uint64_t{payload.size()} >> shift & 0xff));
        }
    }
    std::array<char, 4> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(mask >> (8 * i) & 0xff);
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
}

FrameRead read_server_frame(std::string_view bytes, std::size_t payload_max, Frame& frame, std::size_t& size) {
    if (bytes.size() < 2) return FrameRead::partial;
    const std::uint8_t first = byte_at(bytes, 0);
    const std::uint8_t second = byte_at(bytes, 1);
    if ((first & reserved_bits) != 0 || (second & mask_bit) != 0) return FrameRead::bad;
    std::size_t header = 2;
    std::uint64_t length = second;
    if (length >= 126) {
        header = length == 126 ? 4 : 10;
        if (bytes.size() < header) return FrameRead::partial;
        length = 0;
        for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte_at(bytes, i);
    }
    if (length > payload_max) return FrameRead::bad;
    if (bytes.size() - header < length) return FrameRead::partial;
    frame.opcode = static_cast<Opcode>(first & 0x0f);
    frame.fin = (first & fin_bit) != 0;
    frame.payload = bytes.substr(header, length);
    size = header + length;
    return FrameRead::whole;
}

}  // namespace waaft::load
