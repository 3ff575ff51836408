// The API keys' file: any text is read or refused with its line.
#include "server/auth/api_keys_file.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace waaft::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto keys = parse_key_lines(text, "keys");
    if (!keys.has_value()) {
        if (keys.error().code != "keys_bad_line" || !keys.error().where.starts_with("keys:")) std::abort();
        return 0;
    }
    std::string again;
    for (const KeyLine& key : *keys) {
        if (!is_key_name(key.name) || key.hash.size() != 64) std::abort();
        again += key.name + " sha256:" + key.hash + "\n";
    }
    const auto reread = parse_key_lines(again, "keys");
    if (!reread.has_value() || *reread != *keys) std::abort();
    return 0;
}
