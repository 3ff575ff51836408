// Cuts what a program writes into lines as it arrives, in whatever pieces that is.
//
// Thread: the caller's. Ownership: values; a line that is handed out is valid during the call.
// Units: bytes. Bounds: a line without an end is handed out in pieces of line_max. Errors: none.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace waaft::os {

// A line without its end; called on the caller's thread as it arrives. '\r' ends a line too.
using OnLine = std::function<void(std::string_view line)>;

class LineCutter {
public:
    static constexpr std::size_t line_max = 64 * 1024;

    explicit LineCutter(OnLine on_line) : on_line_(std::move(on_line)) {}
    // Answers how many lines it handed out.
    std::size_t add(std::string_view bytes);
    // The last line, if it has no end.
    std::size_t finish();

private:
    OnLine on_line_;
    std::string rest_;
    bool after_return_ = false;  // "\r\n" is one end
};

}  // namespace waaft::os
