// Why a build, push or deploy failed: one stable code for each cause, the same in text, JSON and
// documentation, with the evidence.
//
// Thread: any. Ownership: values. Errors: none. The table is docs/causes.md's source.
#pragma once

#include "cmd/command.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::cmd {

struct Cause {
    std::string code;                   // one of cause_table(), e.g. "IMAGE_NOT_FOUND"
    std::string object;                 // "Pod/waaft-7d9c-x2x"; empty: none
    std::string container;              // empty: none
    std::string message;                // one sentence: what happened, with the cluster's or registry's own words
    std::string hint;                   // what to type next
    std::vector<std::string> events;    // newest last, without the noise
    std::vector<std::string> log_tail;  // the last lines that the container wrote
    std::string where = {};             // a file:line:column, an address, a command; empty: `object` says it
};

struct CauseInfo {
    std::string_view code;
    std::string_view meaning;  // one sentence
    std::string_view hint;     // what mends it, in general
};
std::span<const CauseInfo> cause_table();
const CauseInfo* find_cause(std::string_view code);

// The text of docs/causes.md.
std::string causes_markdown();

}  // namespace waaft::cmd
