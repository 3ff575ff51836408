// What a long command says while it works: steps with their time, live on a terminal, plain lines with
// a heartbeat elsewhere, or one JSON object a line.
//
// Thread: the caller's; nothing is drawn between calls (call tick() while waiting). Ownership: writes to
// Streams.err, which must outlive it. Units: elapsed time is shown in seconds, bytes in MB (10^6).
// Errors: none. Secrets: whoever calls leaves them out; control characters in texts are left out here.
// Source: https://clig.dev, https://no-color.org.
#pragma once

#include "cmd/command.h"
#include "cmd/os/interrupt.h"
#include "server/base/time.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::cmd {

enum class ProgressStyle : std::uint8_t {
    automatic,  // live if stderr is a terminal that can (TERM is not "dumb"), else plain
    live,       // the last line is redrawn in place
    plain,      // lines only; every 10 s of waiting a heartbeat
    json,       // one object a line on stderr: {"time","event","phase","text","elapsed",...}
    quiet,      // nothing: errors are the command's to print
};

class Progress {
public:
    // `clock` is for tests.
    Progress(const Streams& streams, ProgressStyle style, std::function<TimePoint()> clock = Clock::now);
    // A step that was not ended is shown as stopped.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Begins a step, ending the one before: "push", "Pushing example/waaft:1.2".
    void step(std::string_view phase, std::string_view text);
    // What the step is doing now; replaces the last such text on a terminal, is printed when it changed elsewhere.
    void status(std::string_view text);
    // A line that stays (a build's output, an event).
    void line(std::string_view text);
    // `done` of `total` bytes; a bar on a terminal, each 10 % elsewhere.
    void bytes(std::uint64_t done, std::uint64_t total);
    // Ends the step well; `text` says what came out of it.
    void done(std::string_view text);
    void failed(std::string_view text);
    void warn(std::string_view text);
    // Keeps the clock running while the caller waits; at least twice a second.
    void tick();
    // Machine events that have more to say than a text; only ProgressStyle::json shows `fields`.
    void event(std::string_view name, const boost::json::object& fields);
    // "push" -> seconds; in the order of the steps, for the result's "timings".
    boost::json::object timings() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// "--output text|json", "--progress ...", "--quiet", "--yes", "--timeout", "-e/--env", "--config": what the
// commands that build, ship or watch have in common.
struct CommonFlags {
    std::string output = "text";
    ProgressStyle progress = ProgressStyle::automatic;
    bool yes = false;
    Duration timeout = Duration::zero();     // zero: the command's own default
    std::optional<std::string> file;         // --config
    std::optional<std::string> environment;  // -e, --env
    Errors wrong;                            // values that make no sense; to be answered by run() at once

    bool json() const { return output == "json"; }
};
std::vector<Option> common_options(const std::shared_ptr<CommonFlags>& flags);

// A flag of a command's own, "--image REFERENCE"; without `value` a switch. `put` gets the text.
Option flag(std::string name, std::string value, std::string doc, std::function<void(const std::string&)> put);

// "90" (seconds), "500ms", "90s", "5m", "1h30m"; at most a day.
std::optional<Duration> parse_timeout(std::string_view text);

// Whether there is somebody to ask: stdin and stderr are terminals.
bool can_ask();
// Asks on the terminal; only "y" or "yes" is a yes. False without one (the caller then says which flag
// would have answered), or if `interrupt` (may be null) comes.
bool confirm(const Streams& streams, std::string_view question, const os::Interrupt* interrupt = nullptr);
// Severe things: the user types the name itself.
bool confirm_by_name(const Streams& streams, std::string_view question, std::string_view name,
                     const os::Interrupt* interrupt = nullptr);

}  // namespace waaft::cmd
