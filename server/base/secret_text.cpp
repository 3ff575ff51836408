#include "server/base/secret_text.h"

#include <algorithm>

namespace waaft {

Result<std::string, SecretFault> clean_secret(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    constexpr std::string_view outer = " \t\r\n";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const auto first = text.find_first_not_of(outer);
    if (first == std::string_view::npos) return SecretFault::empty;
    text = text.substr(first, text.find_last_not_of(outer) - first + 1);
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::any_of(text.begin(), text.end(), is_control)) return SecretFault::binary;
    return std::string(text);
}

std::string_view sentence_of(SecretFault fault) {
    switch (fault) {
        case SecretFault::empty: return "is empty";
        case SecretFault::binary: return "holds more than one line of text; write the secret alone, as UTF-8";
    }
    return {};
}

}  // namespace waaft
