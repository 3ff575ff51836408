// Why text from elsewhere cannot be used: one sentence, which the caller puts into an Error.
//
// Thread: any. Ownership: a value. Errors: this is one.
#pragma once

#include <string>

namespace waaft::registry {

struct Malformed {
    std::string what;
};

}  // namespace waaft::registry
