#include "cmd/status/scale_command.h"

#include "cmd/kube/diagnose.h"
#include "cmd/os/files.h"
#include "cmd/project/config_text.h"
#include "cmd/status/collect.h"
#include "cmd/status/scale.h"
#include "cmd/status/session.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"
#include "cmd/yaml/edit.h"

#include <boost/json/serialize.hpp>

#include <poll.h>

#include <charconv>
#include <optional>
#include <ostream>

namespace waaft::cmd {
namespace {

using status::Scale;
using status::Session;

constexpr std::string_view scale_schema = "waaft.scale/1";
constexpr std::int64_t pods_max = 1000;
constexpr std::int64_t cpu_max = 500;
constexpr std::chrono::minutes default_timeout{10};
constexpr std::chrono::milliseconds look_again{1000};
constexpr std::chrono::milliseconds tick{250};

struct ScaleOptions {
    status::SessionFlags flags;
    status::ScaleWish wish;
    bool save = false;
    bool force = false;
    Errors wrong;
};
using SharedScale = std::shared_ptr<ScaleOptions>;

// What a look at the cluster gave.
struct Looked {
    kube::Object hpa;
    kube::Snapshot snapshot;
};

Result<Looked> look(kube::Api& api, const std::string& name) {
    auto answers =
        api.get_all({api.path({"autoscaling/v2", "HorizontalPodAutoscaler"}, name),
                     api.path({"apps/v1", "Deployment"}, name), status::labelled(api, {"apps/v1", "ReplicaSet"}, name),
                     status::labelled(api, {"v1", "Pod"}, name), api.path({"v1", "Event"}) + "?limit=500"});
    for (auto& answer : answers) {
        if (!answer) return answer.error();
    }
    Looked looked;
    looked.hpa = std::move(*answers[0]);
    looked.snapshot.deployment = std::move(*answers[1]);
    const auto put = [](const kube::Object& answer, std::string_view kind, kube::Objects& into) {
        for (const auto& entry : kube::list(answer, {"items"})) {
            if (!entry.is_object()) continue;
            into.push_back(entry.get_object());
            into.back()["kind"] = std::string(kind);
        }
    };
    put(*answers[2], "ReplicaSet", looked.snapshot.replica_sets);
    put(*answers[3], "Pod", looked.snapshot.pods);
    put(*answers[4], "Event", looked.snapshot.events);
    return looked;
}

Error not_deployed(Error error, const std::string& name) {
    if (error.code != "NOT_FOUND") return error;
    return {"NOT_FOUND", "there is nothing to scale: " + name + " has no Deployment with an autoscaler here",
            error.where, "`waaft deploy` makes both; check --context and --namespace"};
}

// The file that --save changes; empty: none.
std::string file_of(const ScaleOptions& options, const Session& session) {
    const auto& file = session.loaded.file;
    const auto& environment = options.flags.common->environment;
    return file.empty() || !environment ? file : project::overlay_of(file, *environment);
}

Scale scale_in_file(const Session& session) {
    const auto& autoscaling = session.project().autoscaling;
    return {autoscaling.min, autoscaling.max, autoscaling.cpu_percent};
}

Result<void> save(const std::string& file, const Scale& before, const Scale& after) {
    auto text = project::read_config(file);
    if (!text) return text.error();
    const auto set = [&](const char* key, std::int64_t value) -> Result<void> {
        auto changed = yaml::set_scalar(*text, {"autoscaling", key}, value, file);
        if (!changed) return changed.error();
        text = std::move(*changed);
        return {};
    };
    Result<void> done;
    if (after.min != before.min) done = set("min", after.min);
    if (done && after.max != before.max) done = set("max", after.max);
    if (done && after.cpu && after.cpu != before.cpu) done = set("cpu", *after.cpu);
    return done ? os::write_file(file, *text) : done;
}

// How the waiting ended: nothing wrong, or causes.
struct Waited {
    Exit exit = Exit::ok;
    std::vector<Cause> causes;
    std::int64_t pods = 0;
};

Waited failed_wait(const Error& error) { return {exit_of_code(error.code), {cause_of(error)}, 0}; }

// Keeps the clock on the terminal going; false: an interrupt.
bool pause(Progress& progress, const os::Interrupt& interrupt) {
    for (Duration left = look_again; left > Duration::zero(); left -= tick) {
        pollfd waits{interrupt.fd(), POLLIN, 0};
        poll(&waits, 1, static_cast<int>(tick.count()));
        if (interrupt.raised()) return false;
        progress.tick();
    }
    return true;
}

Waited wait_until_true(const ScaleOptions& options, Session& session, const Scale& scale, Progress& progress,
                       const os::Interrupt& interrupt) {
    const auto timeout = options.flags.common->timeout;
    const auto until = Clock::now() + (timeout > Duration::zero() ? timeout : Duration(default_timeout));
    kube::Rollout rollout;
    std::string waiting_for;
    while (Clock::now() < until) {
        const auto looked = look(*session.api, session.project().name);
        if (interrupt.raised()) break;
        if (!looked) return failed_wait(looked.error());
        const auto reached = status::reached(scale, looked->hpa, looked->snapshot.deployment);
        const auto pods = kube::number(looked->snapshot.deployment, {"status", "readyReplicas"});
        if (reached.done) return {Exit::ok, {}, pods};
        waiting_for = reached.waiting_for;
        progress.status(waiting_for);
        const auto verdict = rollout.look(looked->snapshot, session.api->cluster_time());
        // A new pod that cannot run beside others that do: no rollout is doomed by it, but this command is.
        if (verdict.standing == kube::Standing::doomed) return {Exit::rollout_failed, verdict.causes, pods};
        if (!pause(progress, interrupt)) break;
    }
    if (interrupt.raised()) return failed_wait(interrupt.error());
    return failed_wait({"TIMEOUT", "it was not so in time: " + waiting_for, "Deployment/" + session.project().name,
                        "`waaft status` shows why; the new limits stay"});
}

boost::json::object json_of(const Scale& scale) {
    return {{"min", scale.min}, {"max", scale.max}, {"cpu", scale.cpu ? boost::json::value(*scale.cpu) : nullptr}};
}

struct Outcome {
    Scale before, after;
    Waited waited;
    std::string file;
    bool saved = false;
    Scale in_file;
};

// What the next deploy would do to it.
std::string file_text(const Outcome& outcome) {
    if (outcome.saved) return outcome.file + " says so too now";
    if (outcome.in_file == outcome.after) return {};
    if (outcome.file.empty()) {
        return "no waaft.yaml is used here, so the next `waaft deploy` sets " + text_of(outcome.in_file) + " again";
    }
    return outcome.file + " still says " + text_of(outcome.in_file) +
           ", which the next `waaft deploy` sets again; --save writes the new values there";
}

void show(const ScaleOptions& options, const Outcome& outcome, const boost::json::object& timings,
          const Streams& streams) {
    const auto& waited = outcome.waited;
    if (options.flags.common->json()) {
        boost::json::object json{{"schema", std::string(scale_schema)}, {"result", "ok"}};
        if (waited.exit != Exit::ok) json = failure_json(scale_schema, waited.exit, waited.causes);
        json["before"] = json_of(outcome.before);
        json["after"] = json_of(outcome.after);
        json["ready"] = waited.pods;
        json["file"] = outcome.file.empty() ? boost::json::value() : boost::json::value(outcome.file);
        json["saved"] = outcome.saved;
        json["inFile"] = json_of(outcome.in_file);
        json["timings"] = timings;
        streams.out << boost::json::serialize(json) << '\n';
        return;
    }
    for (const auto& cause : waited.causes) print_cause(streams, cause);
    streams.out << "before: " << text_of(outcome.before) << "\nafter:  " << text_of(outcome.after);
    if (waited.exit == Exit::ok) streams.out << "; " << waited.pods << " ready";
    streams.out << '\n';
    if (const auto file = file_text(outcome); !file.empty()) streams.out << file << '\n';
}

// What is worth a warning. Whoever may not read quotas is told by the cluster when one is full.
Result<std::string> check_quotas(kube::Api& api, const Outcome& outcome, const kube::Object& deployment) {
    const auto quotas = api.get(api.path({"v1", "ResourceQuota"}));
    if (!quotas) return std::string();
    kube::Objects list;
    for (const auto& entry : kube::list(*quotas, {"items"})) {
        if (!entry.is_object()) continue;
        list.push_back(entry.get_object());
        list.back()["kind"] = "ResourceQuota";
    }
    return status::check_room(outcome.before, outcome.after, status::room_of(list, deployment));
}

Result<Outcome, Errors> scale(const ScaleOptions& options, Session& session, Progress& progress,
                              const os::Interrupt& interrupt) {
    Outcome outcome;
    auto& api = *session.api;
    progress.step("look", "Looking at what runs");
    const auto looked = look(api, session.project().name);
    if (!looked) return Errors{not_deployed(looked.error(), session.project().name)};
    outcome.before = status::scale_of(looked->hpa);
    outcome.file = file_of(options, session);
    outcome.in_file = scale_in_file(session);
    const auto after = status::wished(outcome.before, options.wish);
    if (!after) return Errors{after.error()};
    outcome.after = *after;
    if (options.save && outcome.file.empty()) {
        return Errors{{"usage_scale", "--save has no waaft.yaml to write to", {}, "`waaft init` writes one"}};
    }
    const auto room = check_quotas(api, outcome, looked->snapshot.deployment);
    if (!room) return Errors{room.error()};
    if (!room->empty()) progress.warn(*room);
    progress.done("now " + text_of(outcome.before));
    progress.step("apply", "Setting " + text_of(outcome.after));
    const auto applied =
        api.apply(status::scaled(looked->hpa, outcome.after), {.dry_run = false, .force = options.force});
    if (!applied) return Errors{applied.error()};
    if (options.save) {
        if (auto saved = save(outcome.file, outcome.in_file, outcome.after); !saved) return Errors{saved.error()};
        outcome.saved = true;
    }
    progress.step("wait", "Waiting until it is so");
    outcome.waited = wait_until_true(options, session, outcome.after, progress, interrupt);
    if (outcome.waited.exit == Exit::ok) progress.done(std::to_string(outcome.waited.pods) + " pods ready");
    return outcome;
}

Result<Exit, Errors> run_scale(const ScaleOptions& options, const Environment& environment, const Streams& streams) {
    const auto& flags = options.flags;
    if (!options.wrong.empty()) return status::failed(flags, streams, scale_schema, options.wrong);
    if (options.wish.empty()) {
        return status::failed(flags, streams, scale_schema, {status::wished({}, options.wish).error()});
    }
    const os::Interrupt interrupt;
    auto session = status::open_session(flags, environment, streams, &interrupt);
    if (!session) return status::failed(flags, streams, scale_schema, session.error());
    if (session->project().redis.mode == project::RedisMode::none)
        return status::failed(flags, streams, scale_schema,
                              {{"usage_scale",
                                "redis.mode is none, so there is one pod and nothing to scale",
                                {},
                                "set redis.mode to bundled or external in waaft.yaml, then waaft deploy"}});
    Progress progress(streams, flags.common->progress);
    const auto outcome = scale(options, *session, progress, interrupt);
    if (!outcome) return status::failed(flags, streams, scale_schema, outcome.error());
    show(options, *outcome, progress.timings(), streams);
    return outcome->waited.exit;
}

Option number_option(const SharedScale& options, std::string name, std::int64_t min, std::int64_t max, std::string doc,
                     std::optional<std::int64_t> status::ScaleWish::*member) {
    const auto set = [options, min, max, member](const std::string& flag, const std::string& text) {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc{} && end == text.data() + text.size() && value >= min && value <= max) {
            options->wish.*member = value;
            return;
        }
        options->wrong.push_back({"usage_number",
                                  flag + " must be a whole number from " + std::to_string(min) + " to " +
                                      std::to_string(max) + ", not \"" + text + "\"",
                                  {},
                                  {}});
    };
    return status::value_option(std::move(name), "N", std::move(doc), set);
}

}  // namespace

Command scale_command(const Environment& environment) {
    using status::ScaleWish;
    const auto options = std::make_shared<ScaleOptions>();
    std::vector<Option> own{
        number_option(options, "--min", 1, pods_max, "The fewest pods.", &ScaleWish::min),
        number_option(options, "--max", 1, pods_max, "The most pods.", &ScaleWish::max),
        number_option(options, "--cpu", 1, cpu_max, "The CPU that the autoscaler aims at, in percent of the request.",
                      &ScaleWish::cpu),
        number_option(options, "--replicas", 1, pods_max, "Exactly so many pods: --min and --max at once.",
                      &ScaleWish::replicas),
        status::switch_option("--save", "Write the new values to waaft.yaml too (with -e to waaft.NAME.yaml).",
                              [options] { options->save = true; }),
        status::switch_option("--force-conflicts", "Take the limits over from whoever else set them.",
                              [options] { options->force = true; }),
    };
    return {
        .name = "scale",
        .doc = "Change how many pods the autoscaler may run, and wait until it is so.",
        .options = status::with_session_options(std::move(own), options->flags, true),
        .arguments = {},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return run_scale(*options, environment, streams); }};
}

}  // namespace waaft::cmd
