// A Report for people: 80 columns, the verdict first, then the pods, then what is wrong and what to do.
//
// Thread: any, no state. Ownership: values. Units: shown ones: people, Mbps (10^6 bit/s), cores, MB (10^6 bytes).
// Errors: none. Foreign texts are cleaned. Source: https://no-color.org.
#pragma once

#include "cmd/status/report.h"

#include <string>
#include <string_view>

namespace waaft::status {

inline constexpr std::size_t columns = 80;

std::string text_of(const Report& report, bool color);

// "45s", "12m", "3h", "5d"
std::string short_age(std::int64_t seconds);
// At most `width` columns, broken at blanks, each further line behind `indent`.
std::string wrapped(std::string_view text, std::size_t width, std::string_view indent);

}  // namespace waaft::status
