// What lies in Redis or is told on a channel, as a stranger could have written it.
#include "server/redis/forms.h"
#include "server/redis/url.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace waaft::redis;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    if (const auto record = decode_record(bytes, 7)) {
        // One form for each record.
        if (encode_record(*record) != bytes) std::abort();
    }
    if (const auto row = decode_row(bytes)) {
        if (encode_row(*row) != bytes) std::abort();
    }
    static_cast<void>(decode_member_field("id", bytes));
    static_cast<void>(decode_committed(bytes));
    if (const auto heard = decode_heard(bytes)) {
        if (const auto* told = std::get_if<waaft::store::Told>(&*heard)) {
            if (told->records.size() > change_records_max) std::abort();
        }
        if (const auto* whisper = std::get_if<Whisper>(&*heard)) {
            if (encode_whisper(*whisper) != bytes) std::abort();
        }
    }
    if (const auto url = parse_redis_url(bytes)) {
        if (url->port == 0 || url->host.empty()) std::abort();
    }
    return 0;
}
