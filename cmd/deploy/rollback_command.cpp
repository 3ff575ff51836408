// `waaft rollback`: an earlier revision becomes a new one.
#include "cmd/deploy/deploy_command.h"
#include "cmd/deploy/plan.h"
#include "cmd/deploy/rollback.h"
#include "cmd/deploy/shared.h"
#include "cmd/ui/failure.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <ostream>

namespace waaft::cmd {
namespace {

constexpr const char* rollback_schema = "waaft.rollback/1";

// The revision that was asked for; without a number the one that worked before the current one.
Result<const deploy::Revision*> choose(const std::vector<deploy::Revision>& revisions, const std::string& wanted) {
    const auto wrong = [](std::string what) {
        return Error{"usage_revision", std::move(what), "--to-revision", "waaft history lists the revisions"};
    };
    if (revisions.empty()) return wrong("nothing was deployed here yet");
    if (wanted.empty()) {
        const auto* before = deploy::last_deployed(revisions, revisions.back().number);
        if (before == nullptr) return wrong("there is no earlier revision that worked");
        return before;
    }
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (bad != std::errc{} || end != wanted.data() + wanted.size()) return wrong("\"" + wanted + "\" is no number");
    for (const auto& revision : revisions)
        if (revision.number == number) return &revision;
    return wrong("there is no revision " + wanted);
}

struct Course {
    deploy::Session& session;
    deploy::Work& work;
    std::vector<deploy::Revision> revisions;
    deploy::Revision revision;

    Result<void> keep(const std::string& status) {
        revision.status = status;
        return deploy::write_revision(work.api, revision, work.name);
    }

    Result<Exit, Errors> end(const deploy::Watched& watched) {
        const bool ready = watched.standing == kube::Standing::ready;
        const auto causes = ready ? std::vector<kube::Cause>() : deploy::causes_of(watched, work.name);
        revision.cause = causes.empty() ? "" : causes.front().code;
        if (auto kept = keep(ready ? "deployed" : "failed"); !kept) return Errors{kept.error()};
        const auto exit = ready ? Exit::ok : Exit::rollback_failed;
        const auto& streams = session.streams;
        if (!session.input.common->json()) {
            for (const auto& cause : causes) print_cause(streams, cause);
            if (ready) streams.out << "deployed revision " << revision.number << " " << revision.image << '\n';
            return exit;
        }
        auto result = ready ? boost::json::object{{"schema", rollback_schema}, {"result", "deployed"}, {"exit", 0}}
                            : failure_json(rollback_schema, exit, causes);
        result["revision"] = revision.number;
        result["image"] = revision.image;
        streams.out << boost::json::serialize(result) << '\n';
        return exit;
    }

    Result<Exit, Errors> run(const std::string& wanted) {
        auto read = deploy::read_revisions(work.api, work.name);
        if (!read) return Errors{read.error()};
        revisions = std::move(*read);
        const auto chosen = choose(revisions, wanted);
        if (!chosen) return Errors{chosen.error()};
        revision = **chosen;
        revision.note = "rollback to " + std::to_string(revision.number);
        revision.number = deploy::next_number(revisions);
        revision.at = kube::format_time(work.api.cluster_time());
        revision.by = deploy::whoami();
        work.progress.step("rollback", "Bringing revision " + std::to_string((*chosen)->number) + " back");
        if (auto kept = keep("pending"); !kept) return Errors{kept.error()};
        const auto gone = deploy::still_ours(work.api, deploy::pruned_objects(revisions, revision.objects), work.name);
        if (!gone) return Errors{gone.error()};
        const auto watched = deploy::bring_back(work, revision);
        if (!watched) return Errors{watched.error()};
        if (watched->standing == kube::Standing::ready) {
            work.progress.done(watched->waiting_for);
            if (auto removed = deploy::remove_objects(work, *gone); !removed) return Errors{removed.error()};
        }
        return end(*watched);
    }
};

Result<Exit, Errors> run_rollback(const Streams& streams, const deploy::Input& input, const std::string& wanted) {
    deploy::Session session(streams, input);
    if (auto started = session.start(); !started) return started.error();
    auto work = session.work(deploy::time_allowed);
    const auto lock =
        deploy::Lock::take(*session.api, work.name, Duration::zero(), session.progress, session.interrupt);
    if (!lock) return Errors{lock.error()};
    work.lock = lock->get();
    return Course{session, work, {}, {}}.run(wanted);
}

}  // namespace

Command rollback_command(const Environment& environment) {
    deploy::Input input;
    input.environment = environment;
    const auto wanted = std::make_shared<std::string>();
    auto options = deploy::shared_options(input);
    options.push_back(deploy::flag("--to-revision", "NUMBER", "Which; default: the last that worked before this one.",
                                   [wanted](const std::string& text) { *wanted = text; }));
    return {.name = "rollback",
            .doc = "Bring an earlier revision back, as a new one, and watch until it serves.",
            .options = std::move(options),
            .arguments = {},
            .subcommands = {},
            .run = [input, wanted](const Streams& streams) {
                return deploy::finish(streams, input, rollback_schema, run_rollback(streams, input, *wanted));
            }};
}

}  // namespace waaft::cmd
