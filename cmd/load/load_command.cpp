#include "cmd/load/load_command.h"

#include "cmd/load/chat_load.h"
#include "cmd/load/load_report.h"
#include "cmd/load/rest.h"
#include "cmd/load/wire.h"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <fstream>
#include <optional>
#include <ostream>

namespace waaft::cmd {
namespace {

struct LoadOptions {
    std::string url;
    std::string room;
    std::string key_file;
    std::string duration = "30s";
    std::optional<std::uint32_t> senders;
    load::ChatLoadOptions chat{};
    load::ChatLoadOptions::Phase phase{.rate = 10};
    load::TlsOptions tls;
    bool json = false;
    bool yes = false;
    Errors wrong;  // values that could not be read
};

using Shared = std::shared_ptr<LoadOptions>;

bool parse_number(const std::string& text, std::uint64_t min, std::uint64_t max, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= min && value <= max;
}

// "30s", "5m", "1h", "500ms".
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
    const auto unit_at = text.find_first_not_of("0123456789");
    const std::string unit = unit_at == std::string::npos ? "" : text.substr(unit_at);
    const std::uint64_t factor = unit == "ms"  ? 1
                                 : unit == "s" ? 1000
                                 : unit == "m" ? 60'000
                                 : unit == "h" ? 3'600'000
                                               : 0;
    const std::uint64_t max = std::chrono::milliseconds(load::ChatLoadOptions::duration_max).count();
    std::uint64_t count = 0;
    if (factor == 0 || !parse_number(text.substr(0, unit_at), 1, max, count) || count * factor > max)
        return std::nullopt;
    return std::chrono::milliseconds(count * factor);
}

Option number_option(const Shared& options, std::string name, std::uint64_t min, std::uint64_t max, std::string doc,
                     std::function<void(LoadOptions&, std::uint32_t)> put) {
    return {.name = std::move(name),
            .aliases = {},
            .value = "N",
            .doc = std::move(doc),
            .group = {},
            .choices = {},
            .set = [options, min, max, put = std::move(put)](const std::string& flag, const std::string& text) {
                std::uint64_t value = 0;
                if (parse_number(text, min, max, value)) return put(*options, static_cast<std::uint32_t>(value));
                options->wrong.push_back({"usage_number",
                                          flag + " must be a whole number from " + std::to_string(min) + " to " +
                                              std::to_string(max) + ", not \"" + text + "\"",
                                          {},
                                          {}});
            }};
}

Option text_option(const Shared& options, std::string name, std::string value, std::string doc, bool file,
                   std::function<void(LoadOptions&, const std::string&)> put) {
    return {
        .name = std::move(name),
        .aliases = {},
        .value = std::move(value),
        .doc = std::move(doc),
        .group = {},
        .choices = {},
        .file = file,
        .set = [options, put = std::move(put)](const std::string&, const std::string& text) { put(*options, text); }};
}

std::vector<Option> load_options(const Shared& options) {
    using Load = load::ChatLoadOptions;
    Option output = text_option(options, "--output", "FORM", "text or json.", false,
                                [](LoadOptions& o, const std::string& form) { o.json = form == "json"; });
    output.choices = {"text", "json"};
    return {
        number_option(options, "--clients", 1, Load::clients_max, "Members that join (100).",
                      [](LoadOptions& o, std::uint32_t n) { o.chat.clients = n; }),
        number_option(options, "--senders", 0, Load::clients_max,
                      "How many of them send; default: as many as are needed for 5 messages a second each.",
                      [](LoadOptions& o, std::uint32_t n) { o.senders = n; }),
        number_option(options, "--rate", 0, Load::rate_max, "Messages a second, of all senders together (10).",
                      [](LoadOptions& o, std::uint32_t n) { o.phase.rate = n; }),
        text_option(options, "--duration", "TIME", "How long to send: 30s, 5m; at most 1h (30s).", false,
                    [](LoadOptions& o, const std::string& text) { o.duration = text; }),
        number_option(options, "--size", load::stamp_bytes, Load::text_max, "Bytes of a message's text (200).",
                      [](LoadOptions& o, std::uint32_t n) { o.chat.text_bytes = n; }),
        text_option(options, "--room", "NAME", "An open room; default: a new one.", false,
                    [](LoadOptions& o, const std::string& text) { o.room = text; }),
        text_option(options, "--key-file", "FILE", "File with an API key, for a server where only keys make rooms.",
                    true, [](LoadOptions& o, const std::string& text) { o.key_file = text; }),
        text_option(options, "--ca", "FILE", "Certificates to trust instead of the system's (PEM).", true,
                    [](LoadOptions& o, const std::string& text) { o.tls.ca_file = text; }),
        text_option(options, "--insecure", "", "Believe any certificate.", false,
                    [](LoadOptions& o, const std::string&) { o.tls.insecure = true; }),
        number_option(options, "--server-pid", 1, INT32_MAX, "Measure this process too: the server, on this machine.",
                      [](LoadOptions& o, std::uint32_t n) { o.chat.server_pids = {static_cast<pid_t>(n)}; }),
        text_option(options, "--yes", "", "Load a server on another machine.", false,
                    [](LoadOptions& o, const std::string&) { o.yes = true; }),
        std::move(output),
    };
}

Result<std::string> read_key(const std::string& file) {
    if (file.empty()) return std::string();
    std::ifstream in(file);
    std::string key;
    if (std::getline(in, key) && !key.empty()) return key;
    return Error{"usage_key_file", "the file with the API key cannot be read, or is empty", file, {}};
}

std::string plan_text(const LoadOptions& options, const load::Endpoint& endpoint) {
    const auto& chat = options.chat;
    return "will join " + std::to_string(chat.clients) + " clients to " +
           (options.room.empty() ? std::string("a new room") : "room " + options.room) + " of " + endpoint.origin +
           " and send " + std::to_string(options.phase.rate) + " messages a second for " + options.duration + ", " +
           std::to_string(std::uint64_t{options.phase.rate} * chat.clients) + " deliveries a second";
}

Result<void, Errors> complete(LoadOptions& options) {
    if (!options.wrong.empty()) return options.wrong;
    auto& chat = options.chat;
    const auto duration = parse_duration(options.duration);
    if (!duration) {
        return Errors{
            {"usage_duration", "--duration must be a time such as 500ms, 30s or 5m, at most 1h", options.duration, {}}};
    }
    auto& phase = options.phase;
    phase.duration = *duration;
    phase.warm_up = std::min(std::chrono::milliseconds(1000), phase.duration / 5);
    chat.phases = {phase};
    constexpr std::uint32_t each = 5;
    chat.senders = options.senders.value_or(std::min(chat.clients, (phase.rate + each - 1) / each));
    if (chat.senders > chat.clients) {
        return Errors{{"usage_senders", "--senders must not be more than --clients", {}, {}}};
    }
    return {};
}

Result<load::Target> make_target(const LoadOptions& options) {
    auto endpoint = load::parse_url(options.url);
    if (!endpoint) return endpoint.error();
    auto address = load::resolve(*endpoint);
    if (!address) return address.error();
    auto key = read_key(options.key_file);
    if (!key) return key.error();
    load::Target target{*endpoint, *address, *key, {}};
    if (!endpoint->tls) return target;
    auto context = load::make_tls_client(options.tls);
    if (!context) return context.error();
    target.context = *context;
    return target;
}

// Somebody else's server is loaded only on purpose.
Result<void> permit(const LoadOptions& options, const load::Target& target, const Streams& streams) {
    const std::string plan = plan_text(options, target.endpoint);
    if (load::is_loopback(target.address) || options.yes) {
        streams.err << plan << '\n';
        return {};
    }
    return Error{"usage_yes", plan, "another machine than this one", "add --yes if that server is yours to load"};
}

Exit show(const LoadOptions& options, const load::ChatLoadReport& report, const Streams& streams) {
    if (options.json) {
        streams.out << boost::json::serialize(load::report_json(report)) << '\n';
    } else {
        streams.out << load::report_text(report);
    }
    return report.good() ? Exit::ok : Exit::unexpected;
}

Result<Exit, Errors> run(LoadOptions options, const Streams& streams) {
    if (auto completed = complete(options); !completed) return completed.error();
    const auto target = make_target(options);
    if (!target) return Errors{target.error()};
    if (auto permitted = permit(options, *target, streams); !permitted) return Errors{permitted.error()};
    if (options.room.empty()) {
        auto room = load::create_room({target->endpoint, target->key, options.tls});
        if (!room) return Errors{room.error()};
        options.room = *room;
        streams.err << "made room " << *room << '\n';
    }
    options.chat.rooms = {options.room};
    load::EventLoop loop;
    loop.catch_signals();
    const auto report =
        load::run_chat_load(loop, *target, options.chat,
                            {.say = [&](std::string_view line) { streams.err << line << std::endl; }, .held = {}});
    if (!report) return Errors{report.error()};
    return show(options, *report, streams);
}

}  // namespace

Command load_command() {
    const auto options = std::make_shared<LoadOptions>();
    Command chat{.name = "chat",
                 .doc = "Join many clients to a room, send messages, and measure what arrives.",
                 .options = load_options(options),
                 .arguments = {{.name = "URL",
                                .doc = "The server: http://127.0.0.1:3000. Another machine needs --yes.",
                                .choices = {},
                                .set = [options](const std::string& value) { options->url = value; }}},
                 .subcommands = {},
                 .run = [options](const Streams& streams) { return run(*options, streams); }};
    return {.name = "load",
            .doc = "Load a running server as its clients do.",
            .options = {},
            .arguments = {},
            .subcommands = {std::move(chat)},
            .run = {}};
}

}  // namespace waaft::cmd
