// Whatever lies in Redis or is told by a stranger, reading it answers; what is understood is written and read as the
// same.
#include "server/cluster/room_codec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace waaft;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)cluster::is_newer(text);
    if (const auto member = cluster::decode_member("ann0000000000000", text)) {
        const auto again = cluster::decode_member("ann0000000000000", cluster::encode_member(*member));
        require(again && *again == *member);
    }
    if (const auto word = cluster::decode_word(text)) {
        const std::string written = cluster::encode_word(*word);
        const auto again = cluster::decode_word(written);
        require(again && cluster::encode_word(*again) == written);
    }
    store::Told told;
    told.message = text;
    for (const std::size_t records : {0, 1, 2}) {
        told.records.resize(records, {7, false});
        (void)cluster::decode_change(told);
    }
    return 0;
}
