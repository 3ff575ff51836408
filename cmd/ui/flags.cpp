#include "cmd/ui/progress.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ostream>

namespace waaft::cmd {
namespace {

using Shared = std::shared_ptr<CommonFlags>;

ProgressStyle style_of(std::string_view name) {
    if (name == "live") return ProgressStyle::live;
    if (name == "plain") return ProgressStyle::plain;
    if (name == "json") return ProgressStyle::json;
    return name == "quiet" ? ProgressStyle::quiet : ProgressStyle::automatic;
}

Option option(const Shared& flags, std::string name, std::string value, std::string doc,
              std::function<void(CommonFlags&, const std::string& flag, const std::string& text)> put) {
    return {.name = std::move(name),
            .aliases = {},
            .value = std::move(value),
            .doc = std::move(doc),
            .group = "Common",
            .choices = {},
            .set = [flags, put = std::move(put)](const std::string& flag, const std::string& text) {
                put(*flags, flag, text);
            }};
}

void set_timeout(CommonFlags& flags, const std::string& flag, const std::string& text) {
    if (const auto timeout = parse_timeout(text)) {
        flags.timeout = *timeout;
    } else {
        flags.wrong.push_back({"usage_timeout",
                               flag + " must be a time such as 90s, 5m or 1h30m, at most 24h, not \"" + text + "\"",
                               {},
                               {}});
    }
}

// A line that somebody types; none at the end of the input and after an interrupt.
std::optional<std::string> typed_line(const os::Interrupt* interrupt) {
    std::string line;
    while (line.size() < 1024) {
        std::array<pollfd, 2> waits{
            {{STDIN_FILENO, POLLIN, 0}, {interrupt == nullptr ? -1 : interrupt->fd(), POLLIN, 0}}};
        if (poll(waits.data(), waits.size(), -1) < 0) continue;
        char c = 0;
        if (waits[1].revents != 0 || read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
        if (c == '\n') return line;
        line += c;
    }
    return std::nullopt;
}

std::optional<std::string> ask(const Streams& streams, const std::string& question, const os::Interrupt* interrupt) {
    if (!can_ask()) return std::nullopt;
    streams.err << question << std::flush;
    auto answer = typed_line(interrupt);
    if (!answer) streams.err << '\n';
    return answer;
}

}  // namespace

std::optional<Duration> parse_timeout(std::string_view text) {
    std::uint64_t milliseconds = 0;
    constexpr std::uint64_t most = 24ULL * 3'600'000;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::uint64_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || count > most) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto unit = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
        const std::uint64_t factor = unit == "ms"                  ? 1
                                     : unit == "s" || unit.empty() ? 1000
                                     : unit == "m"                 ? 60'000
                                     : unit == "h"                 ? 3'600'000
                                                                   : 0;
        milliseconds += count * factor;
        if (factor == 0 || milliseconds > most) return std::nullopt;
        text.remove_prefix(unit.size());
    }
    if (milliseconds == 0) return std::nullopt;
    return std::chrono::milliseconds(milliseconds);
}

std::vector<Option> common_options(const std::shared_ptr<CommonFlags>& flags) {
    using Text = const std::string&;
    Option output = option(flags, "--output", "FORM", "What goes to stdout: text or json (text).",
                           [](CommonFlags& f, Text, Text text) { f.output = text; });
    output.choices = {"text", "json"};
    Option progress = option(flags, "--progress", "STYLE",
                             "What goes to stderr meanwhile; auto is live on a terminal and plain elsewhere (auto).",
                             [](CommonFlags& f, Text, Text text) { f.progress = style_of(text); });
    progress.choices = {"auto", "live", "plain", "json", "quiet"};
    Option quiet = option(flags, "--quiet", "", "Errors only, as --progress quiet.",
                          [](CommonFlags& f, Text, Text) { f.progress = ProgressStyle::quiet; });
    quiet.aliases = {"-q"};
    Option yes = option(flags, "--yes", "", "Ask nothing.", [](CommonFlags& f, Text, Text) { f.yes = true; });
    yes.aliases = {"-y"};
    Option environment = option(flags, "--env", "NAME", "Merge waaft.NAME.yaml over waaft.yaml.",
                                [](CommonFlags& f, Text, Text text) { f.environment = text; });
    environment.aliases = {"-e"};
    Option config = option(flags, "--config", "FILE", "Read this file instead of waaft.yaml.",
                           [](CommonFlags& f, Text, Text text) { f.file = text; });
    config.file = true;
    return {std::move(config),
            std::move(environment),
            std::move(output),
            std::move(progress),
            std::move(quiet),
            std::move(yes),
            option(flags, "--timeout", "TIME", "How long all of it may take: 90s, 5m, 1h30m.", set_timeout)};
}

Option flag(std::string name, std::string value, std::string doc, std::function<void(const std::string&)> put) {
    return {.name = std::move(name),
            .aliases = {},
            .value = std::move(value),
            .doc = std::move(doc),
            .group = {},
            .choices = {},
            .set = [put = std::move(put)](const std::string&, const std::string& text) { put(text); }};
}

bool can_ask() { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

bool confirm(const Streams& streams, std::string_view question, const os::Interrupt* interrupt) {
    const auto answer = ask(streams, std::string(question) + " [y/N] ", interrupt);
    return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

bool confirm_by_name(const Streams& streams, std::string_view question, std::string_view name,
                     const os::Interrupt* interrupt) {
    const auto answer =
        ask(streams, std::string(question) + "\nType \"" + std::string(name) + "\" to go on: ", interrupt);
    return answer && *answer == name;
}

}  // namespace waaft::cmd
