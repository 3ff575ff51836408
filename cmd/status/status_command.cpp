#include "cmd/status/status_command.h"

#include "cmd/status/collect.h"
#include "cmd/status/plot.h"
#include "cmd/status/report_json.h"
#include "cmd/status/session.h"
#include "cmd/status/text.h"
#include "cmd/ui/exit_codes.h"

#include <boost/json/serialize.hpp>

#include <poll.h>
#include <unistd.h>

#include <ostream>

namespace waaft::cmd {
namespace {

using status::Report;
using status::Session;
using status::View;

constexpr std::string_view status_schema = "waaft.status/1";
// Between the two looks at the counters that make rates.
constexpr std::chrono::milliseconds measure_gap{700};

struct StatusOptions {
    status::SessionFlags flags;
    bool watch = false;
    bool check = false;
    Duration interval = std::chrono::seconds(2);
    Errors wrong;
};
using SharedStatus = std::shared_ptr<StatusOptions>;

// False: an interrupt came.
bool wait(Duration time, const os::Interrupt& interrupt) {
    pollfd waits{interrupt.fd(), POLLIN, 0};
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    poll(&waits, 1, static_cast<int>(milliseconds));
    return !interrupt.raised();
}

struct Screen {
    bool terminal = false;
    bool color = false;
    bool blocks = false;
};

Screen screen_of(const Streams& streams, const Environment& environment) {
    const auto value = [&](std::string_view name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    };
    auto locale = value("LC_ALL");
    if (locale.empty()) locale = value("LC_CTYPE");
    if (locale.empty()) locale = value("LANG");
    Screen screen;
    screen.terminal = isatty(STDOUT_FILENO) == 1 && value("TERM") != "dumb";
    screen.color = streams.color && screen.terminal;
    screen.blocks = locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    return screen;
}

std::string shown(const Report& report, bool json, const Screen& screen) {
    return json ? boost::json::serialize(status::json_of(report)) + "\n" : status::text_of(report, screen.color);
}

Exit exit_of_report(const StatusOptions& options, const Report& report) {
    return options.check && !report.healthy() ? Exit::rollout_failed : Exit::ok;
}

Result<Report, Errors> look_once(const StatusOptions& options, Session& session, const os::Interrupt& interrupt) {
    auto view = status::collect(*session.api, session.project());
    if (!view) return Errors{view.error()};
    // Whoever only checks need not wait for rates.
    if (!options.check && !view->live.empty()) {
        if (!wait(measure_gap, interrupt)) return Errors{interrupt.error()};
        status::measure_again(*session.api, *view);
    }
    return status::make_report(*view, session.api->cluster_time());
}

// What went wrong meanwhile is shown, and the next look may be better.
std::string trouble_text(const Error& error) {
    return "\nThe cluster could not be asked this time: " + error.what + "\n";
}

Errors watch(const StatusOptions& options, Session& session, const Screen& screen, const Streams& streams,
             const os::Interrupt& interrupt) {
    const bool json = options.flags.common->json();
    const bool redraw = screen.terminal && !json;
    status::Plot plot;
    View before;
    std::string last;
    do {
        auto view = status::collect(*session.api, session.project());
        if (interrupt.raised()) break;
        if (!view && view.error().code != "CLUSTER_UNREACHABLE" && view.error().code != "CLUSTER_BUSY") {
            return {view.error()};
        }
        std::string note;
        if (view) {
            status::add_rates(*view, before);
            const auto report = status::make_report(*view, session.api->cluster_time());
            plot.add(report);
            last = shown(report, json, screen);
            before = std::move(*view);
        } else {
            note = trouble_text(view.error());
        }
        if (redraw) streams.out << "\033[H\033[J" << last << "\n" << plot.text(screen.blocks) << note << std::flush;
        if (!redraw && view) streams.out << last << std::flush;
        if (!redraw && !view) streams.err << note << std::flush;
    } while (wait(options.interval, interrupt));
    return {interrupt.error()};
}

Result<Exit, Errors> run_status(const StatusOptions& options, const Environment& environment, const Streams& streams) {
    const auto& flags = options.flags;
    if (!options.wrong.empty()) return status::failed(flags, streams, status_schema, options.wrong);
    const os::Interrupt interrupt;
    auto session = status::open_session(flags, environment, streams, &interrupt);
    if (!session) return status::failed(flags, streams, status_schema, session.error());
    const auto screen = screen_of(streams, environment);
    if (options.watch) {
        const auto ended = watch(options, *session, screen, streams, interrupt);
        // Ctrl-C is how a watch ends; nothing is to be said about it.
        if (interrupt.raised()) return exit_of(ended);
        return status::failed(flags, streams, status_schema, ended);
    }
    const auto report = look_once(options, *session, interrupt);
    if (!report) return status::failed(flags, streams, status_schema, report.error());
    streams.out << shown(*report, flags.common->json(), screen);
    return exit_of_report(options, *report);
}

void set_interval(StatusOptions& options, const std::string& flag, const std::string& text) {
    const auto interval = parse_timeout(text);
    if (interval && *interval >= std::chrono::seconds(1) && *interval <= std::chrono::hours(1)) {
        options.interval = *interval;
    } else {
        options.wrong.push_back(
            {"usage_interval", flag + " must be a time from 1s to 1h, not \"" + text + "\"", {}, {}});
    }
}

}  // namespace

Command status_command(const Environment& environment) {
    const auto options = std::make_shared<StatusOptions>();
    std::vector<Option> own{
        status::switch_option("--watch", "Look again and again, until Ctrl-C; with JSON one object a line.",
                              [options] { options->watch = true; }),
        status::value_option(
            "--interval", "TIME", "How often --watch looks: 1s to 1h (2s).",
            [options](const std::string& flag, const std::string& text) { set_interval(*options, flag, text); }),
        status::switch_option("--check", "Exit code 8 when something is wrong; for monitoring.",
                              [options] { options->check = true; }),
    };
    return {
        .name = "status",
        .doc = "Show what runs on the cluster, how it does, and what is wrong.",
        .options = status::with_session_options(std::move(own), options->flags),
        .arguments = {},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return run_status(*options, environment, streams); }};
}

}  // namespace waaft::cmd
