#include "server/rtc/stun.h"

#include <optional>
#include <vector>

namespace waaft::rtc {
namespace {

constexpr std::size_t header_size = 20;
constexpr std::size_t fingerprint_size = 8;
constexpr std::size_t unknown_max = 16;  // named in one answer
constexpr std::uint32_t magic_cookie = 0x2112A442;
constexpr std::uint32_t fingerprint_xor = 0x5354554E;

constexpr std::uint16_t binding_request = 0x0001;
constexpr std::uint16_t binding_success = 0x0101;
constexpr std::uint16_t binding_error = 0x0111;

constexpr std::uint16_t attribute_error_code = 0x0009;
constexpr std::uint16_t attribute_unknown_attributes = 0x000A;
constexpr std::uint16_t attribute_message_integrity = 0x0008;
constexpr std::uint16_t attribute_message_integrity_sha256 = 0x001C;
constexpr std::uint16_t attribute_xor_mapped_address = 0x0020;
constexpr std::uint16_t attribute_fingerprint = 0x8028;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ 0xEDB88320U : value >> 1U;
        table[i] = value;
    }
    return table;
}
constexpr auto crc_table = make_crc_table();

std::uint32_t crc32(Bytes bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::uint8_t byte : bytes) crc = crc_table[(crc ^ byte) & 0xFFU] ^ (crc >> 8U);
    return ~crc;
}

std::uint16_t read_u16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}
std::uint32_t read_u32(Bytes bytes, std::size_t at) {
    return std::uint32_t{read_u16(bytes, at)} << 16U | read_u16(bytes, at + 2);
}
void put_u16(std::string& out, std::size_t value) {
    out.push_back(static_cast<char>(value >> 8U & 0xFFU));
    out.push_back(static_cast<char>(value & 0xFFU));
}
void put_u32(std::string& out, std::uint32_t value) {
    put_u16(out, value >> 16U);
    put_u16(out, value & 0xFFFFU);
}
void put_header(std::string& out, std::uint16_t type, Bytes transaction) {
    put_u16(out, type);
    put_u16(out, 0);
    put_u32(out, magic_cookie);
    out.append(transaction.begin(), transaction.end());
}
void set_length(std::string& message, std::size_t length) {
    message[2] = static_cast<char>(length >> 8U & 0xFFU);
    message[3] = static_cast<char>(length & 0xFFU);
}

// What the answer depends on.
struct Request {
    Bytes transaction;
    std::vector<std::uint16_t> unknown;
    bool fingerprint = false;
};

// Comprehension-required attributes that RFC 8489 itself defines. This server asks for no
// credentials, so that those of an authenticated request are understood and not needed.
bool is_understood(std::uint16_t type) {
    switch (type) {
        case 0x0001:  // MAPPED-ADDRESS
        case 0x0006:  // USERNAME
        case attribute_message_integrity:
        case attribute_error_code:
        case attribute_unknown_attributes:
        case 0x0014:  // REALM
        case 0x0015:  // NONCE
        case attribute_message_integrity_sha256:
        case 0x001D:  // PASSWORD-ALGORITHM
        case 0x001E:  // USERHASH
        case attribute_xor_mapped_address: return true;
        default: return type >= 0x8000;
    }
}

std::optional<StunDrop> check_header(Bytes datagram) {
    if (datagram.size() < header_size) return StunDrop::too_short;
    // RFC 3489 clients send no cookie; they are older than every browser with WebRTC.
    if ((datagram[0] & 0xC0U) != 0 || read_u32(datagram, 4) != magic_cookie) return StunDrop::not_stun;
    const std::size_t length = read_u16(datagram, 2);
    if (length % 4 != 0 || length + header_size != datagram.size()) return StunDrop::bad_length;
    if (read_u16(datagram, 0) != binding_request) return StunDrop::not_a_binding_request;
    return std::nullopt;
}

std::optional<StunDrop> check_fingerprint(Bytes datagram, std::size_t at, std::size_t length) {
    if (length != 4 || at + fingerprint_size != datagram.size()) return StunDrop::bad_attribute;
    const std::uint32_t expected = crc32(datagram.first(at)) ^ fingerprint_xor;
    return read_u32(datagram, at + 4) == expected ? std::nullopt : std::optional{StunDrop::bad_fingerprint};
}

Result<Request, StunDrop> parse(Bytes datagram) {
    if (const auto drop = check_header(datagram)) return *drop;
    Request request;
    request.transaction = datagram.subspan(8, 12);
    bool after_integrity = false;
    // The header said that the size is a multiple of 4, so that 4 bytes are left at each turn.
    for (std::size_t at = header_size; at < datagram.size();) {
        const std::uint16_t type = read_u16(datagram, at);
        const std::size_t length = read_u16(datagram, at + 2);
        const std::size_t padded = (length + 3) / 4 * 4;
        if (padded > datagram.size() - at - 4) return StunDrop::bad_attribute;
        if (type == attribute_fingerprint) {
            if (const auto drop = check_fingerprint(datagram, at, length)) return *drop;
            request.fingerprint = true;
        } else if (type == attribute_message_integrity || type == attribute_message_integrity_sha256) {
            after_integrity = true;
        } else if (!after_integrity && !is_understood(type) && request.unknown.size() < unknown_max) {
            request.unknown.push_back(type);
        }
        at += 4 + padded;
    }
    return request;
}

void put_mapped_address(std::string& out, const SocketAddress& from) {
    const std::size_t size = from.v6 ? 16 : 4;
    put_u16(out, attribute_xor_mapped_address);
    put_u16(out, 4 + size);
    put_u16(out, from.v6 ? 2 : 1);
    put_u16(out, from.port ^ (magic_cookie >> 16U));
    // The key is the cookie and the transaction, which stand in the header from byte 4 on.
    for (std::size_t i = 0; i < size; ++i) {
        out.push_back(static_cast<char>(from.ip[i] ^ static_cast<std::uint8_t>(out[4 + i])));
    }
}

void put_unknown_attributes(std::string& out, const std::vector<std::uint16_t>& unknown) {
    static constexpr std::string_view reason = "Unknown Attribute";
    put_u16(out, attribute_error_code);
    put_u16(out, 4 + reason.size());
    put_u32(out, 4U << 8U | 20U);
    out += reason;
    out.append((4 - reason.size() % 4) % 4, '\0');
    put_u16(out, attribute_unknown_attributes);
    put_u16(out, unknown.size() * 2);
    for (const std::uint16_t type : unknown) put_u16(out, type);
    if (unknown.size() % 2 != 0) put_u16(out, 0);
}

void put_fingerprint(std::string& out) {
    set_length(out, out.size() - header_size + fingerprint_size);
    const std::uint32_t crc = crc32(as_bytes(out)) ^ fingerprint_xor;
    put_u16(out, attribute_fingerprint);
    put_u16(out, 4);
    put_u32(out, crc);
}

}  // namespace

std::string_view to_string(StunDrop drop) {
    switch (drop) {
        case StunDrop::too_short: return "too_short";
        case StunDrop::not_stun: return "not_stun";
        case StunDrop::bad_length: return "bad_length";
        case StunDrop::not_a_binding_request: return "not_a_binding_request";
        case StunDrop::bad_fingerprint: return "bad_fingerprint";
        case StunDrop::bad_attribute: return "bad_attribute";
    }
    return "unknown";
}

Result<std::string, StunDrop> answer_binding(Bytes datagram, const SocketAddress& from) {
    const auto request = parse(datagram);
    if (!request) return request.error();
    std::string out;
    out.reserve(128);
    put_header(out, request->unknown.empty() ? binding_success : binding_error, request->transaction);
    if (request->unknown.empty()) {
        put_mapped_address(out, from);
    } else {
        put_unknown_attributes(out, request->unknown);
    }
    set_length(out, out.size() - header_size);
    if (request->fingerprint) put_fingerprint(out);
    return out;
}

std::string make_binding_request(const std::array<std::uint8_t, 12>& transaction) {
    std::string out;
    put_header(out, binding_request, transaction);
    return out;
}

}  // namespace waaft::rtc
