// The programs of this machine that waaft runs: docker, buildx, gcloud, kubectl; and the registry's login.
//
// Thread: main; each check waits for its program, 20 s at most. Ownership: values. Errors: none, see Check; an
// interrupt makes the rest fail, and the caller asks for it.
#pragma once

#include "cmd/command.h"
#include "cmd/doctor/check.h"
#include "cmd/os/process.h"
#include "cmd/project/project.h"

namespace waaft::doctor {

// Without Docker the native builder does: then it is only a warning that it is missing.
Check check_docker(const project::Project& project, const os::Interrupt* interrupt);
Check check_buildx(const project::Project& project, const os::Interrupt* interrupt);
Check check_gcloud(const project::Project& project, const os::Interrupt* interrupt);
Check check_kubectl(const os::Interrupt* interrupt);
Check check_registry(const project::Project& project, const cmd::Environment& environment,
                     const os::Interrupt* interrupt);

// Of how a program ended: the pure parts of the checks above.
Check judge_docker(const Result<os::ProcessResult>& version, bool needed);
Check judge_kubectl(const Result<os::ProcessResult>& version);

}  // namespace waaft::doctor
