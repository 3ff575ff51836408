#include "cmd/bench/bench_command.h"

#include "cmd/bench/chat_bench.h"
#include "cmd/bench/cluster_bench.h"
#include "cmd/bench/image_bench.h"
#include "cmd/bench/overload_bench.h"
#include "cmd/bench/steps.h"
#include "server/base/own_program.h"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <fstream>
#include <ostream>

namespace waaft::cmd {
namespace {

struct BenchOptions {
    bool quick = false;
    bool json = false;
    bool herd = false;
    std::uint32_t people = 0;
    Errors wrong;
};

#ifdef NDEBUG
constexpr bool optimised = true;
#else
constexpr bool optimised = false;
#endif

// Others' work on the same cores makes every figure worse.
void warn_if_busy(const Streams& streams) {
    double load = 0;
    if (std::ifstream("/proc/loadavg") >> load && load > 0.5) {
        streams.err << "warning: the machine is busy (load average " << load
                    << "); the figures will be worse than it can\n";
    }
}

void warn_if_slow_build(const Streams& streams) {
    if (!optimised) streams.err << "warning: this is no optimised build; its figures mean little\n";
}

Result<Exit, Errors> show(const BenchOptions& options, std::string_view bench, const Result<bench::Measured>& measured,
                          const Streams& streams) {
    if (!measured) return Errors{measured.error()};
    if (options.json) {
        streams.out << boost::json::serialize(bench::measured_json(bench, *measured)) << '\n';
    } else {
        streams.out << bench::measured_text(*measured);
    }
    if (measured->counts()) return Exit::ok;
    return Errors{{"bench_late", "this run counts for nothing: its load generator was late itself",
                   measured->late.front(), "end what else this machine does, then run it again"}};
}

// What the benches of servers are told alike.
template <class Bench>
Bench of_servers(const BenchOptions& options, const Streams& streams) {
    const bench::Cores cores = bench::choose_cores();
    Bench bench;
    bench.quick = options.quick;
    bench.program = own_program().launcher;
    bench.server_core = cores.server;
    bench.load_core = cores.load;
    bench.say = [&streams](std::string_view line) { streams.err << line << std::endl; };
    warn_if_slow_build(streams);
    streams.err << "servers run on core " << cores.server << ", the load on core " << cores.load
                << (cores.server == cores.load ? ": they share the machine's only core\n" : "\n");
    warn_if_busy(streams);
    return bench;
}

Result<Exit, Errors> run_chat(const BenchOptions& options, const Streams& streams) {
    const auto bench = of_servers<bench::ChatBenchOptions>(options, streams);
    return show(options, "chat", bench::run_chat_bench(bench), streams);
}

Result<Exit, Errors> run_cluster(const BenchOptions& options, const Streams& streams) {
    auto bench = of_servers<bench::ClusterBenchOptions>(options, streams);
    bench.herd = options.herd;
    return show(options, "cluster", bench::run_cluster_bench(bench), streams);
}

Result<Exit, Errors> run_overload(const BenchOptions& options, const Streams& streams) {
    if (!options.wrong.empty()) return options.wrong;
    auto bench = of_servers<bench::OverloadBenchOptions>(options, streams);
    bench.people = options.people;
    return show(options, "overload", bench::run_overload_bench(bench), streams);
}

Result<Exit, Errors> run_image(const BenchOptions& options, const Streams& streams) {
    warn_if_slow_build(streams);
    warn_if_busy(streams);
    return show(options, "image", bench::run_image_bench(streams), streams);
}

Option flag_option(std::string name, std::string doc, std::function<void()> set) {
    return {.name = std::move(name),
            .aliases = {},
            .value = {},
            .doc = std::move(doc),
            .group = {},
            .choices = {},
            .set = [set = std::move(set)](const std::string&, const std::string&) { set(); }};
}

Option output_option(const std::shared_ptr<BenchOptions>& options) {
    return {.name = "--output",
            .aliases = {},
            .value = "FORM",
            .doc = "text or json.",
            .group = {},
            .choices = {"text", "json"},
            .set = [options](const std::string&, const std::string& form) { options->json = form == "json"; }};
}

Option people_option(const std::shared_ptr<BenchOptions>& options) {
    constexpr auto least = bench::OverloadBenchOptions::people_least;
    constexpr auto most = bench::OverloadBenchOptions::people_max;
    return {
        .name = "--people",
        .aliases = {},
        .value = "N",
        .doc = "How many are connected, " + std::to_string(least) + " to " + std::to_string(most) + " (5000).",
        .group = {},
        .choices = {},
        .set = [options](const std::string& flag, const std::string& text) {
            const auto* const end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, options->people);
            const bool is_number = read.ec == std::errc{} && read.ptr == end;
            if (is_number && options->people >= least && options->people <= most) return;
            options->wrong.push_back({"usage_number", flag + " must be a whole number from " + std::to_string(least) +
                                                          " to " + std::to_string(most) + ", not \"" + text + "\""});
        }};
}

}  // namespace

Command bench_command() {
    const auto options = std::make_shared<BenchOptions>();
    Command chat{.name = "chat",
                 .doc = "Measure this program as a chat server on this machine, on a server of its own.",
                 .options = {flag_option("--quick", "In less than 40 seconds, without holding 15,000 connections.",
                                         [options] { options->quick = true; }),
                             output_option(options)},
                 .arguments = {},
                 .subcommands = {},
                 .run = [options](const Streams& streams) { return run_chat(*options, streams); }};
    Command cluster{
        .name = "cluster",
        .doc = "Measure two servers that share rooms beside one alone, and what they ask of a real Redis.",
        .options = {flag_option("--quick", "In less than a minute, with fewer rooms.",
                                [options] { options->quick = true; }),
                    flag_option("--herd", "Only: one of three servers is killed, and 10,000 people come back.",
                                [options] { options->herd = true; }),
                    output_option(options)},
        .arguments = {},
        .subcommands = {},
        .run = [options](const Streams& streams) { return run_cluster(*options, streams); }};
    Command image{.name = "image",
                  .doc = "Measure how long `build-image --builder native` takes, and how large the image is.",
                  .options = {output_option(options)},
                  .arguments = {},
                  .subcommands = {},
                  .run = [options](const Streams& streams) { return run_image(*options, streams); }};
    Command overload{.name = "overload",
                     .doc = "Measure what people feel while cores are burnt, the server is stopped, or too many come.",
                     .options = {flag_option("--quick", "In less than a minute, with 500 people.",
                                             [options] { options->quick = true; }),
                                 people_option(options), output_option(options)},
                     .arguments = {},
                     .subcommands = {},
                     .run = [options](const Streams& streams) { return run_overload(*options, streams); }};
    return {.name = "bench",
            .doc = "Measure what this program can do on this machine.",
            .options = {},
            .arguments = {},
            .subcommands = {std::move(chat), std::move(cluster), std::move(image), std::move(overload)},
            .run = {}};
}

}  // namespace waaft::cmd
