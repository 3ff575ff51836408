#include "cmd/load/lateness.h"

#include <cstdio>

namespace waaft::load {

void Lateness::look(TimePoint now) {
    for (; due_ <= now; due_ += tick) lag_.add(static_cast<std::uint64_t>((now - due_).count()));
}

std::optional<std::string> why_late(std::string_view when, double p99_ms, double p99_ms_max) {
    if (p99_ms <= p99_ms_max) return std::nullopt;
    char text[96];
    std::snprintf(text, sizeof text, ": the load generator was late by %.0f ms (p99), more than %.0f ms", p99_ms,
                  p99_ms_max);
    return std::string(when) + text;
}

}  // namespace waaft::load
