#include "cmd/doctor/tools.h"

#include "cmd/kube/fields.h"
#include "cmd/registry/session.h"
#include "cmd/ui/text.h"

#include <boost/json/parse.hpp>

namespace waaft::doctor {
namespace {

using os::ProcessResult;

constexpr std::chrono::seconds program_max{20};
constexpr std::chrono::seconds registry_max{20};

Result<ProcessResult> run_tool(std::vector<std::string> argv, const os::Interrupt* interrupt) {
    os::ProcessSpec spec;
    spec.argv = std::move(argv);
    spec.timeout = program_max;
    spec.output_max = 1024 * 1024;
    return os::run(spec, interrupt);
}

std::string last_line(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    return cmd::fit(cmd::clean_line(text.substr(text.rfind('\n') + 1)), 200);
}

std::string first_line(std::string_view text) {
    return cmd::fit(cmd::clean_line(text.substr(0, text.find('\n'))), 200);
}

boost::json::object json_in(const std::string& text) {
    boost::system::error_code bad;
    auto value = boost::json::parse(text, bad);
    return !bad && value.is_object() ? std::move(value.get_object()) : boost::json::object();
}

bool is_missing(const Result<ProcessResult>& result) { return !result && result.error().code == "process_not_found"; }

bool on_gke(const project::Project& project) { return project.cluster.provider == project::Provider::gke; }

}  // namespace

Check judge_docker(const Result<ProcessResult>& version, bool needed) {
    const auto bad = needed ? State::failed : State::warning;
    const std::string without = needed ? "" : "; images are built without it (--builder native)";
    if (is_missing(version)) return {"docker", bad, "it is not installed" + without, "apt-get install docker.io"};
    if (!version) return {"docker", bad, version.error().what + without, "docker version"};
    const auto server = kube::text(json_in(version->out), {"Server", "Version"});
    if (!version->ok() || server.empty()) {
        const auto words = last_line(version->err);
        const bool refused = words.find("permission denied") != std::string::npos;
        return {"docker", bad, "no engine answers: " + words + without,
                refused ? "sudo usermod -aG docker \"$USER\"  # then log in again" : "sudo systemctl start docker"};
    }
    return {"docker", State::passed, "engine " + server, {}};
}

Check check_docker(const project::Project& project, const os::Interrupt* interrupt) {
    return judge_docker(run_tool({"docker", "version", "--format", "{{json .}}"}, interrupt),
                        project.image.builder == "docker");
}

Check check_buildx(const project::Project& project, const os::Interrupt* interrupt) {
    const auto version = run_tool({"docker", "buildx", "version"}, interrupt);
    if (version && version->ok()) return {"buildx", State::passed, first_line(version->out), {}};
    const bool needed = project.image.builder != "native" && project.image.platforms.size() > 1;
    return {"buildx", needed ? State::failed : State::warning,
            needed ? "it is missing, and several platforms are to be built"
                   : "it is missing; only images for several platforms need it",
            "apt-get install docker-buildx  # or docker-buildx-plugin, from Docker's own packages"};
}

Check check_gcloud(const project::Project& project, const os::Interrupt* interrupt) {
    if (!on_gke(project)) return {"gcloud", State::skipped, "not needed: cluster.provider is not gke", {}};
    // Not the configured account, which may have no credentials.
    const auto account =
        run_tool({"gcloud", "auth", "list", "--filter", "status:ACTIVE", "--format", "value(account)"}, interrupt);
    if (is_missing(account)) {
        return {"gcloud", State::failed, "it is not installed",
                "apt-get install google-cloud-cli google-cloud-cli-gke-gcloud-auth-plugin"};
    }
    if (!account) return failed_by("gcloud", account.error(), "gcloud auth login");
    const auto name = first_line(account->out);
    if (!account->ok()) return {"gcloud", State::failed, last_line(account->err), "gcloud auth login"};
    if (name.empty()) {
        return {"gcloud", State::failed, "nobody is logged in", "gcloud auth login"};
    }
    if (os::find_program("gke-gcloud-auth-plugin").empty()) {
        return {"gcloud", State::failed, "kubectl needs its plugin gke-gcloud-auth-plugin",
                "apt-get install google-cloud-cli-gke-gcloud-auth-plugin"};
    }
    return {"gcloud", State::passed, "logged in as " + name, {}};
}

Check judge_kubectl(const Result<ProcessResult>& version) {
    if (is_missing(version)) {
        return {"kubectl", State::failed, "it is not installed",
                "apt-get install kubernetes-client  # or see https://kubernetes.io/docs/tasks/tools/"};
    }
    if (!version) return failed_by("kubectl", version.error());
    const auto name = kube::text(json_in(version->out), {"clientVersion", "gitVersion"});
    if (!version->ok() || name.empty()) {
        return {"kubectl", State::failed, "it does not say its version: " + last_line(version->err),
                "kubectl version --client"};
    }
    return {"kubectl", State::passed, cmd::clean_line(name), {}};
}

Check check_kubectl(const os::Interrupt* interrupt) {
    return judge_kubectl(run_tool({"kubectl", "version", "--client", "--output", "json"}, interrupt));
}

Check check_registry(const project::Project& project, const cmd::Environment& environment,
                     const os::Interrupt* interrupt) {
    const auto reference = registry::parse_reference(project.image.repository);
    if (!reference) {
        return {"registry", State::failed,
                "image.repository is no name of an image: " + std::string(registry::describe(reference.error())),
                "set image.repository in waaft.yaml"};
    }
    auto access = registry::access_of(project, environment);
    access.deadline = Clock::now() + registry_max;
    const auto session = registry::Session::open(*reference, access, true, interrupt);
    if (!session) return failed_by("registry", session.error());
    const auto name = reference->host + "/" + reference->repository;
    if (!(*session)->asks_for_login()) return {"registry", State::passed, name + ", which asks for no login", {}};
    if (const auto login = (*session)->check_login(); !login) return failed_by("registry", login.error());
    return {"registry", State::passed, "the login for " + name + " is taken", {}};
}

}  // namespace waaft::doctor
