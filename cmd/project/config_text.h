// Which files are the configuration, and their bytes.
//
// Thread: main. Ownership: values. Units: bytes. Errors: config_unreadable, with the path;
// usage_environment.
#pragma once

#include "cmd/command.h"
#include "server/base/result.h"

#include <optional>
#include <string>

namespace waaft::project {

inline constexpr std::size_t config_file_bytes_max = 1024 * 1024;

// --config, else $WAAFT_CONFIG, else waaft.yaml if there is one.
std::optional<std::string> find_config(const std::optional<std::string>& flag, const cmd::Environment& environment);
// "sub/waaft.yaml" and "staging": "sub/waaft.staging.yaml".
std::string overlay_of(const std::string& file, const std::string& environment);

struct ConfigFiles {
    std::optional<std::string> base;     // as of find_config()
    std::optional<std::string> overlay;  // merged over it; whether it is there is not looked at
};
// `overlay` is the name that -e gave.
Result<ConfigFiles> config_files(const std::optional<std::string>& flag, const std::optional<std::string>& overlay,
                                 const cmd::Environment& environment);

// At most one byte more than is allowed, so that the reader says that it is too large.
Result<std::string> read_config(const std::string& path);

// WAAFT_* variables that are near the name of a setting or field, as sentences. Not errors: Kubernetes
// puts variables such as WAAFT_PORT into pods beside a Service of that name.
std::vector<std::string> misspelt_variables(const cmd::Environment& environment);

}  // namespace waaft::project
