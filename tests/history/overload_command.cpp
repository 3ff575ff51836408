#include "tests/history/overload_command.h"

#include "tests/history/checker.h"
#include "tests/history/course.h"

#include <algorithm>
#include <iostream>

namespace waaft::history {
namespace {

constexpr double calm_after = 3;  // seconds
constexpr std::size_t shown_most = 10;
constexpr int says_nothing = 77;
// A server waits longer than this for an answer to its ping (ping.idle_timeout less ping.idle), and so does a client.
constexpr std::chrono::seconds clients_late_most{10};

int told(const Error& error) {
    std::cerr << "error: " << error.what << (error.where.empty() ? "" : "\n  at: " + error.where)
              << (error.hint.empty() ? "" : "\n  " + error.hint) << '\n';
    return 1;
}

Duration duration_of(double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

int verdict_of(const Outcome& outcome) {
    const auto violations = check(outcome.history, {.may_lose = false, .may_tell_gaps = false, .may_close = false});
    std::cout << "overload: " << outcome.history.clients.size() << " clients, " << outcome.acked << " messages acked, "
              << outcome.heard << " heard, log of " << outcome.history.log.messages.size()
              << ", the clients were late by " << outcome.latest / std::chrono::milliseconds(1)
              << " ms at most: " << violations.size() << " violations\n";
    for (std::size_t i = 0; i < std::min(violations.size(), shown_most); ++i)
        std::cout << "  " << violations[i].rule << ": " << violations[i].evidence << '\n';
    if (!outcome.unrest.empty()) std::cout << "not at rest in time:\n" << outcome.unrest;
    // Who comes back may be told of a gap.
    const bool is_by_lateness = std::all_of(violations.begin(), violations.end(), [](const Violation& violation) {
        return violation.rule == "closed_healthy" || violation.rule == "gap";
    });
    if (violations.empty() && outcome.unrest.empty() && outcome.acked > 0) return 0;
    if (!violations.empty() && is_by_lateness && outcome.unrest.empty() && outcome.latest > clients_late_most) {
        std::cout << "this run counts for nothing: the clients were late themselves\n";
        return says_nothing;
    }
    return 1;
}

}  // namespace

CLI::App* add_overload_command(CLI::App& app, OverloadArguments& arguments) {
    CLI::App* command = app.add_subcommand("overload", "a server whose cores are burnt, and that is stopped");
    command->add_option("--program", arguments.program, "waaft's file")->required();
    command->add_option("--clients", arguments.clients, "clients, in one room (300)")->check(CLI::Range(1, 2000));
    command->add_option("--burn", arguments.burn, "seconds in which all cores are burnt (6)")
        ->check(CLI::Range(0.0, 100.0));
    command->add_option("--stop", arguments.stop, "seconds in which the server stands still (6)")
        ->check(CLI::Range(0.0, 40.0));
    command->add_option("--rate", arguments.rate, "messages a second of one client (0.1)")
        ->check(CLI::Range(0.01, 100.0));
    command->add_option("--seed", arguments.seed, "of the moments at which they send (1)");
    return command;
}

int run_overload_command(const OverloadArguments& arguments) {
    auto deployment = own_deployment(arguments.program);
    if (!deployment) return told(deployment.error());
    CourseOptions course;
    course.clients = arguments.clients;
    course.kills = 0;
    course.cuts = false;
    course.messages_per_second = arguments.rate;
    course.seed = arguments.seed;
    course.burn = duration_of(arguments.burn);
    course.stop = duration_of(arguments.stop);
    course.duration = duration_of(arguments.burn + arguments.stop + calm_after);
    course.say = [](std::string_view line) { std::cerr << line << std::endl; };
    const auto outcome = run_course(**deployment, course);
    return outcome ? verdict_of(*outcome) : told(outcome.error());
}

}  // namespace waaft::history
