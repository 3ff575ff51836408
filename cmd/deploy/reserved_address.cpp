#include "cmd/deploy/reserved_address.h"

#include "cmd/gke/gcloud.h"
#include "cmd/os/process.h"

namespace waaft::deploy {
namespace {

constexpr std::chrono::minutes gcloud_max{5};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

// What it printed.
Result<std::string> ask_gcloud(Work& work, const Result<gke::Argv>& argv) {
    if (!argv) return argv.error();
    work.progress.line(os::shown(*argv));
    os::ProcessSpec gcloud;
    gcloud.argv = *argv;
    gcloud.timeout = gcloud_max;
    const auto done = os::run(gcloud, &work.interrupt);
    if (!done) return done.error();
    if (!done->ok())
        return Error{"GCLOUD_FAILED", "gcloud ended with exit code " + std::to_string(done->exit_code),
                     trimmed(done->err), "run it by hand: " + os::shown(*argv)};
    return trimmed(done->out);
}

}  // namespace

Result<void> can_release_address(const project::Project& project) {
    if (project.expose.address.empty()) return {};
    if (project.cluster.provider != project::Provider::gke)
        return Error{"usage_addresses", "--addresses knows GKE's commands only", "expose.address",
                     "leave it out, and release " + project.expose.address + " with your provider"};
    const auto argv = gke::find_address(project, project.expose.address);
    return argv ? Result<void>() : Result<void>(argv.error());
}

Result<void> release_address(Work& work, const project::Project& project) {
    if (project.expose.address.empty()) return {};
    const auto name = ask_gcloud(work, gke::find_address(project, project.expose.address));
    if (!name) return name.error();
    if (name->empty()) return {};
    const auto released = ask_gcloud(work, gke::release_address(project, *name));
    return released ? Result<void>() : Result<void>(released.error());
}

}  // namespace waaft::deploy
