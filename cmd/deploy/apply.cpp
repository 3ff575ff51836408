#include "cmd/deploy/apply.h"

namespace waaft::deploy {
namespace {

bool is(const kube::Object& object, std::string_view kind) { return kube::text(object, {"kind"}) == kind; }

Result<void> apply_each(Work& work, const kube::Objects& objects, bool force) {
    for (const auto& object : objects) {
        if (work.interrupt.raised()) return work.interrupt.error();
        work.progress.status(kube::title_of(object));
        const auto applied = work.api.apply(object, {.dry_run = false, .force = force});
        if (!applied) return applied.error();
    }
    return {};
}

}  // namespace

Result<Applied> apply_objects(Work& work, const kube::Objects& objects, bool force) {
    kube::Objects services;
    kube::Objects others;
    for (const auto& object : objects) {
        if (is(object, "Namespace")) continue;
        (is(object, "Service") ? services : others).push_back(object);
    }
    // The pods' certificate names the address, so it must be there before them: then a deploy is one rollout.
    if (auto applied = apply_each(work, services, force); !applied) return applied.error();
    auto addresses = await_addresses(work, services);
    if (!addresses) return addresses.error();
    if (auto applied = apply_each(work, others, force); !applied) return applied.error();
    return Applied{std::move(*addresses)};
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
