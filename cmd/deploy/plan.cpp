#include "cmd/deploy/plan.h"

#include <boost/json/array.hpp>

#include <ostream>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

// The Namespace of the plan is asked for even where it does not exist.
Plan plan_for_new_namespace(const kube::Objects& objects) {
    Plan plan;
    plan.asked = false;
    for (const auto& object : objects) plan.changes.push_back(*compare(nullptr, object));
    return plan;
}

}  // namespace

Result<kube::Objects> still_ours(kube::Api& api, const kube::Objects& objects, const std::string& name) {
    std::vector<std::string> paths;
    for (const auto& object : objects) {
        const auto path = api.path_of_object(object);
        if (path) {
            paths.push_back(*path);
        } else if (path.error().code != "KIND_UNKNOWN") {
            return path.error();
        }
    }
    kube::Objects found;
    for (auto& answer : api.get_all(paths)) {
        if (!answer && (answer.error().code == "NOT_FOUND" || answer.error().code == "KIND_UNKNOWN")) continue;
        if (!answer) return answer.error();
        const auto& labels = kube::child(*answer, {"metadata", "labels"});
        if (kube::text(labels, {"app.kubernetes.io/managed-by"}) == "waaft" &&
            kube::text(labels, {"app.kubernetes.io/instance"}) == name &&
            !kube::has(*answer, {"metadata", "deletionTimestamp"}))
            found.push_back(std::move(*answer));
    }
    return found;
}

Result<Plan, cmd::Errors> make_plan(kube::Api& api, const kube::Objects& objects, const kube::Objects& pruned,
                                    bool namespace_exists, bool force) {
    if (!namespace_exists) return plan_for_new_namespace(objects);
    Plan plan;
    cmd::Errors errors;
    std::vector<std::string> paths;
    for (const auto& object : objects) {
        const auto path = api.path_of_object(object);
        if (!path) errors.push_back(path.error());
        if (path) paths.push_back(*path);
    }
    if (!errors.empty()) return errors;
    const auto live = api.get_all(paths);
    const auto planned = api.apply_all(objects, {.dry_run = true, .force = force});
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (!planned[i] && planned[i].error().code == "NOT_FOUND" && !live[i]) {
            // A RoleBinding cannot be tried before its Role is there, unless one may bind any role.
            plan.changes.push_back(*compare(nullptr, objects[i]));
        } else if (!planned[i]) {
            errors.push_back(planned[i].error());
        } else if (!live[i] && live[i].error().code != "NOT_FOUND") {
            errors.push_back(live[i].error());
        } else if (auto change = compare(live[i] ? &*live[i] : nullptr, *planned[i])) {
            plan.changes.push_back(std::move(*change));
        }
    }
    if (!errors.empty()) return errors;
    plan.gone = pruned;
    for (const auto& object : pruned)
        plan.changes.push_back({.action = "delete", .object = kube::title_of(object), .lines = {}});
    return plan;
}

void print_plan(std::ostream& out, const std::vector<Change>& changes) {
    for (const auto& change : changes) {
        out << change.action << ' ' << change.object << '\n';
        for (const auto& line : change.lines) out << "    " << line << '\n';
    }
}

json::array plan_json(const std::vector<Change>& changes) {
    json::array list;
    for (const auto& change : changes) {
        json::object entry{{"action", change.action}, {"object", change.object}};
        if (!change.lines.empty()) {
            auto& lines = entry["lines"].emplace_array();
            for (const auto& line : change.lines) lines.emplace_back(line);
        }
        list.emplace_back(std::move(entry));
    }
    return list;
}

}  // namespace waaft::deploy
