#include "cmd/bench/steps.h"

#include "cmd/bench/bare_send.h"
#include "cmd/load/lateness.h"
#include "cmd/load/load_report.h"
#include "cmd/load/tls_client.h"

#include <boost/json.hpp>

#include <sched.h>

#include <cmath>

namespace waaft::bench {

namespace json = boost::json;

Cores choose_cores() {
    cpu_set_t permitted;
    sched_getaffinity(0, sizeof permitted, &permitted);
    std::vector<unsigned> cores;
    for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &permitted)) cores.push_back(core);
    }
    return {cores.front(), cores.back()};
}

std::vector<std::string> server_arguments(const std::string& data, const OwnServerOptions& options) {
    std::vector<std::string> arguments{"serve",
                                       "--listen-address",
                                       "127.0.0.1",
                                       "--port",
                                       "0",
                                       "--ops-port",
                                       std::to_string(options.ops_port),
                                       "--data",
                                       data,
                                       "--listen-shards",
                                       "1",
                                       "--log-format",
                                       "json",
                                       "--log-level",
                                       "info",
                                       "--limits-rooms-per-minute",
                                       "100000"};
    if (!options.limited) {
        const char* const wide[] = {"--limits-connections",
                                    "19000",
                                    "--limits-connections-per-address",
                                    "20000",
                                    "--limits-handshakes-per-second",
                                    "100000",
                                    "--limits-messages-per-second",
                                    "10000",
                                    "--rooms-members",
                                    "20000"};
        arguments.insert(arguments.end(), std::begin(wide), std::end(wide));
    }
    arguments.insert(arguments.end(), options.more.begin(), options.more.end());
    return arguments;
}

std::unique_ptr<OwnServer> start_server(const OwnServerOptions& options) {
    auto server = std::make_unique<OwnServer>();
    const std::string& folder = server->folder.path();
    server->process = need(load::Server::start({.program = options.program,
                                                .arguments = server_arguments(folder + "/data", options),
                                                .log_file = folder + "/log",
                                                .core = options.core}));
    return server;
}

load::Target target_of(const OwnServer& server, bool tls) {
    load::Target target;
    target.endpoint = need(
        load::parse_url((tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(server.process->port())));
    target.address = need(load::resolve(target.endpoint));
    if (tls) {
        target.context =
            need(load::make_tls_client({.insecure = false, .ca_file = server.folder.path() + "/data/tls/ca.crt"}));
    }
    return target;
}

Worker start_load(unsigned core, const load::Target& target, const load::ChatLoadOptions& load, bool looks) {
    return Worker(core, [target, load, looks](const Worker::Emit& emit) -> json::object {
        load::EventLoop loop;
        loop.catch_signals();
        if (looks) loop.look_each(read_pause);
        const auto held = [&](const load::ChatLoadReport& report) { emit({{"held", report.joined}}); };
        const auto report = load::run_chat_load(loop, target, load, {.say = {}, .held = held});
        if (!report) return {{"error", report.error().what}};
        return load::report_json(*report);
    });
}

void judge_load(const json::object& report, std::vector<std::string>& late) {
    for (const auto& phase : report.at("phases").as_array()) {
        const double behind = phase.at("behindP99Ms").to_number<double>();
        const auto sent = phase.at("deliveries").to_number<double>();
        const std::string when = "A load with " + std::to_string(std::llround(sent)) + " deliveries";
        if (auto reason = load::why_late(when, behind)) late.push_back(*std::move(reason));
    }
}

json::object finish_load(Worker& worker, std::vector<std::string>& late) {
    json::object line;
    do {
        line = need(worker.next(load_timeout));
    } while (line.contains("held"));
    if (!line.at("good").as_bool()) {
        line.erase("phases");
        throw Failed{{"bench", "the load did not go well, so its figures mean nothing", json::serialize(line), {}}};
    }
    judge_load(line, late);
    return line;
}

}  // namespace waaft::bench
