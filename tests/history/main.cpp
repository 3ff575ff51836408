// Runs many clients against a server that is killed again and again, and proves from what each of them
// sent and heard that no acked message was lost, doubled or reordered.
//
//   waaft-history --program build/release/cmd/waaft
//   waaft-history --url https://live.example.org --kill 'kubectl delete pod ...' --start true
//   waaft-history cluster --program build/release/cmd/waaft
//   waaft-history overload --program build/release/cmd/waaft
//
// Exit codes: 0 proven, 1 a promise is broken or the run could not be carried out, 2 usage.
#include "tests/history/checker.h"
#include "tests/history/cluster_command.h"
#include "tests/history/course.h"
#include "tests/history/overload_command.h"

#include "server/base/id.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>

namespace {

namespace history = waaft::history;

struct Arguments {
    std::string program;
    std::string url;
    std::string kill;
    std::string start;
    std::string key_file;
    double seconds = 15;
    history::CourseOptions course;
};

void add_options(CLI::App& app, Arguments& arguments) {
    auto* const program = app.add_option("--program", arguments.program, "waaft's file: run a server of one's own");
    auto* const url = app.add_option("--url", arguments.url, "a running server, with --kill and --start");
    program->excludes(url);
    app.add_option("--kill", arguments.kill, "shell command that kills that server")->needs(url);
    app.add_option("--start", arguments.start, "shell command that starts it again")->needs(url);
    app.add_option("--key-file", arguments.key_file, "file with an API key")->needs(url);
    app.add_flag("--insecure", arguments.course.insecure, "believe any certificate")->needs(url);
    app.add_option("--room", arguments.course.room, "an open room; default: a new one")->needs(url);
    app.add_option("--clients", arguments.course.clients, "clients (50)")->check(CLI::Range(1, 2000));
    app.add_option("--kills", arguments.course.kills, "how often the server is killed (6)")->check(CLI::Range(0, 1000));
    app.add_option("--seconds", arguments.seconds, "how long they send (15)")->check(CLI::Range(1.0, 3600.0));
    app.add_option("--rate", arguments.course.messages_per_second, "messages a second of one client (4)")
        ->check(CLI::Range(0.01, 100.0));
    app.add_option("--seed", arguments.course.seed, "of the random plan; default: another one each time");
}

waaft::Result<std::unique_ptr<history::Deployment>> deployment_of(const Arguments& arguments) {
    if (arguments.url.empty()) return history::own_deployment(arguments.program);
    return history::commanded_deployment(arguments.url, arguments.kill, arguments.start);
}

int fail(const waaft::Error& error) {
    std::cerr << "error: " << error.what << (error.where.empty() ? "" : "\n  at: " + error.where)
              << (error.hint.empty() ? "" : "\n  " + error.hint) << '\n';
    return 1;
}

// How often each rule was broken, and the first evidence.
void show(const std::vector<history::Violation>& violations) {
    constexpr std::size_t shown_max = 5;
    std::map<std::string, std::vector<const history::Violation*>> by_rule;
    for (const auto& violation : violations) by_rule[violation.rule].push_back(&violation);
    for (const auto& [rule, found] : by_rule) {
        std::cout << "  " << rule << ", " << found.size() << " times:\n";
        for (std::size_t i = 0; i < std::min(found.size(), shown_max); ++i) {
            std::cout << "    " << found[i]->evidence << '\n';
        }
    }
}

int verdict(const history::Outcome& outcome, const history::CourseOptions& options) {
    const auto violations = history::check(outcome.history);
    std::cout << "history: " << options.clients << " clients, " << outcome.kills << " kills, " << outcome.cuts
              << " cuts, " << outcome.resumed << " resumed, " << outcome.acked << " messages acked, " << outcome.heard
              << " heard, log of " << outcome.history.log.messages.size() << ", seed " << options.seed << ": "
              << violations.size() << " violations\n";
    show(violations);
    if (!outcome.unrest.empty()) std::cout << "not at rest in time:\n" << outcome.unrest;
    return violations.empty() && outcome.unrest.empty() && outcome.acked > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    arguments.course.seed = waaft::random_u64() >> 32;
    CLI::App app("Proves that a waaft server keeps its chat through kills and cut connections.");
    add_options(app, arguments);
    history::ClusterArguments cluster_arguments;
    const CLI::App* const cluster = history::add_cluster_command(app, cluster_arguments);
    history::OverloadArguments overload_arguments;
    const CLI::App* const overload = history::add_overload_command(app, overload_arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (cluster->parsed()) return history::run_cluster_command(cluster_arguments);
    if (overload->parsed()) return history::run_overload_command(overload_arguments);
    if (arguments.program.empty() && arguments.url.empty()) {
        std::cerr << "error: give --program FILE or --url URL\n";
        return 2;
    }
    if (!arguments.key_file.empty()) std::getline(std::ifstream(arguments.key_file) >> std::ws, arguments.course.key);
    arguments.course.duration =
        std::chrono::duration_cast<waaft::Duration>(std::chrono::duration<double>(arguments.seconds));
    arguments.course.say = [](std::string_view line) { std::cerr << line << std::endl; };
    auto deployment = deployment_of(arguments);
    if (!deployment) return fail(deployment.error());
    const auto outcome = history::run_course(**deployment, arguments.course);
    return outcome ? verdict(*outcome, arguments.course) : fail(outcome.error());
}
