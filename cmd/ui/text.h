// Foreign text made fit for a terminal and for JSON.
//
// Thread: any. Ownership: values. Units: columns are code points. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace waaft::cmd {

// Without escape sequences and control characters (a tab becomes a blank); what is no UTF-8 becomes '?'.
std::string clean_line(std::string_view text);

// At most `columns` code points; what is cut off ends in "...". Of UTF-8 only.
std::string fit(std::string_view text, std::size_t columns);

}  // namespace waaft::cmd
