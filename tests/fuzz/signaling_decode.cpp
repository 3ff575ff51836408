// Whatever the bytes, decode() answers; what it accepts is written and read again as the same message.
#include "server/signaling/codec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

constexpr std::uint32_t text_bytes_max = 4096;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace waaft::signaling;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto message = decode(text, text_bytes_max)) {
        const std::string written = encode(*message);
        const auto again = decode(written, text_bytes_max);
        require(again.has_value());
        require(again->index() == message->index());
        require(encode(*again) == written);
    }
    if (const auto message = decode_server(text)) {
        const std::string written = encode(*message);
        const auto again = decode_server(written);
        require(again.has_value());
        require(encode(*again) == written);
    }
    return 0;
}
