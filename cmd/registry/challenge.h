// What a registry asks for with a 401: the WWW-Authenticate header.
//
// Thread: any. Ownership: values. Units: none. Errors: what cannot be read is left out. Bounds: 8
// challenges of 16 parameters, 8 KiB. Source: RFC 9110 section 11.6.1;
// https://distribution.github.io/distribution/spec/auth/token/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::registry {

struct Challenge {
    std::string scheme;                             // lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;  // names in lower case

    std::string parameter(const std::string& name) const {
        const auto found = parameters.find(name);
        return found == parameters.end() ? "" : found->second;
    }
    friend bool operator==(const Challenge&, const Challenge&) = default;
};

std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace waaft::registry
