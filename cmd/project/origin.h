// Where a value of the configuration came from, for `waaft config show` and for errors.
//
// Thread: any. Ownership: values. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::project {

struct Origin {
    enum class From : std::uint8_t { initial, file, overlay, environment, flag };
    From from = From::initial;
    std::string place;  // "waaft.yaml:3", "WAAFT_LISTEN_PORT", "--port"; empty for a default
};
// "default", "waaft.yaml:3", "env WAAFT_LISTEN_PORT", "flag --port".
std::string describe(const Origin& origin);
// "default", "file", "overlay" (waaft.staging.yaml, by -e), "environment", "flag".
std::string_view to_string(Origin::From from);

}  // namespace waaft::project
