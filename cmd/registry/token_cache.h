// The tokens that a token service gave, by what they allow, for as long as they are good.
//
// Thread: one at a time (whoever shares it locks). Ownership: values; tokens are secrets and are never
// printed. Units: `now` is steady time. Errors: an answer without a token is told in a sentence.
// Source: https://distribution.github.io/distribution/spec/auth/token/ (expires_in is 60 s unless told).
#pragma once

#include "cmd/registry/malformed.h"
#include "server/base/result.h"
#include "server/base/time.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::registry {

struct Token {
    std::string value;
    Duration lifetime = std::chrono::seconds(60);
};

Result<Token, Malformed> parse_token(std::string_view body);

class TokenCache {
public:
    static constexpr std::size_t entries_max = 64;

    void put(const std::string& scope, Token token, TimePoint now);
    // None once less than a quarter of its life, or 15 s, is left: a request takes time too.
    std::optional<std::string> get(const std::string& scope, TimePoint now) const;
    // A registry refused it; `value` so that a newer one, which another thread brought, is kept.
    void forget(const std::string& scope, const std::string& value);

private:
    struct Entry {
        std::string value;
        TimePoint renew_at;
    };
    std::map<std::string, Entry> entries_;
};

}  // namespace waaft::registry
