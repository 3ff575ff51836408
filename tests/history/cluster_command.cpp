#include "tests/history/cluster_command.h"

#include "tests/history/report.h"

#include <fstream>
#include <iostream>

namespace waaft::history {
namespace {

constexpr std::string_view table_begin = "<!-- faults: begin (made by `waaft-history cluster --table`) -->\n";
constexpr std::string_view table_end = "<!-- faults: end -->\n";

int report_failure(const Error& error) {
    std::cerr << "error: " << error.what << (error.where.empty() ? "" : "\n  at: " + error.where)
              << (error.hint.empty() ? "" : "\n  " + error.hint) << '\n';
    return 1;
}

// The same for each run of a series, whatever was run before.
std::uint64_t seed_of(std::uint64_t seed, std::string_view fault, std::uint32_t number) {
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), number};
    words.insert(words.end(), fault.begin(), fault.end());
    std::seed_seq sequence(words.begin(), words.end());
    std::uint32_t drawn = 0;
    sequence.generate(&drawn, &drawn + 1);
    return drawn;
}

Result<void> write_table(const std::string& file, const std::vector<RunRecord>& runs) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto begin = text.find(table_begin);
    const auto end = text.find(table_end);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return Error{"table", "the file has no place for the table", file,
                     "it stands between two comments, faults: begin and end"};
    std::ofstream out(file);
    out << text.substr(0, begin + table_begin.size()) << '\n' << table_of(runs) << '\n' << text.substr(end);
    return {};
}

class Series {
public:
    Series(const ClusterArguments& arguments, const Namespaces* namespaces)
        : arguments_(arguments), namespaces_(namespaces) {
        if (!arguments.resume.empty()) runs_ = read_runs(arguments.resume);
    }

    int run() {
        bool good = true;
        for (std::uint32_t number = 0; number < arguments_.runs; ++number) {
            for (const Fault& fault : all_faults()) {
                if (is_wanted(fault) && !is_done(fault, number)) good = run_one(fault, number) && good;
            }
        }
        std::cout << '\n' << table_of(runs_);
        if (arguments_.table.empty()) return good ? 0 : 1;
        auto written = write_table(arguments_.table, runs_);
        return written ? (good ? 0 : 1) : report_failure(written.error());
    }

private:
    bool is_wanted(const Fault& fault) const {
        const auto& wanted = arguments_.faults;
        return wanted.empty() || std::find(wanted.begin(), wanted.end(), fault.name) != wanted.end();
    }

    bool is_done(const Fault& fault, std::uint32_t number) const {
        return std::any_of(runs_.begin(), runs_.end(),
                           [&](const RunRecord& run) { return run.fault == fault.name && run.number == number; });
    }

    bool run_one(const Fault& fault, std::uint32_t number) {
        ClusterCourseOptions options;
        options.program = arguments_.program;
        options.namespaces = namespaces_;
        options.clients = arguments_.clients;
        options.duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(arguments_.seconds));
        options.messages_per_second = arguments_.rate;
        options.seed = seed_of(arguments_.seed, fault.name, number);
        auto figures = run_cluster_course(fault, options);
        if (!figures) {
            std::cout << fault.name << " " << number + 1 << ", seed " << options.seed << ":\n";
            return report_failure(figures.error()) == 0;
        }
        const RunRecord record{std::string(fault.name), number,  options.seed, arguments_.seconds,
                               namespaces_ != nullptr,  *figures};
        std::cout << line_of(record) << std::endl;
        for (const std::string& evidence : figures->evidence) std::cout << "  " << evidence << std::endl;
        runs_.push_back(record);
        if (arguments_.resume.empty()) return figures->good();
        auto kept = append_run(arguments_.resume, record);
        return kept ? figures->good() : report_failure(kept.error()) == 0;
    }

    const ClusterArguments& arguments_;
    const Namespaces* namespaces_;
    std::vector<RunRecord> runs_;
};

}  // namespace

CLI::App* add_cluster_command(CLI::App& app, ClusterArguments& arguments) {
    CLI::App* command = app.add_subcommand("cluster", "three servers that share a Redis, and all that can befall them");
    command->add_option("--program", arguments.program, "waaft's file")->required();
    std::vector<std::string> names;
    for (const Fault& fault : all_faults()) names.emplace_back(fault.name);
    command->add_option("--fault", arguments.faults, "only this one; may be repeated")->check(CLI::IsMember(names));
    command->add_option("--runs", arguments.runs, "of each fault (1)")->check(CLI::Range(1, 10000));
    command->add_option("--clients", arguments.clients, "clients, in six rooms (300)")->check(CLI::Range(6, 2000));
    command->add_option("--seconds", arguments.seconds, "how long they send (15)")->check(CLI::Range(5.0, 600.0));
    command->add_option("--rate", arguments.rate, "messages a second of one client (0.5)")
        ->check(CLI::Range(0.01, 100.0));
    command->add_option("--seed", arguments.seed, "of the series' plans (1)");
    command->add_flag("--relay", arguments.relay, "lose packets in relays, not in network namespaces");
    command->add_option("--resume", arguments.resume, "file with the runs made: those are not made again");
    command->add_option("--table", arguments.table, "Markdown file that gets the table");
    return command;
}

int run_cluster_command(const ClusterArguments& arguments) {
    std::unique_ptr<Namespaces> namespaces;
    if (!arguments.relay) {
        auto made = Namespaces::make(3);
        if (made)
            namespaces = std::move(*made);
        else
            std::cerr << made.error().what << " (" << made.error().where << "): packets are lost in relays\n";
    }
    return Series(arguments, namespaces.get()).run();
}

}  // namespace waaft::history
