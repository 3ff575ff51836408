// The benchmark of the chat: starts servers of its own, loads them from other processes, and takes
// their CPU time and memory from the kernel.
//
// Thread: main, and no other may run. Ownership: values. Units: in the figures. Errors: Error for what
// kept it from measuring, and for a run in which anything was lost. `say` gets a line for each step.
#pragma once

#include "cmd/bench/figures.h"
#include "server/base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::bench {

struct ChatBenchOptions {
    bool quick = false;   // shorter times, without the 15,000 connections
    std::string program;  // this file is the server: PROGRAM serve ...
    unsigned server_core = 0;
    unsigned load_core = 0;
    std::function<void(std::string_view)> say;
};

waaft::Result<Measured> run_chat_bench(const ChatBenchOptions& options);

// What a program's file would be without symbols and debugging information; 0 if it is no ELF file.
std::uint64_t stripped_bytes(const std::string& program);

}  // namespace waaft::bench
