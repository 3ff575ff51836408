#include "cmd/deploy/apply.h"

namespace waaft::deploy {
namespace {

bool is(const kube::Object& object, std::string_view kind) { return kube::text(object, {"kind"}) == kind; }

Result<void> apply_one(Work& work, const kube::Object& object, bool force) {
    if (work.interrupt.raised()) return work.interrupt.error();
    work.progress.status(kube::title_of(object));
    const auto applied = work.api.apply(object, {.dry_run = false, .force = force});
    return applied ? Result<void>() : Result<void>(applied.error());
}

}  // namespace

Result<std::vector<std::string>> apply_services(Work& work, const kube::Objects& objects, bool force) {
    for (const auto& object : objects) {
        if (!is(object, "Service")) continue;
        if (auto applied = apply_one(work, object, force); !applied) return applied.error();
    }
    return await_addresses(work, objects);
}

Result<void> apply_others(Work& work, const kube::Objects& objects, bool force) {
    for (const auto& object : objects) {
        if (is(object, "Namespace") || is(object, "Service")) continue;
        if (auto applied = apply_one(work, object, force); !applied) return applied;
    }
    return {};
}

Result<void> remove_objects(Work& work, const kube::Objects& objects) {
    for (const auto& object : objects) {
        if (work.interrupt.raised()) return work.interrupt.error();
        const auto path = work.api.path_of_object(object);
        if (!path) return path.error();
        if (auto removed = work.api.remove(*path); !removed) return removed;
    }
    return {};
}

}  // namespace waaft::deploy
