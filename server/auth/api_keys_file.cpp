#include "server/auth/api_keys_file.h"

#include <algorithm>

namespace waaft::auth {
namespace {

constexpr std::size_t name_size_max = 32;
constexpr std::size_t hash_size = 64;
constexpr std::string_view blank = " \t\r";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

bool is_hash(std::string_view text) {
    return text.size() == hash_size && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Error bad_line(const std::string& file, std::size_t number, std::string what) {
    return {"keys_bad_line", std::move(what), file + ":" + std::to_string(number),
            "A line is `name sha256:<64 hexadecimal digits>`; `waaft keys new NAME` writes one."};
}

}  // namespace

bool is_key_name(std::string_view text) {
    return !text.empty() && text.size() <= name_size_max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<std::vector<KeyLine>> parse_key_lines(std::string_view text, const std::string& file) {
    static constexpr std::string_view scheme = "sha256:";
    std::vector<KeyLine> keys;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, text.substr(0, end).find('#')).substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const std::size_t space = std::min(line.find_first_of(blank), line.size());
        const std::string_view name = line.substr(0, space);
        std::string_view hash = trimmed(line.substr(space));
        if (!is_key_name(name)) return bad_line(file, number, "The key's name must be 1 to 32 of a-z, 0-9 and '-'.");
        if (!hash.starts_with(scheme))
            return bad_line(file, number, "After the key's name comes sha256: and its hash.");
        hash.remove_prefix(scheme.size());
        if (!is_hash(hash)) return bad_line(file, number, "The key's hash must be 64 lower-case hexadecimal digits.");
        keys.push_back({std::string(name), std::string(hash)});
    }
    return keys;
}

}  // namespace waaft::auth
