// The course of one `waaft deploy`: preflight, image, objects, lock, plan, apply, watch; or cause, evidence, rollback.
//
// Thread: main; waits. Ownership: borrows the Session. Errors: what stopped it before or while objects were applied;
// a rollout that failed is no Error but an exit code (8, 9, 10), told by print_cause() or as JSON.
// Ctrl-C: the lock is given back, objects are whole, and the same command goes on.
#pragma once

#include "cmd/deploy/image.h"
#include "cmd/deploy/plan.h"
#include "cmd/deploy/preflight.h"
#include "cmd/deploy/proof.h"
#include "cmd/deploy/revision.h"
#include "cmd/deploy/shared.h"

namespace waaft::deploy {

struct Wish {
    ImageWish image;
    bool dry_run = false;
    bool exit_code = false;
    bool force_conflicts = false;
    bool no_rollback = false;
    ProbeMode probe = ProbeMode::automatic;
    std::string evidence;  // a folder
    Duration lock_wait = Duration::zero();
};

class Deploy {
public:
    Deploy(Session& session, const Wish& wish) : session_(session), wish_(wish) {}
    Result<cmd::Exit, cmd::Errors> run();

private:
    Result<void, cmd::Errors> prepare();
    Result<void> read_secrets();
    Result<void> render();
    Result<void, cmd::Errors> check_rights();
    Result<void, cmd::Errors> plan();
    cmd::Exit show_plan();
    Result<void> make_namespace();
    Result<cmd::Exit, cmd::Errors> change(Work& work);
    Result<void> begin_revision();
    Result<void> apply(Work& work);
    Result<void> tell_pods_the_address();
    Result<Watched> watch(Work& work);
    // The same with the proof from outside at its end.
    Result<Watched> watch_until_proven(Work& work);
    Result<cmd::Exit, cmd::Errors> succeed(Work& work);
    Result<cmd::Exit, cmd::Errors> fail(Work& work, const Watched& watched);
    cmd::Exit roll_back(Work& work, boost::json::object& result);
    void report(const std::string& result);
    boost::json::object describe() const;

    Session& session_;
    const Wish& wish_;
    ClusterFacts cluster_;
    ImageChoice image_;
    manifest::SecretValues values_;
    std::vector<manifest::Patch> patches_;
    manifest::Rendered rendered_;
    Plan plan_;
    std::vector<Revision> revisions_;
    Revision revision_;
    bool changed_ = false;
    bool autoscaler_failed_ = false;
    std::vector<std::string> addresses_;
    Proven proven_;
};

}  // namespace waaft::deploy
