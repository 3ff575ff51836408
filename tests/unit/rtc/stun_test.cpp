#include "server/rtc/stun.h"
#include "tests/support/catch.h"

#include <cstring>

using namespace waaft;
using namespace waaft::rtc;

namespace {

// RFC 5769's transaction id, and the address and port of its sample responses.
const std::string rfc_transaction = *from_hex("b7e7a701bc34d686fa87dfae");
const std::string transaction = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";

SocketAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
    SocketAddress address;
    address.ip = {a, b, c, d};
    address.port = port;
    return address;
}
SocketAddress v6(const std::string& hex, std::uint16_t port) {
    SocketAddress address;
    const std::string bytes = *from_hex(hex);
    std::memcpy(address.ip.data(), bytes.data(), address.ip.size());
    address.v6 = true;
    address.port = port;
    return address;
}

std::string u16(std::size_t value) {
    return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}

std::string attribute(std::uint16_t type, const std::string& value) {
    return u16(type) + u16(value.size()) + value + std::string((4 - value.size() % 4) % 4, '\0');
}
std::string message(std::uint16_t type, const std::string& attributes, const std::string& id = transaction) {
    return u16(type) + u16(attributes.size()) + "\x21\x12\xa4\x42" + id + attributes;
}

// Bit by bit, unlike the code under test.
std::uint32_t slow_crc32(const std::string& bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char c : bytes) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}
std::string with_fingerprint(std::string text) {
    text.replace(2, 2, u16(text.size() - 20 + 8));
    const std::uint32_t crc = slow_crc32(text) ^ 0x5354554EU;
    return text + u16(0x8028) + u16(4) + u16(crc >> 16U) + u16(crc & 0xFFFFU);
}

Result<std::string, StunDrop> answer(const std::string& datagram, const SocketAddress& from) {
    return answer_binding(as_bytes(datagram), from);
}

}  // namespace

// The XOR-MAPPED-ADDRESS attributes of RFC 5769 sections 2.2 and 2.3.
TEST_CASE("the address of RFC 5769's responses") {
    const auto ipv4 = answer(message(1, "", rfc_transaction), v4(192, 0, 2, 1, 32853));
    REQUIRE(ipv4.has_value());
    CHECK(to_hex(as_bytes(*ipv4)) ==
          "0101000c2112a442b7e7a701bc34d686fa87dfae"
          "002000080001a147e112a643");
    const auto ipv6 = answer(message(1, "", rfc_transaction), v6("20010db8123456780011223344556677", 32853));
    REQUIRE(ipv6.has_value());
    CHECK(to_hex(as_bytes(*ipv6)) ==
          "010100182112a442b7e7a701bc34d686fa87dfae"
          "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
}

// RFC 5769 section 2.1, byte for byte: its fingerprint is right, and its PRIORITY is an attribute of
// ICE, which this server does not speak.
TEST_CASE("RFC 5769's request is understood up to its ICE attributes") {
    const std::string request = *from_hex(
        "000100582112a442b7e7a701bc34d686fa87dfae"
        "802200105354554e207465737420636c69656e74"
        "002400046e0001ff"
        "80290008932ff9b151263b36"
        "000600096576746a3a68367659202020"
        "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
        "80280004e57a3bcf");
    const auto refused = answer(request, v4(192, 0, 2, 1, 32853));
    REQUIRE(refused.has_value());
    CHECK(to_hex(as_bytes(*refused).subspan(0, 2)) == "0111");
    CHECK(to_hex(as_bytes(refused->substr(refused->size() - 16, 8))) == "000a000200240000");
    std::string damaged = request;
    damaged[30] = 'x';
    CHECK(answer(damaged, v4(192, 0, 2, 1, 32853)).error() == StunDrop::bad_fingerprint);
}

TEST_CASE("a fingerprint is answered with one, and must be right") {
    const std::string request = with_fingerprint(message(1, ""));
    const auto good = answer(request, v4(1, 2, 3, 4, 5));
    REQUIRE(good.has_value());
    CHECK(*good == with_fingerprint(*answer(message(1, ""), v4(1, 2, 3, 4, 5))));
    for (std::size_t i = 8; i < request.size(); ++i) {
        std::string bad = request;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        const auto refused = answer(bad, v4(1, 2, 3, 4, 5));
        INFO("byte " << i);
        // A change of the attribute's own header makes another attribute of it.
        if (i < 20 || i >= 24) CHECK((refused.has_error() && refused.error() == StunDrop::bad_fingerprint));
    }
}

TEST_CASE("unknown attributes") {
    const auto from = v4(1, 2, 3, 4, 5);
    const auto two =
        answer(message(1, attribute(0x8000, "x") + attribute(0x0003, "abcd") + attribute(0x7FFF, "")), from);
    REQUIRE(two.has_value());
    CHECK(to_hex(as_bytes(*two)) == "011100242112a442" + to_hex(as_bytes(transaction)) + "0009001500000414" +
                                        to_hex(as_bytes(std::string_view("Unknown Attribute"))) +
                                        "000000"
                                        "000a000400037fff");
    // What RFC 8489 has for authentication is understood, and after MESSAGE-INTEGRITY nothing counts.
    const std::string understood = attribute(0x0006, "user") + attribute(0x0014, "realm") + attribute(0x0015, "nonce") +
                                   attribute(0x8022, "software") + attribute(0x0008, std::string(20, 'm')) +
                                   attribute(0x0003, "abcd");
    CHECK(to_hex(as_bytes(*answer(message(1, understood), from)).subspan(0, 2)) == "0101");
}

TEST_CASE("what gets no answer") {
    const std::string good = message(1, attribute(0x8022, "abc"));
    std::string no_cookie = good;
    no_cookie[4] = 0;
    const struct {
        const char* name;
        std::string datagram;
        StunDrop drop;
    } cases[] = {
        {"empty", "", StunDrop::too_short},
        {"19 bytes", good.substr(0, 19), StunDrop::too_short},
        {"RFC 3489, no cookie", no_cookie, StunDrop::not_stun},
        {"DTLS", "\x16\xfe\xff" + std::string(30, 'd'), StunDrop::not_stun},
        {"RTP", "\x80" + good.substr(1), StunDrop::not_stun},
        {"cut off", good.substr(0, good.size() - 4), StunDrop::bad_length},
        {"more than it says", good + "1234", StunDrop::bad_length},
        {"not a multiple of 4", u16(1) + u16(2) + good.substr(4, 16) + "ab", StunDrop::bad_length},
        {"a response", message(0x0101, ""), StunDrop::not_a_binding_request},
        {"an error", message(0x0111, ""), StunDrop::not_a_binding_request},
        {"an indication", message(0x0011, ""), StunDrop::not_a_binding_request},
        {"TURN Allocate", message(0x0003, ""), StunDrop::not_a_binding_request},
        {"attribute beyond the end", message(1, u16(0x8022) + u16(5) + "abcd"), StunDrop::bad_attribute},
        {"attribute of 65535", message(1, u16(0x8022) + u16(65535) + "abcd"), StunDrop::bad_attribute},
        {"fingerprint too long", message(1, attribute(0x8028, "12345678")), StunDrop::bad_attribute},
        {"fingerprint not last", message(1, attribute(0x8028, "1234") + attribute(0x8022, "a")),
         StunDrop::bad_attribute},
        {"fingerprint of nothing", message(1, attribute(0x8028, "1234")), StunDrop::bad_fingerprint},
    };
    for (const auto& test : cases) {
        INFO(test.name);
        const auto refused = answer(test.datagram, v4(1, 2, 3, 4, 5));
        REQUIRE(refused.has_error());
        CHECK(to_string(refused.error()) == to_string(test.drop));
    }
    CHECK(answer(good, v4(1, 2, 3, 4, 5)).has_value());
}

// Nobody gains by sending us requests with somebody else's address.
TEST_CASE("an answer is never more than three times its request") {
    const auto from = v6("20010db8123456780011223344556677", 1);
    std::string attributes;
    for (std::uint16_t count = 0; count < 300; ++count) {
        for (const std::string& request : {message(1, attributes), with_fingerprint(message(1, attributes))}) {
            const auto sent = answer(request, from);
            REQUIRE(sent.has_value());
            if (sent->size() > 3 * request.size()) FAIL(count << " attributes");
            if (sent->size() > 128) FAIL(count << " attributes give " << sent->size() << " bytes");
        }
        attributes += attribute(static_cast<std::uint16_t>(0x4000 + count), "");
    }
}

TEST_CASE("our own request is answered") {
    std::array<std::uint8_t, 12> id{};
    id[0] = 7;
    const std::string request = make_binding_request(id);
    CHECK(request.size() == 20);
    const auto sent = answer(request, v4(127, 0, 0, 1, 4000));
    REQUIRE(sent.has_value());
    CHECK(sent->substr(8, 12) == request.substr(8, 12));
}
