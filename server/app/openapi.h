// The description of /api/v1 (openapi.json beside this file), embedded at build time.
//
// Thread: any; constant data. Source: OpenAPI 3.1.
#pragma once

#include <string_view>

namespace waaft::app {

std::string_view openapi_json();

}  // namespace waaft::app
