#include "cmd/deploy/rollback.h"

namespace waaft::deploy {

Result<Watched> bring_back(Work& work, const Revision& revision) {
    const auto addresses = apply_services(work, revision.objects, true);
    if (!addresses) return addresses.error();
    const auto applied = apply_others(work, revision.objects, true);
    if (!applied) return applied.error();
    return watch_rollout(work);
}

std::vector<kube::Cause> causes_of(const Watched& watched, const std::string& name) {
    auto causes = watched.causes;
    if (watched.standing == kube::Standing::progressing) {
        kube::Cause timeout{.code = "TIMEOUT",
                            .object = "Deployment/" + name,
                            .container = {},
                            .message = "the rollout was not ready in time: " + watched.waiting_for,
                            .hint = cmd::find_cause("TIMEOUT")->hint.data(),
                            .events = {},
                            .log_tail = {}};
        causes.push_back(std::move(timeout));
    }
    return causes;
}

}  // namespace waaft::deploy
