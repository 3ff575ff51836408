#include "cmd/doctor/check.h"

namespace waaft::doctor {

std::string_view name_of(State state) {
    switch (state) {
        case State::passed: return "ok";
        case State::warning: return "warning";
        case State::failed: return "failed";
        case State::skipped: break;
    }
    return "skipped";
}

Check failed_by(std::string id, const Error& error, std::string fix) {
    return {std::move(id), State::failed, error.what, fix.empty() ? error.hint : std::move(fix)};
}

}  // namespace waaft::doctor
