// `waaft destroy`: names what goes and what stays, asks for the name, removes only what is ours, and waits until it is
// gone. Pods go before their namespace: a namespace that finds pods with minutes to stop looks again minutes later.
#include "cmd/deploy/apply.h"
#include "cmd/deploy/deploy_command.h"
#include "cmd/deploy/plan.h"
#include "cmd/deploy/reserved_address.h"
#include "cmd/deploy/revision.h"
#include "cmd/deploy/shared.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <iterator>
#include <ostream>

namespace waaft::cmd {
namespace {

constexpr const char* destroy_schema = "waaft.destroy/1";

struct Wish {
    bool volumes = false;
    bool addresses = false;
};

struct Departure {
    kube::Objects goes;
    kube::Objects stays;  // volumes, unless told
    bool with_namespace = false;
};

bool is_volume(const kube::Object& object) { return kube::text(object, {"kind"}) == "PersistentVolumeClaim"; }

std::string instance_of(const kube::Object& object) {
    return kube::text(object, {"metadata", "labels", "app.kubernetes.io/instance"});
}

// The secret that pods made, what each revision had, the revisions, the lock; with its Namespace if waaft made that.
Result<kube::Objects> what_goes(kube::Api& api, const std::string& name) {
    const auto revisions = deploy::read_revisions(api, name);
    if (!revisions) return revisions.error();
    auto objects = deploy::pruned_objects(*revisions, {});
    auto found = deploy::still_ours(api, objects, name);
    if (!found) return found;
    std::erase_if(*found, is_volume);
    for (const auto& revision : *revisions) found->push_back(deploy::to_secret(revision, name));
    const auto shared = api.get(api.path({"v1", "Secret"}, name + "-cluster"));
    if (shared) found->push_back(*shared);
    if (!shared && shared.error().code != "NOT_FOUND") return shared.error();
    return found;
}

// Those of our objects and those that a StatefulSet of ours asked for.
Result<kube::Objects> volumes_of(kube::Api& api, const std::string& name) {
    const auto listed = api.get(api.path({"v1", "PersistentVolumeClaim"}));
    if (!listed && listed.error().code == "FORBIDDEN") return kube::Objects();
    if (!listed) return listed.error();
    kube::Objects volumes;
    for (const auto& entry : kube::list(*listed, {"items"})) {
        const auto* object = entry.if_object();
        // A pod's own disk goes with the pod.
        if (object == nullptr || instance_of(*object) != name || !kube::controller_of(*object).empty()) continue;
        volumes.push_back(*object);
        volumes.back()["apiVersion"] = "v1";  // a list's items do not say
        volumes.back()["kind"] = "PersistentVolumeClaim";
    }
    return volumes;
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
            if (object != nullptr && instance_of(*object) != name && kube::controller_of(*object).empty()) return true;
        }
    }
    return false;
}

Result<Departure> plan(kube::Api& api, const std::string& name, const Wish& wish) {
    auto goes = what_goes(api, name);
    if (!goes) return goes.error();
    auto volumes = volumes_of(api, name);
    if (!volumes) return volumes.error();
    Departure departure{std::move(*goes), {}, false};
    auto& side = wish.volumes ? departure.goes : departure.stays;
    std::move(volumes->begin(), volumes->end(), std::back_inserter(side));
    const auto own = is_own_namespace(api);
    if (!own) return own.error();
    if (!*own || !departure.stays.empty()) return departure;
    const auto others = holds_others(api, name);
    if (!others) return others.error();
    departure.with_namespace = !*others;
    return departure;
}

void show(const deploy::Session& session, const Departure& departure, const Wish& wish) {
    const auto& target = session.api->target();
    auto& err = session.streams.err;
    err << "From the namespace " << target.name_space << " of " << target.context << " go"
        << (departure.with_namespace ? ", with the namespace itself" : "") << ":\n";
    for (const auto& object : departure.goes) err << "  " << kube::title_of(object) << '\n';
    const auto& address = session.project.expose.address;
    if (wish.addresses && !address.empty()) err << "  the reserved address " << address << '\n';
    for (const auto& object : departure.stays) err << kube::title_of(object) << " stays (--volumes removes it).\n";
    if (!wish.addresses && !address.empty()) err << "The address " << address << " stays reserved.\n";
}

Result<void> confirmed(deploy::Session& session) {
    const auto& name = session.project.name;
    if (session.input.common->yes ||
        confirm_by_name(session.streams, "Type the name of the deployment to remove it: ", name, &session.interrupt))
        return {};
    if (session.interrupt.raised()) return session.interrupt.error();
    return Error{"usage_confirm", "nothing was removed: nobody said yes", {}, "--yes answers without asking"};
}

Result<void> remove_and_wait(deploy::Session& session, deploy::Work& work, const Departure& departure) {
    const auto lock = deploy::Lock::take(work.api, work.name, Duration::zero(), work.progress, work.interrupt);
    if (!lock) return lock.error();
    work.lock = lock->get();
    session.progress.step("destroy", "Removing");
    auto done = deploy::remove_objects(work, departure.goes);
    if (done) {
        session.progress.done(std::to_string(departure.goes.size()) + " objects");
        session.progress.step("stop", "Waiting until the pods have stopped");
        done = deploy::await_pods_gone(work);
    }
    if (done) session.progress.done("no pod is left");
    work.lock = nullptr;
    return done;
}

// A load balancer gives its address back only when it is gone itself.
Result<void> release_address(deploy::Session& session, deploy::Work& work, const Departure& departure) {
    session.progress.step("address", "Releasing the address " + session.project.expose.address);
    for (const auto& object : departure.goes) {
        if (kube::text(object, {"kind"}) != "Service") continue;
        const auto path = work.api.path_of_object(object);
        if (!path) return path.error();
        const auto gone = deploy::await_gone(work, *path);
        if (!gone) return gone.error();
        if (!*gone)
            return Error{"TIMEOUT", "the load balancer was not taken down in time", kube::title_of(object),
                         "run the same command again, it goes on from there"};
    }
    auto released = deploy::release_address(work, session.project);
    if (released) session.progress.done("released");
    return released;
}

// Whether it is gone; else the cluster goes on by itself.
Result<bool> remove_namespace(deploy::Session& session, deploy::Work& work) {
    const auto path = "/api/v1/namespaces/" + work.api.target().name_space;
    session.progress.step("namespace", "Removing the namespace");
    if (auto removed = work.api.remove(path); !removed) return removed.error();
    const auto gone = deploy::await_gone(work, path);
    if (gone) session.progress.done(*gone ? "gone" : "the cluster goes on with it by itself");
    return gone;
}

void report(const Streams& streams, bool json, const Departure& departure, bool namespace_gone) {
    const bool ending = departure.with_namespace && !namespace_gone;
    if (!json) {
        streams.out << "removed " << departure.goes.size() << " objects"
                    << (namespace_gone ? " and the namespace"
                        : ending       ? "; the namespace is still ending"
                                       : "")
                    << '\n';
        return;
    }
    boost::json::object result{{"schema", destroy_schema}, {"result", "destroyed"}, {"exit", 0}};
    auto& removed = result["removed"].emplace_array();
    for (const auto& object : departure.goes) removed.emplace_back(kube::title_of(object));
    auto& kept = result["kept"].emplace_array();
    for (const auto& object : departure.stays) kept.emplace_back(kube::title_of(object));
    result["namespace_removed"] = namespace_gone;
    result["namespace_ending"] = ending;
    streams.out << boost::json::serialize(result) << '\n';
}

Result<bool> destroy(deploy::Session& session, const Departure& departure, const Wish& wish) {
    auto work = session.work(deploy::time_allowed);
    if (auto removed = remove_and_wait(session, work, departure); !removed) return removed.error();
    if (wish.addresses && !session.project.expose.address.empty()) {
        if (auto released = release_address(session, work, departure); !released) return released.error();
    }
    const auto lease = work.api.path({"coordination.k8s.io/v1", "Lease"}, work.name + "-deploy");
    if (auto removed = work.api.remove(lease); !removed) return removed.error();
    return departure.with_namespace ? remove_namespace(session, work) : Result<bool>(false);
}

Result<Exit, Errors> run_destroy(const Streams& streams, const deploy::Input& input, const Wish& wish) {
    deploy::Session session(streams, input);
    if (auto started = session.start(); !started) return started.error();
    if (wish.addresses) {
        if (const auto can = deploy::can_release_address(session.project); !can) return Errors{can.error()};
    }
    const auto departure = plan(*session.api, session.project.name, wish);
    if (!departure) return Errors{departure.error()};
    show(session, *departure, wish);
    if (const auto agreed = confirmed(session); !agreed) return Errors{agreed.error()};
    const auto gone = destroy(session, *departure, wish);
    if (!gone) {
        auto error = gone.error();
        if (os::is_interrupt(error)) error.hint = "what is removed stays so; the same command goes on from there";
        return Errors{error};
    }
    report(streams, input.common->json(), *departure, *gone);
    return Exit::ok;
}

}  // namespace

Command destroy_command(const Environment& environment) {
    deploy::Input input;
    input.environment = environment;
    const auto wish = std::make_shared<Wish>();
    auto options = deploy::shared_options(input);
    options.push_back(deploy::flag("--volumes", "", "Remove the volumes, with all that is kept in them.",
                                   [wish](const std::string&) { wish->volumes = true; }));
    options.push_back(deploy::flag("--addresses", "", "Release the reserved address of expose.address (GKE).",
                                   [wish](const std::string&) { wish->addresses = true; }));
    return {.name = "destroy",
            .doc = "Remove what waaft deployed; asks for its name. What others made, volumes and addresses stay.",
            .options = std::move(options),
            .arguments = {},
            .subcommands = {},
            .run = [input, wish](const Streams& streams) {
                return deploy::finish(streams, input, destroy_schema, run_destroy(streams, input, *wish));
            }};
}

}  // namespace waaft::cmd
