// `waaft-history overload`: one server with too little time. Processes burn all cores, then the server stands still
// (SIGSTOP), while hundreds of clients stay connected. Nothing that was acknowledged may be lost, nobody may lose the
// connection, and no gap may be told.
//
// Thread: main. Ownership: values. Errors: exit code 1 when a promise was broken or the run could not be carried out,
// 77 when the clients were so late themselves that it is their fault if connections ended.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace waaft::history {

struct OverloadArguments {
    std::string program;
    std::uint32_t clients = 300;
    double burn = 6;
    double stop = 6;
    double rate = 0.1;
    std::uint64_t seed = 1;
};

CLI::App* add_overload_command(CLI::App& app, OverloadArguments& arguments);
int run_overload_command(const OverloadArguments& arguments);

}  // namespace waaft::history
