// When to try again: full-jitter backoff, the registry's own wish first.
//
// Thread: one. Ownership: values. Units: Duration; Retry-After is seconds or a date. Errors: none.
// Sans-IO: takes `now` and a random number, gives the time of the next attempt.
// Source: RFC 9110 section 10.2.3; https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
#pragma once

#include "server/base/time.h"

#include <optional>
#include <string_view>

namespace waaft::registry {

struct RetryPolicy {
    unsigned attempts = 7;  // failures in a row, the last of which is final
    Duration base = std::chrono::milliseconds(500);
    Duration cap = std::chrono::seconds(20);
    Duration retry_after_max = std::chrono::seconds(120);  // who wants more is not waited for
};

class Retry {
public:
    explicit Retry(const RetryPolicy& policy) : policy_(policy) {}

    // An attempt failed; `random` is in [0, 1). None: give up.
    std::optional<TimePoint> failed(TimePoint now, std::optional<Duration> retry_after, double random);
    // Something new was reached, so that the next failure is a first one.
    void progressed() { failures_ = 0; }
    unsigned failures() const { return failures_; }

private:
    RetryPolicy policy_;
    unsigned failures_ = 0;
};

// Whether the same request may do better later.
bool is_passing(int status);

std::optional<Duration> parse_retry_after(std::string_view text, UnixMs now);

}  // namespace waaft::registry
