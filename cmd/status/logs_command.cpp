#include "cmd/status/logs_command.h"

#include "cmd/os/process.h"
#include "cmd/status/collect.h"
#include "cmd/status/logs.h"
#include "cmd/status/session.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/text.h"

#include <boost/json/serialize.hpp>

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <ostream>

namespace waaft::cmd {
namespace {

using status::LogSource;
using status::Session;

constexpr std::string_view logs_schema = "waaft.logs/1";
// More at once would be more kubectl processes than a machine likes.
constexpr std::size_t followed_max = 50;
constexpr std::chrono::seconds look_again_for_pods{3};
constexpr std::chrono::milliseconds between_reads{100};

struct LogsOptions {
    status::SessionFlags flags;
    status::LogOptions log;
    Errors wrong;
};

class Printer {
public:
    Printer(const Streams& streams, bool json, std::string deployment)
        : streams_(streams), json_(json), deployment_(std::move(deployment)) {}

    void name(const std::vector<LogSource>& sources) { names_ = status::short_names(sources, deployment_); }

    void line(const LogSource& source, std::string_view text) const {
        if (json_) {
            const boost::json::object object{{"schema", std::string(logs_schema)},
                                             {"pod", source.pod},
                                             {"container", source.container},
                                             {"line", clean_line(text)}};
            streams_.out << boost::json::serialize(object) << '\n';
            return;
        }
        const auto name = names_.find(source.pod);
        streams_.out << (name == names_.end() ? source.pod : name->second) << " | " << clean_line(text) << '\n';
    }

private:
    const Streams& streams_;
    bool json_;
    std::string deployment_;
    std::map<std::string, std::string> names_;
};

Result<std::vector<LogSource>> find_sources(const LogsOptions& options, Session& session) {
    auto& api = *session.api;
    const auto answer = api.get(status::labelled(api, {"v1", "Pod"}, session.project().name));
    if (!answer) return answer.error();
    kube::Objects pods;
    for (const auto& entry : kube::list(*answer, {"items"})) {
        if (entry.is_object()) pods.push_back(entry.get_object());
    }
    return status::log_sources(pods, options.log);
}

Error no_logs(const LogsOptions& options, const Session& session) {
    if (options.log.previous) {
        return {"NOT_FOUND",
                "no container of " + session.project().name + " was started again, so none has an earlier log",
                session.api->target().name_space, "leave out --previous"};
    }
    return {"NOT_FOUND", "no pod of " + session.project().name + " has written anything yet",
            session.api->target().name_space, "`waaft status` shows the pods; check --context and --namespace"};
}

// One log after the other, as they are now.
Errors print_all(const LogsOptions& options, const Session& session, const std::vector<LogSource>& sources,
                 const Printer& printer, const os::Interrupt& interrupt) {
    Errors errors;
    for (const auto& source : sources) {
        os::ProcessSpec spec;
        spec.argv = status::log_argv(session.api->target(), source, options.log);
        spec.on_out = [&](std::string_view line) { printer.line(source, line); };
        spec.timeout = std::chrono::minutes(10);
        spec.output_max = 64 * 1024;
        const auto done = os::run(spec, &interrupt);
        if (!done) return {done.error()};
        if (!done->ok()) errors.push_back({"KUBECTL_FAILED", clean_line(done->err), "Pod/" + source.pod, {}});
    }
    return errors;
}

struct Followed {
    LogSource source;
    std::unique_ptr<os::Child> child;
    bool ended = false;
};

class Follower {
public:
    Follower(const LogsOptions& options, const Session& session, Printer& printer)
        : options_(options), session_(session), printer_(printer) {}

    // Begins to follow what is not followed yet, or no longer though it goes on: a connection that was cut.
    Result<void> take(const std::vector<LogSource>& sources) {
        const auto now = kube::format_time(session_.api->cluster_time());
        std::erase_if(all_, [&](const Followed& one) {
            const bool there = std::find(sources.begin(), sources.end(), one.source) != sources.end();
            return one.ended && (!there || !one.child->result().ok());
        });
        printer_.name(sources);
        for (const auto& source : sources) {
            const bool known =
                std::any_of(all_.begin(), all_.end(), [&](const Followed& one) { return one.source == source; });
            if (known || all_.size() >= followed_max) continue;
            const auto cut = cut_at_.find(source.pod);
            auto child = start(source, cut == cut_at_.end() ? std::string() : cut->second);
            if (!child) return child.error();
            all_.push_back({source, std::move(*child), false});
        }
        begun_ = true;
        for (const auto& one : all_) cut_at_[one.source.pod] = now;
        return {};
    }

    void read() {
        for (auto& one : all_) {
            if (!one.ended) one.ended = !one.child->read_lines(Clock::now(), nullptr);
        }
    }

private:
    Result<std::unique_ptr<os::Child>> start(const LogSource& source, const std::string& since_time) {
        os::ProcessSpec spec;
        auto log = options_.log;
        // Of pods that come later nothing is to be left out.
        if (begun_) log.since.clear();
        if (begun_) log.tail.clear();
        spec.argv = status::log_argv(session_.api->target(), source, log, since_time);
        spec.on_out = [this, source](std::string_view line) { printer_.line(source, line); };
        spec.output_max = 64 * 1024;
        return os::Child::start(spec);
    }

    const LogsOptions& options_;
    const Session& session_;
    Printer& printer_;
    std::vector<Followed> all_;
    std::map<std::string, std::string> cut_at_;  // by pod: until when its lines were surely read
    bool begun_ = false;
};

Errors follow(const LogsOptions& options, Session& session, const std::vector<LogSource>& first, Printer& printer,
              const Streams& streams, const os::Interrupt& interrupt) {
    Follower follower(options, session, printer);
    auto sources = Result<std::vector<LogSource>>(first);
    auto next_look = Clock::now();
    while (!interrupt.raised()) {
        if (Clock::now() >= next_look) {
            if (sources) {
                if (auto taken = follower.take(*sources); !taken) return {taken.error()};
            } else if (sources.error().code != "CLUSTER_UNREACHABLE" && sources.error().code != "CLUSTER_BUSY") {
                return {sources.error()};
            }
            next_look = Clock::now() + look_again_for_pods;
        }
        follower.read();
        streams.out << std::flush;
        pollfd waits{interrupt.fd(), POLLIN, 0};
        poll(&waits, 1, static_cast<int>(between_reads.count()));
        if (Clock::now() >= next_look && !interrupt.raised()) sources = find_sources(options, session);
    }
    return {interrupt.error()};
}

Result<Exit, Errors> run_logs(const LogsOptions& options, const Environment& environment, const Streams& streams) {
    const auto& flags = options.flags;
    auto wrong = options.wrong;
    if (options.log.follow && options.log.previous) {
        wrong.push_back({"usage_logs", "--previous is a log that has ended; it cannot be followed", {}, {}});
    }
    if (!wrong.empty()) return status::failed(flags, streams, logs_schema, wrong);
    const os::Interrupt interrupt;
    auto session = status::open_session(flags, environment, streams, &interrupt);
    if (!session) return status::failed(flags, streams, logs_schema, session.error());
    const auto sources = find_sources(options, *session);
    if (!sources) return status::failed(flags, streams, logs_schema, {sources.error()});
    if (sources->empty() && !options.log.follow) {
        return status::failed(flags, streams, logs_schema, {no_logs(options, *session)});
    }
    Printer printer(streams, flags.common->json(), session->project().name);
    printer.name(*sources);
    const auto errors = options.log.follow ? follow(options, *session, *sources, printer, streams, interrupt)
                                           : print_all(options, *session, *sources, printer, interrupt);
    // Ctrl-C is how following ends.
    if (interrupt.raised()) return exit_of({interrupt.error()});
    if (!errors.empty()) return status::failed(flags, streams, logs_schema, errors);
    return Exit::ok;
}

void set_since(LogsOptions& options, const std::string& flag, const std::string& text) {
    const auto since = parse_timeout(text);
    if (!since || *since < std::chrono::seconds(1)) {
        options.wrong.push_back(
            {"usage_since", flag + " must be a time such as 90s, 5m or 1h30m, not \"" + text + "\"", {}, {}});
        return;
    }
    options.log.since = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*since).count()) + "s";
}

void set_tail(LogsOptions& options, const std::string& flag, const std::string& text) {
    std::uint32_t lines = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lines);
    if (error == std::errc{} && end == text.data() + text.size()) {
        options.log.tail = text;
    } else {
        options.wrong.push_back({"usage_number", flag + " must be a number of lines, not \"" + text + "\"", {}, {}});
    }
}

}  // namespace

Command logs_command(const Environment& environment) {
    const auto options = std::make_shared<LogsOptions>();
    auto follow_option = status::switch_option("--follow", "Go on with new lines and new pods, until Ctrl-C.",
                                               [options] { options->log.follow = true; });
    follow_option.aliases = {"-f"};
    auto previous = status::switch_option("--previous", "Of the containers that ran before the present ones.",
                                          [options] { options->log.previous = true; });
    previous.aliases = {"-p"};
    std::vector<Option> own{std::move(follow_option), std::move(previous),
                            status::switch_option("--init", "Of the step cluster-init, which runs before the server.",
                                                  [options] { options->log.init = true; }),
                            status::value_option("--since", "TIME", "Only lines of the last 90s, 5m, 1h30m.",
                                                 [options](const std::string& flag, const std::string& text) {
                                                     set_since(*options, flag, text);
                                                 }),
                            status::value_option("--tail", "N", "Only the last lines of each pod.",
                                                 [options](const std::string& flag, const std::string& text) {
                                                     set_tail(*options, flag, text);
                                                 })};
    return {.name = "logs",
            .doc = "Print what all pods wrote, each line with its pod; JSON is one object a line.",
            .options = status::with_session_options(std::move(own), options->flags),
            .arguments = {},
            .subcommands = {},
            .run = [options, environment](const Streams& streams) { return run_logs(*options, environment, streams); }};
}

}  // namespace waaft::cmd
