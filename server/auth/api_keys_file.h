// The text of the API keys' file, read line by line.
//
// Thread: any, no state. Ownership: values. Errors: Error with code keys_bad_line, `where` is file:line.
#pragma once

#include "server/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::auth {

struct KeyLine {
    std::string name;
    std::string hash;  // SHA-256 of the whole key, lower-case hexadecimal
    friend bool operator==(const KeyLine&, const KeyLine&) = default;
};

bool is_key_name(std::string_view text);

// `file` is only named in errors. A name may stand on several lines: a key and its successor.
Result<std::vector<KeyLine>> parse_key_lines(std::string_view text, const std::string& file);

}  // namespace waaft::auth
