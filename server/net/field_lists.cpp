#include "server/net/field_lists.h"

#include "server/base/text.h"

#include <algorithm>
#include <optional>

namespace waaft::net {
namespace {

// The end of what begins here, at `delimiter` outside of quotes.
std::size_t end_of(std::string_view text, char delimiter) {
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (text[at] == delimiter && !quoted) return at;
    }
    return text.size();
}

// "0", "0.0", "0.000": the only weights that refuse.
bool is_zero(std::string_view weight) {
    return weight.starts_with('0') && weight.find_first_not_of("0.") == std::string_view::npos;
}

struct Weighted {
    std::string_view value;
    bool refused = false;
};

Weighted weighted(std::string_view item) {
    Weighted out{without_outer_blanks(item.substr(0, end_of(item, ';'))), false};
    std::string_view rest = item.substr(std::min(end_of(item, ';'), item.size()));
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the semicolon
        const std::string_view parameter = without_outer_blanks(rest.substr(0, end_of(rest, ';')));
        rest.remove_prefix(end_of(rest, ';'));
        if (parameter.starts_with("q=") || parameter.starts_with("Q=")) out.refused = is_zero(parameter.substr(2));
    }
    return out;
}

// Weak comparison: only the opaque tags count.
std::string_view opaque(std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

}  // namespace

std::vector<std::string_view> field_items(const Headers& headers, std::string_view name) {
    std::vector<std::string_view> items;
    for (const auto& [key, value] : headers) {
        if (!same_in_any_case(key, name)) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::size_t end = end_of(rest, ',');
            if (const auto item = without_outer_blanks(rest.substr(0, end)); !item.empty()) items.push_back(item);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return items;
}

bool lists_token(const Headers& headers, std::string_view name, std::string_view token) {
    const auto items = field_items(headers, name);
    return std::any_of(items.begin(), items.end(),
                       [&](std::string_view item) { return same_in_any_case(item, token); });
}

bool accepts_coding(const Headers& headers, std::string_view coding) {
    std::optional<bool> all;
    for (const std::string_view item : field_items(headers, "Accept-Encoding")) {
        const Weighted one = weighted(item);
        if (same_in_any_case(one.value, coding)) return !one.refused;
        if (one.value == "*") all = !one.refused;
    }
    return all.value_or(false);
}

bool lists_media_type(const Headers& headers, std::string_view type) {
    const auto items = field_items(headers, "Accept");
    return std::any_of(items.begin(), items.end(), [&](std::string_view item) {
        const Weighted one = weighted(item);
        return same_in_any_case(one.value, type) && !one.refused;
    });
}

bool none_match_fails(const Headers& headers, std::string_view etag) {
    const auto items = field_items(headers, "If-None-Match");
    return std::any_of(items.begin(), items.end(),
                       [&](std::string_view item) { return item == "*" || opaque(item) == opaque(etag); });
}

}  // namespace waaft::net
