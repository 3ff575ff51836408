// `waaft destroy`: names what goes, asks for the name, removes only what is ours.
#include "cmd/deploy/apply.h"
#include "cmd/deploy/deploy_command.h"
#include "cmd/deploy/plan.h"
#include "cmd/deploy/revision.h"
#include "cmd/deploy/shared.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

namespace waaft::cmd {
namespace {

constexpr const char* schema = "waaft.destroy/1";
constexpr std::chrono::minutes time_allowed{15};

// The secret that pods made, what each revision had, the revisions, the lock; with its Namespace if waaft made that.
Result<kube::Objects> what_goes(kube::Api& api, const std::string& name) {
    const auto revisions = deploy::read_revisions(api, name);
    if (!revisions) return revisions.error();
    auto objects = deploy::pruned_objects(*revisions, {});
    auto found = deploy::still_ours(api, objects, name);
    if (!found) return found;
    for (const auto& revision : *revisions) found->push_back(deploy::to_secret(revision, name));
    const auto shared = api.get(api.path({"v1", "Secret"}, name + "-cluster"));
    if (shared) found->push_back(*shared);
    if (!shared && shared.error().code != "NOT_FOUND") return shared.error();
    return found;
}

Result<bool> is_own_namespace(kube::Api& api) {
    const auto space = api.get("/api/v1/namespaces/" + api.target().name_space);
    if (!space && (space.error().code == "FORBIDDEN" || space.error().code == "NOT_FOUND")) return false;
    if (!space) return space.error();
    return kube::text(*space, {"metadata", "labels", "app.kubernetes.io/managed-by"}) == "waaft";
}

// A namespace with anything of others in it stays; pods, what controllers make and what every namespace has aside.
Result<bool> holds_others(kube::Api& api, const std::string& name) {
    const auto answers = api.get_all({api.path({"apps/v1", "Deployment"}), api.path({"apps/v1", "StatefulSet"}),
                                      api.path({"v1", "PersistentVolumeClaim"}), api.path({"v1", "Service"})});
    for (const auto& answer : answers) {
        if (!answer) return answer.error();
        for (const auto& entry : kube::list(*answer, {"items"})) {
            const auto* object = entry.if_object();
            if (object != nullptr && kube::text(*object, {"metadata", "labels", "app.kubernetes.io/instance"}) != name)
                return true;
        }
    }
    return false;
}

void report(const Streams& streams, bool json, const kube::Objects& gone, bool with_namespace) {
    if (!json) {
        streams.out << "removed " << gone.size() << " objects" << (with_namespace ? " and the namespace" : "") << '\n';
        return;
    }
    boost::json::object result{{"schema", schema}, {"result", "destroyed"}, {"exit", 0}};
    auto& list = result["removed"].emplace_array();
    for (const auto& object : gone) list.emplace_back(kube::title_of(object));
    result["namespace_removed"] = with_namespace;
    streams.out << boost::json::serialize(result) << '\n';
}

Result<Exit, Errors> run(const Streams& streams, const deploy::Input& input) {
    deploy::Session session(streams, input);
    if (auto started = session.start(); !started) return started.error();
    auto& api = *session.api;
    const auto& name = session.project.name;
    const auto gone = what_goes(api, name);
    if (!gone) return Errors{gone.error()};
    auto own = is_own_namespace(api);
    if (own && *own) {
        const auto others = holds_others(api, name);
        if (!others) return Errors{others.error()};
        own = !*others;
    }
    if (!own) return Errors{own.error()};
    const auto where = api.target().name_space + " of " + api.target().context;
    streams.err << "From the namespace " << where << " go" << (*own ? ", with the namespace itself" : "") << ":\n";
    for (const auto& object : *gone) streams.err << "  " << kube::title_of(object) << '\n';
    if (!input.common->yes &&
        !confirm_by_name(streams, "Type the name of the deployment to remove it: ", name, &session.interrupt)) {
        if (session.interrupt.raised()) return Errors{session.interrupt.error()};
        return Errors{{"usage_confirm", "nothing was removed: nobody said yes", {}, "--yes answers without asking"}};
    }
    auto work = session.work(time_allowed);
    {
        const auto lock = deploy::Lock::take(api, name, Duration::zero(), session.progress, session.interrupt);
        if (!lock) return Errors{lock.error()};
        session.progress.step("destroy", "Removing");
        if (auto removed = deploy::remove_objects(work, *gone); !removed) return Errors{removed.error()};
    }
    const auto lease = api.path({"coordination.k8s.io/v1", "Lease"}, name + "-deploy");
    if (auto removed = api.remove(lease); !removed) return Errors{removed.error()};
    if (*own) {
        auto removed = api.remove("/api/v1/namespaces/" + api.target().name_space);
        if (!removed) return Errors{removed.error()};
    }
    session.progress.done("removed");
    report(streams, input.common->json(), *gone, *own);
    return Exit::ok;
}

}  // namespace

Command destroy_command(const Environment& environment) {
    deploy::Input input;
    input.environment = environment;
    return {
        .name = "destroy",
        .doc = "Remove what waaft deployed; asks for its name. What others made stays.",
        .options = deploy::shared_options(input),
        .arguments = {},
        .subcommands = {},
        .run = [input](const Streams& streams) { return deploy::finish(streams, input, schema, run(streams, input)); }};
}

}  // namespace waaft::cmd
