// What a long command says while it works: steps with their time, live on a terminal, plain lines with
// a heartbeat elsewhere, or one JSON object a line.
//
// Thread: the caller's; nothing is drawn between calls (call tick() while waiting). Ownership: writes to
// the Streams it was given, which must outlive it. Units: elapsed time is shown in seconds.
// Secrets: whoever calls leaves them out. Source: https://clig.dev, https://no-color.org.
#pragma once

#include "cmd/command.h"
#include "server/base/time.h"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace waaft::cmd {

enum class ProgressStyle : std::uint8_t {
    automatic,  // live if stderr is a terminal, else plain
    live,       // the last line is redrawn in place
    plain,      // lines only; every 10 s of waiting a heartbeat
    json,       // one object a line on stderr: {"time","event","phase","text",...}
    quiet,      // errors only
};

class Progress {
public:
    Progress(const Streams& streams, ProgressStyle style);
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

// "--output text|json", "--progress ...", "--quiet", "--yes", "--timeout", "-e/--env": what the commands
// that build, ship or watch have in common.
struct CommonFlags {
    std::string output = "text";
    ProgressStyle progress = ProgressStyle::automatic;
    bool yes = false;
    Duration timeout = Duration::zero();  // zero: the command's own default
};
std::vector<Option> common_options(const std::shared_ptr<CommonFlags>& flags);

// Asks on the terminal; false without one (the caller then says which flag would have answered).
bool confirm(const Streams& streams, std::string_view question);
// Severe things: the user types the name itself.
bool confirm_by_name(const Streams& streams, std::string_view question, std::string_view name);

}  // namespace waaft::cmd
