#include "cmd/pod/cluster_init_command.h"

#include "cmd/pod/await_listener.h"
#include "cmd/pod/cluster_init.h"
#include "cmd/pod/kube_api.h"

#include "cmd/os/files.h"

#include <charconv>
#include <ostream>
#include <thread>

namespace waaft::cmd {
namespace {

// A volume that must be made first takes minutes; whoever is not there by then has a trouble of its own.
constexpr std::chrono::minutes await_time{10};

struct Options {
    pod::ClusterInitOptions init;
    std::string out;
    std::string credentials = "/var/run/secrets/kubernetes.io/serviceaccount";
    std::string wait = "60";
    std::string awaited;
};
using SharedOptions = std::shared_ptr<Options>;

Option text_option(const SharedOptions& options, std::string name, std::string value, std::string doc,
                   std::function<void(Options&, const std::string&)> put) {
    Option option;
    option.name = std::move(name);
    option.value = std::move(value);
    option.doc = std::move(doc);
    option.set = [options, put = std::move(put)](const std::string&, const std::string& text) { put(*options, text); };
    return option;
}

std::vector<Option> options_of(const SharedOptions& options) {
    auto name = text_option(options, "--name", "NAME", "One more name of the certificate; may be repeated.",
                            [](Options& o, const std::string& text) { o.init.names.push_back(text); });
    name.repeatable = true;
    return {text_option(options, "--secret", "NAME", "The Secret that all pods share.",
                        [](Options& o, const std::string& text) { o.init.secret = text; }),
            text_option(options, "--service", "NAME", "The Service whose address the certificate has.",
                        [](Options& o, const std::string& text) { o.init.service = text; }),
            std::move(name),
            text_option(options, "--out", "DIR",
                        "Where the server reads secret, redis.password, ca.crt, tls.crt and tls.key.",
                        [](Options& o, const std::string& text) { o.out = text; }),
            text_option(options, "--wait", "SECONDS", "How long to wait for an address, at most 600 (60).",
                        [](Options& o, const std::string& text) { o.wait = text; }),
            text_option(options, "--await", "HOST:PORT", "At the end wait until something listens there.",
                        [](Options& o, const std::string& text) { o.awaited = text; }),
            text_option(options, "--credentials", "DIR", "Where the ServiceAccount's token, ca.crt and namespace are.",
                        [](Options& o, const std::string& text) { o.credentials = text; })};
}

Result<void> complete(Options& options) {
    constexpr int wait_max = 600;
    int seconds = -1;
    const auto& text = options.wait;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > wait_max)
        return Error{"usage_wait", "--wait must be a whole number from 0 to 600, not \"" + text + "\""};
    options.init.address_wait = std::chrono::seconds(seconds);
    if (options.init.secret.empty() || options.out.empty())
        return Error{"usage_required", "--secret and --out are needed", {}, "waaft cluster-init --help"};
    return {};
}

// The server's key and secret only for its own user; the certificates are public.
Result<void> write_shared(const std::string& folder, const pod::Shared& shared) {
    const struct {
        const char* name;
        const std::string& text;
        mode_t mode;
    } files[] = {{"secret", shared.secret, 0600},
                 {"ca.crt", shared.ca_cert, 0644},
                 {"redis.password", shared.redis_password, 0600},
                 {"tls.crt", shared.cert, 0644},
                 {"tls.key", shared.key, 0600}};
    for (const auto& file : files) {
        if (auto written = os::write_file(folder + "/" + file.name, file.text, file.mode); !written)
            return written.error();
    }
    return {};
}

Result<pod::Shared> agree(pod::ClusterInit& init, pod::KubeApi& api, const Streams& streams) {
    while (true) {
        auto step = init.next(read_clocks());
        for (const auto& note : init.take_notes()) streams.err << note << std::endl;
        if (const auto* error = std::get_if<Error>(&step)) return *error;
        if (auto* shared = std::get_if<pod::Shared>(&step)) return std::move(*shared);
        if (const auto* wait = std::get_if<pod::Wait>(&step)) {
            std::this_thread::sleep_until(wait->until);
            continue;
        }
        const auto answer = api.ask(std::get<pod::Request>(step));
        init.on_answer(answer.status, answer.body, read_clocks());
    }
}

Result<Exit, Errors> run(Options options, const Environment& environment, const Streams& streams) {
    if (auto completed = complete(options); !completed) return Errors{completed.error()};
    auto credentials = pod::read_credentials(options.credentials, environment);
    if (!credentials) return Errors{credentials.error()};
    options.init.namespace_ = credentials->namespace_;
    pod::KubeApi api(std::move(*credentials));
    pod::ClusterInit init(std::move(options.init), read_clocks());
    const auto shared = agree(init, api, streams);
    if (!shared) return Errors{shared.error()};
    if (auto written = write_shared(options.out, *shared); !written) return Errors{written.error()};
    if (options.awaited.empty()) return Exit::ok;
    streams.err << "Waiting for " << options.awaited << "." << std::endl;
    if (auto there = pod::await_listener(options.awaited, await_time); !there) return Errors{there.error()};
    return Exit::ok;
}

}  // namespace

Command cluster_init_command(const Environment& environment) {
    const auto options = std::make_shared<Options>();
    return {.name = "cluster-init",
            .doc = "In a pod, before `serve`: make or fetch what all pods share.",
            .options = options_of(options),
            .arguments = {},
            .subcommands = {},
            .run = [options, environment](const Streams& streams) { return run(*options, environment, streams); }};
}

}  // namespace waaft::cmd
