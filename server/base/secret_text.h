// What a file, variable or program says as a secret, made ready: a byte order mark, blanks around it and line ends
// after it are an editor's, not the secret's.
//
// Thread: any. Ownership: values. Units: bytes. Errors: SecretFault; what is refused never appears in a message.
#pragma once

#include "server/base/result.h"

#include <string>
#include <string_view>

namespace waaft {

enum class SecretFault {
    empty,
    binary,  // control characters or several lines: another file, or another encoding, such as UTF-16
};

Result<std::string, SecretFault> clean_secret(std::string_view text);

// For a person: "is empty", "holds ...".
std::string_view sentence_of(SecretFault fault);

}  // namespace waaft
