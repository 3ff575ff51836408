#include "cmd/os/lines.h"

namespace waaft::os {

std::size_t LineCutter::add(std::string_view bytes) {
    if (!on_line_) return 0;
    std::size_t lines = 0;
    while (!bytes.empty()) {
        if (after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
        after_return_ = false;
        const auto end = bytes.find_first_of("\r\n");
        const auto taken = std::min(end == std::string_view::npos ? bytes.size() : end, line_max - rest_.size());
        rest_ += bytes.substr(0, taken);
        bytes.remove_prefix(taken);
        const bool ended = !bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n');
        if (!ended && rest_.size() < line_max) continue;
        if (ended) {
            after_return_ = bytes.front() == '\r';
            bytes.remove_prefix(1);
        }
        on_line_(rest_);
        rest_.clear();
        ++lines;
    }
    return lines;
}

std::size_t LineCutter::finish() {
    if (!on_line_ || rest_.empty()) return 0;
    on_line_(rest_);
    rest_.clear();
    return 1;
}

}  // namespace waaft::os
