#include "cmd/deploy/deploy.h"

#include "cmd/deploy/evidence.h"
#include "cmd/deploy/redis_password.h"
#include "cmd/deploy/rollback.h"
#include "cmd/project/secret_source.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ostream>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

constexpr std::string_view deploy_schema = "waaft.deploy/1";

bool has_kind(const kube::Object& object, std::string_view kind) { return kube::text(object, {"kind"}) == kind; }

bool has_any(const kube::Objects& objects, std::string_view kind) {
    return std::any_of(objects.begin(), objects.end(),
                       [&](const kube::Object& object) { return has_kind(object, kind); });
}

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

Result<void> Deploy::read_secrets() {
    const auto& project = session_.project;
    const auto read = [&](const project::SecretSource& source, const std::string& setting, std::string& into) {
        if (!project::is_set(source) || !source.existing.empty()) return Result<void>();
        auto value =
            project::read_secret(source, setting, project.folder, session_.input.environment, &session_.interrupt);
        if (!value) return Result<void>(value.error());
        into = std::move(*value);
        return Result<void>();
    };
    for (const auto& [setting, source] : project.secrets) {
        if (!source.existing.empty()) continue;
        if (auto done = read(source, "secrets." + setting, values_.secrets[setting]); !done) return done;
    }
    return read(project.image_pull.password, "imagePull.password", values_.pull_password);
}

Result<void, cmd::Errors> Deploy::check_rights() {
    const auto missing = missing_rights(*session_.api, rendered_.objects, cluster_.namespace_exists);
    if (!missing) return cmd::Errors{missing.error()};
    if (missing->empty()) return {};
    std::string list;
    for (const auto& right : *missing) list += (list.empty() ? "" : ", ") + right;
    return cmd::Errors{{"FORBIDDEN", "these rights are missing: " + list,
                        "namespace " + session_.api->target().name_space,
                        "have them granted in this namespace, or name another --context or --namespace"}};
}

Result<void> Deploy::render() {
    auto rendered = manifest::render(session_.project, cluster_.facts, &values_, patches_);
    if (!rendered) return rendered.error();
    rendered_ = std::move(*rendered);
    return {};
}

Result<void, cmd::Errors> Deploy::prepare() {
    auto& project = session_.project;
    session_.progress.step("preflight", "Looking at the cluster");
    // The registry first: kubectl is on its way meanwhile.
    auto image = choose_image(project, wish_.image, session_.input.environment, &session_.interrupt);
    if (!image) return cmd::Errors{image.error()};
    image_ = std::move(*image);
    if (!image_.note.empty()) session_.progress.warn(image_.note);
    auto facts = read_facts(*session_.api, project);
    if (!facts) return cmd::Errors{facts.error()};
    cluster_ = std::move(*facts);
    // One pod alone is not scaled.
    if (project.redis.mode == project::RedisMode::none) cluster_.has_metrics = true;
    if (auto errors = objections(cluster_, image_.platforms, image_.reference); !errors.empty()) return errors;
    cluster_.facts.image = image_.reference;
    if (!image_.version.empty()) project.image.version = image_.version;
    if (auto read = read_secrets(); !read) return cmd::Errors{read.error()};
    auto patches = manifest::read_patches(project);
    if (!patches) return cmd::Errors{patches.error()};
    patches_ = std::move(*patches);
    if (auto done = render(); !done) return cmd::Errors{done.error()};
    if (auto checked = check_rights(); !checked) return checked;
    session_.progress.done("Kubernetes " + cluster_.version + ", " + image_.reference);
    for (const auto& note : rendered_.notes) session_.progress.line(note);
    return {};
}

Result<void, cmd::Errors> Deploy::plan() {
    session_.progress.step("plan", "Asking the cluster what would change");
    kube::Objects pruned;
    if (cluster_.namespace_exists) {
        auto revisions = read_revisions(*session_.api, session_.project.name);
        if (!revisions) return cmd::Errors{revisions.error()};
        revisions_ = std::move(*revisions);
        auto gone = still_ours(*session_.api, pruned_objects(revisions_, rendered_.objects), session_.project.name);
        if (!gone) return cmd::Errors{gone.error()};
        // What people said is not thrown away because redis.mode is another one; `destroy --volumes` removes it.
        std::erase_if(*gone, [](const kube::Object& object) { return has_kind(object, "PersistentVolumeClaim"); });
        pruned = std::move(*gone);
    }
    auto planned =
        make_plan(*session_.api, rendered_.objects, pruned, cluster_.namespace_exists, wish_.force_conflicts);
    if (!planned) return planned.error();
    plan_ = std::move(*planned);
    session_.progress.done(plan_.changes.empty() ? "no changes" : counted(plan_.changes.size(), "change"));
    return {};
}

json::object Deploy::describe() const {
    const auto& target = session_.api->target();
    json::object result{{"schema", json::string_view(deploy_schema.data(), deploy_schema.size())},
                        {"context", target.context},
                        {"namespace", target.name_space},
                        {"name", session_.project.name},
                        {"image", image_.reference},
                        {"changes", plan_json(plan_.changes)}};
    auto& notes = result["notes"].emplace_array();
    for (const auto& note : rendered_.notes) notes.emplace_back(note);
    return result;
}

cmd::Exit Deploy::show_plan() {
    const auto exit = wish_.exit_code && !plan_.changes.empty() ? cmd::Exit::changes_pending : cmd::Exit::ok;
    if (session_.input.common->json()) {
        auto result = describe();
        result["result"] = "planned";
        result["exit"] = static_cast<int>(exit);
        result["asked"] = plan_.asked;
        session_.streams.out << json::serialize(result) << '\n';
        return exit;
    }
    print_plan(session_.streams.out, plan_.changes);
    if (plan_.changes.empty()) session_.streams.out << "no changes\n";
    if (!plan_.asked)
        session_.progress.warn("The namespace " + session_.api->target().name_space +
                               " does not exist: the cluster could not be asked about the objects in it.");
    return exit;
}

Result<void> Deploy::make_namespace() {
    for (const auto& object : rendered_.objects) {
        if (kube::text(object, {"kind"}) != "Namespace") continue;
        const auto made = session_.api->apply(object, {});
        if (!made) return made.error();
    }
    cluster_.namespace_exists = true;
    return {};
}

Result<void> Deploy::begin_revision() {
    changed_ = !plan_.changes.empty();
    const auto open = !revisions_.empty() && revisions_.back().status != "deployed";
    if (!changed_ && !revisions_.empty()) {
        revision_ = revisions_.back();
        if (!open) return {};
    } else {
        revision_.number = next_number(revisions_);
    }
    revision_.status = "pending";
    revision_.image = image_.reference;
    revision_.at = kube::format_time(session_.api->cluster_time());
    revision_.by = whoami();
    revision_.cause.clear();
    revision_.objects = rendered_.objects;
    return write_revision(*session_.api, revision_, session_.project.name);
}

Result<Watched> Deploy::watch(Work& work) {
    work.progress.step("rollout", "Waiting for the new pods");
    auto watched = watch_rollout(work);
    if (!watched || watched->standing != kube::Standing::ready) return watched;
    work.progress.done(watched->waiting_for);
    if (!has_any(rendered_.objects, "HorizontalPodAutoscaler")) return watched;
    work.progress.step("autoscaler", "Waiting until the autoscaler can scale");
    auto scaling = watch_autoscaler(work);
    if (!scaling || scaling->standing == kube::Standing::ready) {
        if (scaling) work.progress.done("the autoscaler can scale");
        return scaling;
    }
    autoscaler_failed_ = true;
    scaling->snapshot = std::move(watched->snapshot);
    return scaling;
}

Result<Watched> Deploy::watch_until_proven(Work& work) {
    auto watched = watch(work);
    if (!watched || watched->standing != kube::Standing::ready) return watched;
    auto proven = prove_outside(work, session_.project, addresses_.empty() ? "" : addresses_.back(), wish_.probe);
    if (!proven) return proven.error();
    proven_ = std::move(*proven);
    if (proven_.failed) {
        watched->standing = kube::Standing::doomed;
        watched->causes.push_back(cause_of(proven_, work.name));
    }
    return watched;
}

// Behind a Gateway or Ingress pods name the address of UDP to people. A first deploy has it only now, before there is a
// pod: so it is still one rollout.
Result<void> Deploy::tell_pods_the_address() {
    if (addresses_.empty() || addresses_.back() == cluster_.facts.address) return {};
    cluster_.facts.address = addresses_.back();
    if (auto rendered = render(); !rendered) return rendered;
    if (rendered_.objects == revision_.objects) return {};
    revision_.objects = rendered_.objects;
    return write_revision(*session_.api, revision_, session_.project.name);
}

Result<void> Deploy::apply(Work& work) {
    auto addresses = apply_services(work, rendered_.objects, wish_.force_conflicts);
    if (!addresses) return addresses.error();
    addresses_ = std::move(*addresses);
    if (auto told = tell_pods_the_address(); !told) return told;
    return apply_others(work, rendered_.objects, wish_.force_conflicts);
}

Result<cmd::Exit, cmd::Errors> Deploy::change(Work& work) {
    if (auto begun = begin_revision(); !begun) return cmd::Errors{begun.error()};
    work.progress.step("apply", changed_ ? "Applying" : "Nothing to apply");
    if (has_any(rendered_.objects, "StatefulSet"))
        if (auto made = make_redis_password(work.api, work.name); !made) return cmd::Errors{made.error()};
    const auto applied = apply(work);
    if (!applied) {
        if (os::is_interrupt(applied.error())) return cmd::Errors{applied.error()};
        revision_.status = "failed";
        revision_.cause = applied.error().code;
        (void)write_revision(work.api, revision_, work.name);  // the failure itself is what must be told
        return cmd::Errors{applied.error()};
    }
    work.progress.done(counted(rendered_.objects.size(), "object") +
                       (addresses_.empty() ? "" : ", address " + addresses_.front()));
    const auto watched = watch_until_proven(work);
    if (!watched) return cmd::Errors{watched.error()};
    return watched->standing == kube::Standing::ready ? succeed(work) : fail(work, *watched);
}

Result<cmd::Exit, cmd::Errors> Deploy::succeed(Work& work) {
    if (auto removed = remove_objects(work, plan_.gone); !removed) return cmd::Errors{removed.error()};
    if (revision_.status != "deployed") {
        revision_.status = "deployed";
        if (auto kept = write_revision(work.api, revision_, work.name); !kept) return cmd::Errors{kept.error()};
        if (auto trimmed = trim_revisions(work.api, revisions_, work.name); !trimmed)
            return cmd::Errors{trimmed.error()};
    }
    report(changed_ ? "deployed" : "unchanged");
    return cmd::Exit::ok;
}

void Deploy::report(const std::string& result) {
    const auto host = !session_.project.domain.empty() ? session_.project.domain
                      : addresses_.empty()             ? std::string()
                                                       : addresses_.front();
    const auto url = host.empty() ? std::string() : "https://" + host + "/";
    if (!session_.input.common->json()) {
        session_.streams.out << result << " revision " << revision_.number << " " << image_.reference
                             << (url.empty() ? "" : " " + url) << '\n';
        return;
    }
    auto object = describe();
    object["result"] = result;
    object["exit"] = 0;
    object["revision"] = revision_.number;
    auto& addresses = object["addresses"].emplace_array();
    for (const auto& address : addresses_) addresses.emplace_back(address);
    if (!url.empty()) object["url"] = url;
    object["proof"] = to_json(proven_);
    object["timings"] = session_.progress.timings();
    session_.streams.out << json::serialize(object) << '\n';
}

cmd::Exit Deploy::roll_back(Work& work, json::object& result) {
    const auto* before = last_deployed(revisions_, revision_.number);
    // Pods that serve are not taken away because the autoscaler has nothing to measure.
    if (before == nullptr || revision_.status == "deployed" || wish_.no_rollback || autoscaler_failed_)
        return cmd::Exit::rollout_failed;
    work.progress.step("rollback", "Bringing revision " + std::to_string(before->number) + " back");
    work.deadline = Clock::now() + time_allowed;
    const auto brought = bring_back(work, *before);
    result["rolled_back_to"] = before->number;
    if (brought && brought->standing == kube::Standing::ready) {
        work.progress.done("revision " + std::to_string(before->number) + " serves again");
        return cmd::Exit::rolled_back;
    }
    work.progress.failed(brought ? brought->waiting_for : brought.error().what);
    return !brought && os::is_interrupt(brought.error()) ? cmd::exit_of_code(brought.error().code)
                                                         : cmd::Exit::rollback_failed;
}

Result<cmd::Exit, cmd::Errors> Deploy::fail(Work& work, const Watched& watched) {
    auto told = watched;
    told.causes = causes_of(watched, work.name);
    work.progress.failed(told.causes.empty() ? watched.waiting_for : told.causes.front().message);
    // One that had worked, and that nothing was changed of, stays what it was in the history.
    if (revision_.status != "deployed") revision_.status = "failed";
    revision_.cause = told.causes.empty() ? "" : told.causes.front().code;
    if (auto kept = write_revision(work.api, revision_, work.name); !kept) work.progress.warn(kept.error().what);
    const auto evidence = save_evidence(told, work, image_.reference, wish_.evidence, session_.input.environment);
    const bool as_json = session_.input.common->json();
    if (!as_json)
        for (const auto& cause : told.causes) cmd::print_cause(session_.streams, cause);
    if (evidence) {
        work.progress.line("evidence: " + *evidence);
    } else {
        work.progress.warn(evidence.error().what);
    }
    json::object more{{"revision", revision_.number}, {"image", image_.reference}};
    const auto exit = roll_back(work, more);
    if (!as_json) return exit;
    auto result = cmd::failure_json(deploy_schema, exit, told.causes);
    if (evidence) result["evidence"] = *evidence;
    for (const auto& [key, value] : more) result[key] = value;
    session_.streams.out << json::serialize(result) << '\n';
    return exit;
}

Result<cmd::Exit, cmd::Errors> Deploy::run() {
    if (auto ready = prepare(); !ready) return ready.error();
    if (wish_.dry_run) {
        if (auto planned = plan(); !planned) return planned.error();
        return show_plan();
    }
    auto work = session_.work(time_allowed);
    if (auto made = make_namespace(); !made) return cmd::Errors{made.error()};
    session_.progress.step("lock", "Taking the lock");
    auto lock = Lock::take(*session_.api, work.name, wish_.lock_wait, session_.progress, session_.interrupt);
    if (!lock) return cmd::Errors{lock.error()};
    session_.progress.done("locked");
    work.lock = lock->get();
    if (auto planned = plan(); !planned) return planned.error();
    if (!session_.input.common->json()) {
        for (const auto& each : plan_.changes) session_.progress.line(each.action + " " + each.object);
    }
    return change(work);
}

}  // namespace waaft::deploy
