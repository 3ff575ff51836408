// API keys from a file, stored as hashes; a line removed from the file is void at the next refresh().
//
// Thread: check() and has() from any, they neither wait nor read a file; refresh() from one. Ownership: values.
// File: one key a line, `name sha256:<64 hex>`, '#' comments. A key is "waaft_" + name + "_" +
// 43 characters of base64url. Errors: Error with file:line in `where`, codes keys_unreadable, keys_bad_line.
#pragma once

#include "server/base/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::auth {

class ApiKeys {
public:
    // Empty path: there are no keys.
    static Result<std::unique_ptr<ApiKeys>> open(std::string file);
    ~ApiKeys();
    // The key's name if it is valid now.
    std::optional<std::string> check(std::string_view key) const;
    // Whether a key of that name is valid now.
    bool has(std::string_view name) const;
    // Reads the file again if it has changed. While it cannot be read the keys that were known stay valid.
    Result<void> refresh();

private:
    ApiKeys();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

struct NewKey {
    std::string key;   // shown once
    std::string line;  // for the file
};
// `name`: [a-z0-9-]{1,32}.
Result<NewKey> make_api_key(std::string_view name);

}  // namespace waaft::auth
