#include "cmd/ui/progress.h"

#include "cmd/ui/text.h"

#include <boost/json/serialize.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>

namespace waaft::cmd {
namespace {

constexpr std::chrono::seconds heartbeat{10};
constexpr std::chrono::milliseconds redraw{100};
constexpr std::size_t bar_width = 20;

ProgressStyle resolve(ProgressStyle style, const Streams& streams) {
    if (style != ProgressStyle::automatic) return style;
    const char* const term = std::getenv("TERM");
    const bool terminal = streams.err.rdbuf() == std::cerr.rdbuf() && isatty(STDERR_FILENO) == 1 && term != nullptr &&
                          std::string_view(term) != "dumb";
    return terminal ? ProgressStyle::live : ProgressStyle::plain;
}

std::size_t terminal_columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string in_seconds(Duration duration) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f s", seconds(duration));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string megabytes(std::uint64_t bytes) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(bytes) / 1e6);
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string utc_now() {
    const auto wall = read_clocks().wall;
    const std::time_t whole = wall / 1000;
    tm parts{};
    gmtime_r(&whole, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(wall % 1000));
    return std::string(text.data(), size) + fraction.data();
}

struct Bytes {
    std::uint64_t done = 0;
    std::uint64_t total = 0;

    unsigned percent() const {
        return total == 0 ? 0
                          : static_cast<unsigned>(100.0 * static_cast<double>(std::min(done, total)) /
                                                  static_cast<double>(total));
    }
    std::string numbers() const {
        return std::to_string(percent()) + " % (" + megabytes(done) + " of " + megabytes(total) + " MB)";
    }
    std::string bar() const {
        const auto full = bar_width * percent() / 100;
        return "[" + std::string(full, '#') + std::string(bar_width - full, '-') + "] " + numbers();
    }
};

struct Timing {
    std::string phase;
    double seconds;
};

}  // namespace

struct Progress::State {
    const Streams streams;
    const ProgressStyle style;
    const std::function<TimePoint()> clock;
    std::string phase;  // empty: no step is going on
    std::string text;
    std::string status;
    std::optional<Bytes> bytes;
    unsigned next_percent = 0;
    TimePoint began;
    TimePoint said;   // when something was last printed
    TimePoint drawn;  // the live line
    bool live_line = false;
    std::vector<Timing> timings;

    State(const Streams& to, ProgressStyle wanted, std::function<TimePoint()> now)
        : streams(to), style(resolve(wanted, to)), clock(std::move(now)) {}

    bool is(ProgressStyle wanted) const { return style == wanted; }
    Duration elapsed() const { return clock() - began; }
    std::string paint(std::string_view color, std::string_view what) const {
        return streams.color ? "\033[" + std::string(color) + "m" + std::string(what) + "\033[0m" : std::string(what);
    }

    // A line that stays.
    void print(const std::string& line) {
        clear();
        streams.err << line << '\n' << std::flush;
        said = clock();
    }
    void clear() {
        if (live_line) streams.err << "\r\033[K";
        live_line = false;
    }
    void draw() {
        if (!is(ProgressStyle::live) || phase.empty()) return;
        drawn = clock();
        std::string line = text + "  " + std::to_string(static_cast<int>(seconds(elapsed()))) + " s";
        if (bytes) line += "  " + bytes->bar();
        if (!status.empty()) line += "  " + status;
        streams.err << "\r\033[K" << fit(line, terminal_columns() - 1) << std::flush;
        live_line = true;
    }
    void emit(std::string_view name, std::string_view what, const boost::json::object& fields = {}) {
        boost::json::object object{{"time", utc_now()}, {"event", name}, {"phase", phase}};
        if (!what.empty()) object["text"] = what;
        if (!phase.empty()) object["elapsed"] = seconds(elapsed());
        for (const auto& field : fields) object[field.key()] = field.value();
        print(boost::json::serialize(object));
    }
    void end(std::string_view event, std::string_view mark, std::string_view color, std::string_view outcome);
};

void Progress::State::end(std::string_view event, std::string_view mark, std::string_view color,
                          std::string_view outcome) {
    if (phase.empty()) return;
    const auto took = elapsed();
    const auto what = clean_line(outcome);
    if (is(ProgressStyle::json)) {
        emit(event, what);
    } else if (is(ProgressStyle::live)) {
        print(paint(color, mark) + " " + text + (what.empty() ? "" : ": " + what) + " (" + in_seconds(took) + ")");
    } else if (is(ProgressStyle::plain)) {
        print(phase + ": " + std::string(mark) + " after " + in_seconds(took) + (what.empty() ? "" : ": " + what));
    }
    const auto same =
        std::find_if(timings.begin(), timings.end(), [this](const Timing& t) { return t.phase == phase; });
    if (same == timings.end()) {
        timings.push_back({phase, seconds(took)});
    } else {
        same->seconds += seconds(took);
    }
    phase.clear();
}

Progress::Progress(const Streams& streams, ProgressStyle style, std::function<TimePoint()> clock)
    : state_(std::make_unique<State>(streams, style, std::move(clock))) {}

Progress::~Progress() { state_->end("stopped", "stopped", "33", {}); }

void Progress::step(std::string_view phase, std::string_view text) {
    done({});
    auto& s = *state_;
    s.phase = phase;
    s.text = clean_line(text);
    s.status.clear();
    s.bytes.reset();
    s.began = s.clock();
    if (s.is(ProgressStyle::json)) s.emit("step", s.text);
    if (s.is(ProgressStyle::plain)) s.print(s.phase + ": " + s.text);
    s.draw();
}

void Progress::status(std::string_view text) {
    auto& s = *state_;
    auto cleaned = clean_line(text);
    if (cleaned == s.status) return tick();
    s.status = std::move(cleaned);
    if (s.is(ProgressStyle::json)) s.emit("status", s.status);
    if (s.is(ProgressStyle::plain) && !s.status.empty()) s.print(s.phase + ": " + s.status);
    s.draw();
}

void Progress::line(std::string_view text) {
    auto& s = *state_;
    if (s.is(ProgressStyle::quiet)) return;
    if (s.is(ProgressStyle::json)) return s.emit("line", clean_line(text));
    s.print("  " + clean_line(text));
    s.draw();
}

void Progress::bytes(std::uint64_t done, std::uint64_t total) {
    auto& s = *state_;
    if (!s.bytes || s.bytes->total != total) s.next_percent = 10;
    s.bytes = Bytes{done, total};
    const auto percent = s.bytes->percent();
    if (s.is(ProgressStyle::live)) return tick();
    if (total == 0 || percent < s.next_percent) return;
    s.next_percent = percent - percent % 10 + 10;
    if (s.is(ProgressStyle::json)) s.emit("bytes", {}, {{"done", done}, {"total", total}});
    if (s.is(ProgressStyle::plain)) s.print(s.phase + ": " + s.bytes->numbers());
}

void Progress::done(std::string_view text) { state_->end("done", "done", "32", text); }
void Progress::failed(std::string_view text) { state_->end("failed", "failed", "1;31", text); }

void Progress::warn(std::string_view text) {
    auto& s = *state_;
    if (s.is(ProgressStyle::quiet)) return;
    if (s.is(ProgressStyle::json)) return s.emit("warning", clean_line(text));
    s.print(s.paint("1;33", "warning:") + " " + clean_line(text));
    s.draw();
}

void Progress::tick() {
    auto& s = *state_;
    if (s.phase.empty()) return;
    const auto now = s.clock();
    if (s.is(ProgressStyle::live) && now - s.drawn >= redraw) return s.draw();
    if (s.is(ProgressStyle::plain) && now - s.said >= heartbeat) {
        const auto waited = std::to_string(static_cast<int>(seconds(s.elapsed()))) + " s";
        s.print(s.phase + ": still at it after " + waited + (s.status.empty() ? "" : ": " + s.status));
    }
}

void Progress::event(std::string_view name, const boost::json::object& fields) {
    if (state_->is(ProgressStyle::json)) state_->emit(name, {}, fields);
}

boost::json::object Progress::timings() const {
    boost::json::object result;
    for (const auto& timing : state_->timings) result[timing.phase] = timing.seconds;
    return result;
}

}  // namespace waaft::cmd
