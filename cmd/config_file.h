// Reads the section `serve:` of waaft.yaml, with the position of everything it finds wrong.
//
// Thread: any, no state. Ownership: values. Units: lines and columns count from 1.
// Errors: config_unreadable, config_too_large, config_syntax, config_type, config_unknown_key,
// config_duplicate_key, config_value; never an exception, whatever the bytes. At most errors_max are returned.
// Limits: 1 MiB, nesting 16, no aliases. Source: YAML 1.2.
#pragma once

#include "cmd/command.h"
#include "server/app/settings.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::cmd {

inline constexpr std::size_t config_file_bytes_max = 1024 * 1024;
inline constexpr std::size_t errors_max = 20;

struct FileValue {
    const app::Setting* setting = nullptr;
    std::vector<std::string> items;  // of a list; otherwise one
    std::string where;               // "waaft.yaml:3:9"
    int line = 0;
};
struct ParsedFile {
    std::vector<FileValue> values;
    Errors errors;
};

// `name` stands in the errors' places.
ParsedFile parse_config(std::string_view text, const std::string& name);
Result<std::string> read_config(const std::string& path);

}  // namespace waaft::cmd
