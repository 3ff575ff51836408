// `waaft-history cluster`: series of runs against three servers that share a Redis, one fault after the other.
//
// Thread: main. Ownership: values. Errors: exit code 1 when a promise was broken or a run could not be carried out.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace waaft::history {

struct ClusterArguments {
    std::string program;
    std::vector<std::string> faults;  // empty: all
    std::uint32_t runs = 1;
    std::uint32_t clients = 300;
    double seconds = 15;
    double rate = 0.5;
    std::uint64_t seed = 1;
    bool relay = false;
    std::string resume;
    std::string table;
};

CLI::App* add_cluster_command(CLI::App& app, ClusterArguments& arguments);
int run_cluster_command(const ClusterArguments& arguments);

}  // namespace waaft::history
