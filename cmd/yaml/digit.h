// What is a digit in YAML, whatever the locale says.
//
// Thread: any. Ownership: values. Errors: none.
#pragma once

namespace waaft::yaml {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace waaft::yaml
