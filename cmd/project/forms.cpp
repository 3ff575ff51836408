#include "cmd/project/forms.h"

#include "server/app/setting_values.h"

#include <algorithm>
#include <array>
#include <string>

namespace waaft::project {
namespace {

using std::string_view;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool all(string_view text, bool (*good)(char)) { return std::all_of(text.begin(), text.end(), good); }

// Every part between separators, "" included.
template <class Good>
bool each_part(string_view text, char separator, Good good) {
    while (true) {
        const auto end = text.find(separator);
        if (!good(text.substr(0, end))) return false;
        if (end == string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

bool is_label(string_view text) {
    return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
           all(text, [](char c) { return is_digit(c) || is_lower(c) || c == '-'; });
}

bool is_name(string_view text) { return text.size() <= 253 && each_part(text, '.', is_label); }

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_repository_part(string_view text) {
    const auto word = [](char c) { return is_digit(c) || is_lower(c); };
    while (true) {
        const auto end = std::min(
            static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), word) - text.begin()), text.size());
        if (end == 0) return false;
        text.remove_prefix(end);
        if (text.empty()) return true;
        const auto separator = text.substr(0, std::min(text.find_first_not_of("._-"), text.size()));
        const bool hyphens = separator.find_first_not_of('-') == string_view::npos;
        if (separator.empty() || !(separator == "." || separator == "_" || separator == "__" || hyphens)) return false;
        text.remove_prefix(separator.size());
    }
}

// As Docker tells a host from the first folder: it has a dot or a port, or is localhost.
bool is_host(string_view text) {
    const auto colon = text.rfind(':');
    const auto port = colon == string_view::npos ? string_view() : text.substr(colon + 1);
    const auto number = app::parse_integer(port);
    if (colon != string_view::npos && (!number || *number < 1 || *number > 65535)) return false;
    return app::has_form(app::Form::host, text.substr(0, colon));
}

bool is_repository(string_view text) {
    const auto slash = text.find('/');
    const auto first = text.substr(0, slash);
    if (slash != string_view::npos && (first.find_first_of(".:") != string_view::npos || first == "localhost")) {
        if (!is_host(first)) return false;
        text.remove_prefix(slash + 1);
    }
    return text.size() <= 255 && each_part(text, '/', is_repository_part);
}

bool is_tag(string_view text) {
    return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
           all(text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_platform(string_view text) {
    const auto slashes = std::count(text.begin(), text.end(), '/');
    return (slashes == 1 || slashes == 2) && each_part(text, '/', [](string_view part) {
               return !part.empty() && all(part, [](char c) { return is_digit(c) || is_lower(c) || c == '_'; });
           });
}

bool is_any(string_view text) { return app::has_form(app::Form::any, text) && !text.starts_with('-'); }

// Digits, and a point followed by at most three; in thousandths. What is left of `text` is the unit.
std::optional<std::int64_t> take_thousandths(string_view& text) {
    constexpr std::int64_t whole_max = 1'000'000'000'000;
    const auto digits = [&text](std::size_t most) {
        std::size_t count = 0;
        for (; count < text.size() && count < most && is_digit(text[count]); ++count) {
        }
        const auto taken = text.substr(0, count);
        text.remove_prefix(count);
        return taken;
    };
    const auto whole = app::parse_integer(digits(20));
    if (!whole || *whole > whole_max) return std::nullopt;
    std::string fraction;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        fraction = digits(3);
        if (fraction.empty()) return std::nullopt;
    }
    fraction.resize(3, '0');
    return *whole * 1000 + app::parse_integer(fraction).value_or(0);
}

}  // namespace

std::optional<std::int64_t> parse_cpu(string_view text) {
    const auto thousandths = take_thousandths(text);
    if (!thousandths || *thousandths == 0) return std::nullopt;
    if (text == "m") return *thousandths % 1000 == 0 ? std::optional(*thousandths / 1000) : std::nullopt;
    return text.empty() ? thousandths : std::nullopt;
}

std::optional<std::int64_t> parse_memory(string_view text) {
    struct Unit {
        string_view suffix;
        double bytes;
    };
    static constexpr std::array<Unit, 9> units{{{"", 1},
                                                {"k", 1e3},
                                                {"M", 1e6},
                                                {"G", 1e9},
                                                {"T", 1e12},
                                                {"Ki", 1024.0},
                                                {"Mi", 1048576.0},
                                                {"Gi", 1073741824.0},
                                                {"Ti", 1099511627776.0}}};
    const auto thousandths = take_thousandths(text);
    const auto* const unit =
        std::find_if(units.begin(), units.end(), [&](const Unit& each) { return each.suffix == text; });
    if (!thousandths || unit == units.end()) return std::nullopt;
    const double bytes = static_cast<double>(*thousandths) / 1000 * unit->bytes;
    constexpr double most = 1e18;
    return bytes >= 1 && bytes <= most ? std::optional(static_cast<std::int64_t>(bytes)) : std::nullopt;
}

bool is_variable_name(string_view text) {
    return !text.empty() && text.size() <= 255 && !is_digit(text.front()) &&
           all(text, [](char c) { return is_alnum(c) || c == '_'; });
}

bool is_secret_key(string_view text) {
    const auto slash = text.find('/');
    if (slash == string_view::npos) return false;
    const auto key = text.substr(slash + 1);
    return is_name(text.substr(0, slash)) && !key.empty() && key.size() <= 253 && key != "." &&
           !key.starts_with("..") && all(key, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool has_form(Form form, string_view text) {
    switch (form) {
        case Form::any: return is_any(text);
        case Form::label: return is_label(text);
        case Form::name: return is_name(text);
        case Form::repository: return is_repository(text);
        case Form::tag: return is_tag(text);
        case Form::platform: return is_platform(text);
        case Form::cpu: return parse_cpu(text).has_value();
        case Form::memory: return parse_memory(text).has_value();
        case Form::address: return app::has_form(app::Form::ip_address, text);
    }
    return false;
}

string_view describe(Form form) {
    switch (form) {
        case Form::any: return "text without control characters that does not begin with a hyphen";
        case Form::label: return "a DNS label: lower-case letters, digits and hyphens, at most 63";
        case Form::name: return "a DNS name in lower case, such as live.example.org";
        case Form::repository:
            return "a repository such as org/waaft or registry.example.org:5000/org/waaft, without a tag";
        case Form::tag: return "a tag: letters, digits, dots, hyphens and underscores, at most 128";
        case Form::platform: return "a platform such as linux/amd64 or linux/arm64";
        case Form::cpu: return "an amount of CPU such as 500m, 2 or 0.5";
        case Form::memory: return "an amount of memory such as 256Mi or 1Gi";
        case Form::address: return "an IP address such as 203.0.113.10 or 2001:db8::1";
    }
    return "text";
}

}  // namespace waaft::project
