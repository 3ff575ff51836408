#include "cmd/registry/token_cache.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace waaft::registry {
namespace {

constexpr std::size_t token_max = 64 * 1024;
constexpr std::int64_t lifetime_max = 86'400;

// A token goes into a header as it is.
bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<Token, Malformed> parse_token(std::string_view body) {
    boost::system::error_code error;
    const auto value = boost::json::parse(body, error);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr) return Malformed{"the token service's answer is not a JSON object"};
    Token result;
    for (const char* name : {"token", "access_token"})
        if (const auto* text = object->if_contains(name); text != nullptr && text->is_string() && result.value.empty())
            result.value = std::string(text->get_string());
    if (result.value.empty()) return Malformed{"the token service's answer has no token"};
    if (result.value.size() > token_max || !is_printable(result.value))
        return Malformed{"the token service's answer has a token that cannot be sent"};
    if (const auto* seconds = object->if_contains("expires_in"); seconds != nullptr && seconds->is_number()) {
        const auto number = seconds->to_number<std::int64_t>(error);
        if (!error) result.lifetime = std::chrono::seconds(std::clamp<std::int64_t>(number, 0, lifetime_max));
    }
    return result;
}

void TokenCache::put(const std::string& scope, Token token, TimePoint now) {
    if (entries_.size() >= entries_max && !entries_.contains(scope)) entries_.erase(entries_.begin());
    const Duration margin = std::min<Duration>(token.lifetime / 4, std::chrono::seconds(15));
    entries_[scope] = {std::move(token.value), now + token.lifetime - margin};
}

std::optional<std::string> TokenCache::get(const std::string& scope, TimePoint now) const {
    const auto found = entries_.find(scope);
    if (found == entries_.end() || now >= found->second.renew_at) return std::nullopt;
    return found->second.value;
}

void TokenCache::forget(const std::string& scope, const std::string& value) {
    const auto found = entries_.find(scope);
    if (found != entries_.end() && found->second.value == value) entries_.erase(found);
}

}  // namespace waaft::registry
