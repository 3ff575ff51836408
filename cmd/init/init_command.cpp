#include "cmd/init/init_command.h"

#include "cmd/init/pipeline.h"
#include "cmd/init/project_text.h"
#include "cmd/os/files.h"
#include "cmd/os/interrupt.h"
#include "cmd/project/conflicts.h"
#include "cmd/project/fields.h"
#include "cmd/project/load.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"
#include "cmd/ui/progress.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <ostream>

namespace waaft::cmd {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view schema = "waaft.init/1";
constexpr const char* project_path = "waaft.yaml";

struct InitFlags {
    std::string ci;
    std::string ci_image;
    bool dockerfile = false;
    bool force = false;
};

struct Shared {
    std::shared_ptr<CommonFlags> common = std::make_shared<CommonFlags>();
    std::shared_ptr<project::Flags> project = std::make_shared<project::Flags>();
    std::shared_ptr<InitFlags> own = std::make_shared<InitFlags>();
};

std::vector<Option> init_options(const Shared& shared) {
    const auto own = shared.own;
    auto ci = flag("--ci", "SYSTEM", "A pipeline too, which builds, pushes, deploys and checks: github or gitlab.",
                   [own](const std::string& text) { own->ci = text; });
    ci.choices = {"github", "gitlab"};
    std::vector<Option> options{
        std::move(ci),
        flag("--ci-image", "REFERENCE", "The image that the pipeline runs in (REPOSITORY:ci).",
             [own](const std::string& text) { own->ci_image = text; }),
        flag("--dockerfile", "", "A Dockerfile too, for the installed waaft: no sources are needed.",
             [own](const std::string&) { own->dockerfile = true; }),
        flag("--force", "", "Replace files that are there.", [own](const std::string&) { own->force = true; })};
    for (auto& each : project::project_options(shared.project)) options.push_back(std::move(each));
    for (auto& each : common_options(shared.common)) {
        const bool ours = each.name == "--output" || each.name == "--progress" || each.name == "--quiet";
        if (ours) options.push_back(std::move(each));
    }
    return options;
}

bool exists(const std::string& path) {
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

// The project that the flags alone describe.
Result<project::Project, Errors> project_of(const project::Flags& flags) {
    project::Loaded loaded;
    loaded.file = project_path;
    Errors errors;
    for (const auto& [key, text] : flags.values) {
        const auto& field = *project::find_field(key);  // its flag was made from the table
        if (auto set = project::set_from_text(loaded.project, field, text); !set) {
            errors.push_back(set.error());
            errors.back().where = project::flag_name(field);
        }
    }
    if (errors.empty()) errors = project::find_conflicts(loaded, {});
    if (!errors.empty()) return errors;
    return std::move(loaded.project);
}

struct Plan {
    std::vector<init::File> files;
    std::vector<std::string> kept;
    std::vector<std::string> next;
};

// What is left for the user to do.
std::vector<std::string> next_of(const project::Project& project, const InitFlags& own) {
    std::vector<std::string> next;
    const project::Project initial;
    if (project.image.repository == initial.image.repository)
        next.emplace_back("say where the image goes: image.repository in waaft.yaml");
    if (project.cluster.context.empty() && own.ci.empty())
        next.emplace_back("name the cluster: cluster.context in waaft.yaml; kubectl config get-contexts lists them");
    if (own.ci.empty()) {
        next.emplace_back("waaft doctor");
        return next;
    }
    const auto image = own.ci_image.empty() ? init::default_ci_image(project) : own.ci_image;
    next.push_back("in waaft's sources, once: docker build --target ci --tag " + image + " . && docker push " + image);
    if (own.ci == "github") {
        next.emplace_back("gh variable set REGISTRY_USER --body NAME");
        next.emplace_back("gh secret set REGISTRY_PASSWORD < FILE");
        next.emplace_back("gh secret set KUBECONFIG < FILE");
    } else {
        next.emplace_back(
            "set the CI/CD variables REGISTRY_USER, REGISTRY_PASSWORD (masked) and KUBECONFIG (of type File)");
    }
    return next;
}

// waaft.yaml is wanted if nothing else is, or if something is said that belongs into it; beside other files one that is
// there is read and stays.
Result<Plan, Errors> plan(const Shared& shared) {
    const auto& own = *shared.own;
    const bool beside = own.dockerfile || !own.ci.empty();
    const bool keeps = beside && shared.project->values.empty() && exists(project_path);
    Plan result;
    project::Project project;
    if (keeps) {
        project::Flags file;
        file.file = project_path;
        auto loaded = project::load(file, {});
        if (!loaded) return loaded.error();
        project = std::move(loaded->project);
        result.kept.emplace_back(project_path);
    } else {
        auto described = project_of(*shared.project);
        if (!described) return described.error();
        project = std::move(*described);
        std::set<std::string, std::less<>> chosen;
        for (const auto& [key, text] : shared.project->values) chosen.insert(key);
        result.files.push_back({project_path, init::project_text(project, chosen)});
    }
    if (own.dockerfile) result.files.push_back(init::dockerfile());
    if (!own.ci.empty()) {
        auto pipeline =
            init::pipeline(own.ci, project, own.ci_image.empty() ? init::default_ci_image(project) : own.ci_image);
        if (!pipeline) return Errors{pipeline.error()};
        result.files.push_back(std::move(*pipeline));
    }
    result.next = next_of(project, own);
    return result;
}

Errors refusals(const Plan& plan) {
    Errors errors;
    for (const auto& file : plan.files) {
        if (exists(file.path)) {
            errors.push_back(
                {"output_exists", "the file is there already", file.path, "keep it, or replace it with --force"});
        }
    }
    return errors;
}

Result<void> write(const Plan& plan) {
    const os::Interrupt until_whole;  // a signal in the middle is answered when all files are there
    for (const auto& file : plan.files) {
        std::error_code error;
        const auto folder = fs::path(file.path).parent_path();
        if (!folder.empty()) fs::create_directories(folder, error);
        if (error) return Error{"file_unwritable", "the folder cannot be made: " + error.message(), folder, {}};
        if (auto written = os::write_file(file.path, file.text); !written) return written.error();
    }
    if (until_whole.raised()) return until_whole.error();
    return {};
}

void show(const Shared& shared, const Plan& plan, Progress& progress, const Streams& streams) {
    json::array written;
    for (const auto& file : plan.files) {
        written.emplace_back(file.path);
        if (!shared.common->json()) streams.out << file.path << '\n';
    }
    for (const auto& each : plan.next) progress.line("next: " + each);
    if (!shared.common->json()) return;
    streams.out << json::serialize(json::object{{"schema", schema},
                                                {"result", "written"},
                                                {"written", std::move(written)},
                                                {"kept", json::array(plan.kept.begin(), plan.kept.end())},
                                                {"next", json::array(plan.next.begin(), plan.next.end())}})
                << '\n';
}

Result<Exit, Errors> run(const Shared& shared, const Streams& streams) {
    auto errors = shared.common->wrong;
    if (errors.empty() && !shared.own->ci_image.empty() && shared.own->ci.empty())
        errors.push_back({"usage_ci_image", "--ci-image needs --ci", {}, "add --ci github or --ci gitlab"});
    if (errors.empty()) {
        Progress progress(streams, shared.common->progress);
        const auto planned = plan(shared);
        errors = !planned ? planned.error() : shared.own->force ? Errors() : refusals(*planned);
        if (errors.empty()) {
            const auto written = write(*planned);
            if (written) {
                show(shared, *planned, progress, streams);
                return Exit::ok;
            }
            errors = {written.error()};
        }
    }
    if (shared.common->json()) return write_failure(streams.out, schema, errors);
    for (const auto& error : errors) print_cause(streams, cause_of(error));
    return exit_of(errors);
}

}  // namespace

Command init_command() {
    const Shared shared;
    return {.name = "init",
            .doc = "Write a commented waaft.yaml; a Dockerfile and a pipeline if they are wanted.",
            .options = init_options(shared),
            .arguments = {},
            .subcommands = {},
            .run = [shared](const Streams& streams) { return run(shared, streams); }};
}

}  // namespace waaft::cmd
