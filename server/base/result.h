// Result and Error: how anything in waaft that can fail says so.
//
// Thread: any. Ownership: values. Errors: this is the error type.
// Bytes from strangers never throw: parsers return a Result with their own error enum;
// configuration, files and start-up return Result<T> with the Error below.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace waaft {

// What went wrong, for a person. `code` is stable (tests and scripts read it), `what` is one
// sentence, `where` is a file:line:column, an address or a setting, `hint` is what to type or do.
struct Error {
    std::string code;
    std::string what;
    std::string where;
    std::string hint;

    Error() = default;
    // Never of one string alone: Result<std::string> must know a value from an error.
    Error(std::string code_text, std::string what_text, std::string where_text = {}, std::string hint_text = {})
        : code(std::move(code_text)),
          what(std::move(what_text)),
          where(std::move(where_text)),
          hint(std::move(hint_text)) {}

    friend bool operator==(const Error&, const Error&) = default;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(error.code + ": " + error.what);
}

template <class T, class E = Error>
using Result = boost::system::result<T, E>;

}  // namespace waaft
