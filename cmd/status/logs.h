// Which containers' logs to read, and how kubectl is asked for them. Sans-IO.
//
// Thread: any, no state. Ownership: values. Units: none. Errors: none.
#pragma once

#include "cmd/kube/api.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::status {

struct LogOptions {
    bool follow = false;
    bool previous = false;
    bool init = false;  // of the step before the server
    std::string since;  // "10m", as kubectl takes it; empty: all
    std::string tail;   // lines; empty: all
};

// A container that has written something, or does.
struct LogSource {
    std::string pod;
    std::string container;
    std::int64_t restarts = 0;  // another number is another run of it, with a log of its own
    friend bool operator==(const LogSource&, const LogSource&) = default;
};
std::vector<LogSource> log_sources(const kube::Objects& pods, const LogOptions& options);

// `since_time`: only later lines, RFC 3339; for a log that was read before.
std::vector<std::string> log_argv(const kube::Target& target, const LogSource& source, const LogOptions& options,
                                  const std::string& since_time = {});

// What stands before each line: what tells the pods apart, all of one width.
std::map<std::string, std::string> short_names(const std::vector<LogSource>& sources, std::string_view deployment);

}  // namespace waaft::status
