#include "cmd/doctor/doctor_command.h"

#include "cmd/doctor/cluster.h"
#include "cmd/doctor/redis.h"
#include "cmd/doctor/tools.h"
#include "cmd/kube/connect.h"
#include "cmd/project/options.h"
#include "cmd/ui/failure.h"
#include "cmd/ui/progress.h"
#include "cmd/ui/text.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

using doctor::Check;
using doctor::Checks;
using doctor::State;

constexpr std::string_view schema = "waaft.doctor/1";

using DoctorOptions = project::CommandFlags;

std::string state_text(State state, bool color) {
    auto text = std::string(doctor::name_of(state));
    text.resize(8, ' ');
    if (!color || state == State::skipped) return text;
    const char* const sgr = state == State::passed ? "32" : state == State::warning ? "33" : "1;31";
    return "\033[" + std::string(sgr) + "m" + text + "\033[0m";
}

std::string line_of(const Check& check, bool color) {
    auto id = check.id;
    id.resize(14, ' ');
    auto text = state_text(check.state, color) + id + clean_line(check.detail) + "\n";
    if (!check.fix.empty() && check.state != State::passed) {
        text += std::string(22, ' ') + "try: " + clean_line(check.fix) + "\n";
    }
    return text;
}

std::vector<Cause> causes_of(const Checks& checks) {
    std::vector<Cause> causes;
    for (const auto& check : checks) {
        if (check.state != State::failed) continue;
        Cause cause;
        cause.code = "preflight_" + check.id;
        std::replace(cause.code.begin(), cause.code.end(), '-', '_');
        cause.message = clean_line(check.detail);
        cause.hint = clean_line(check.fix);
        causes.push_back(std::move(cause));
    }
    return causes;
}

boost::json::object json_of(const Checks& checks, Exit exit) {
    boost::json::array list;
    for (const auto& check : checks) {
        boost::json::object object{{"id", check.id},
                                   {"state", std::string(doctor::name_of(check.state))},
                                   {"detail", clean_line(check.detail)}};
        if (!check.fix.empty()) object["fix"] = clean_line(check.fix);
        list.push_back(std::move(object));
    }
    boost::json::object json{{"schema", std::string(schema)}, {"result", "ok"}};
    if (exit != Exit::ok) json = failure_json(schema, exit, causes_of(checks));
    json["checks"] = std::move(list);
    return json;
}

class Report {
public:
    Report(const Streams& streams, bool json)
        : streams_(streams), json_(json), color_(streams.color && isatty(STDOUT_FILENO) == 1) {}

    void add(Check check) {
        if (!json_) streams_.out << line_of(check, color_) << std::flush;
        checks_.push_back(std::move(check));
    }

    Exit finish() const {
        const auto count = [&](State state) {
            return std::count_if(checks_.begin(), checks_.end(), [&](const Check& c) { return c.state == state; });
        };
        const auto exit = count(State::failed) == 0 ? Exit::ok : Exit::preflight;
        if (json_) {
            streams_.out << boost::json::serialize(json_of(checks_, exit)) << '\n';
        } else {
            streams_.out << '\n'
                         << count(State::passed) << " passed, " << count(State::warning) << " with a warning, "
                         << count(State::failed) << " failed, " << count(State::skipped) << " skipped\n";
        }
        return exit;
    }

private:
    const Streams& streams_;
    bool json_;
    bool color_;
    Checks checks_;
};

// nullptr: it cannot be asked.
std::unique_ptr<kube::Api> check_way_to_cluster(Report& report, const project::Project& project,
                                                const CommonFlags& flags, const Streams& streams,
                                                const os::Interrupt& interrupt) {
    const auto give_up = [&](Check context) {
        report.add(std::move(context));
        for (auto& check : doctor::skipped_cluster()) report.add(std::move(check));
        return nullptr;
    };
    // kubectl does not know a cluster of Google's before it was connected to.
    const auto fix = [&](const Error& error) {
        const bool gke = project.cluster.provider == project::Provider::gke && !project.cluster.name.empty();
        return std::string(gke && error.code == "CONTEXT_UNKNOWN" ? "waaft cluster connect" : "");
    };
    const auto target = kube::choose_target(project, flags, streams, &interrupt);
    if (!target) return give_up(doctor::failed_by("context", target.error(), fix(target.error())));
    auto api = kube::Api::open(*target, &interrupt);
    if (!api) return give_up(doctor::failed_by("context", api.error(), fix(api.error())));
    report.add({"context", State::passed, target->context + ", namespace " + target->name_space, {}});
    for (auto& check : doctor::check_cluster(**api, project)) report.add(std::move(check));
    return std::move(*api);
}

Result<Exit, Errors> answer(const DoctorOptions& options, const Streams& streams, const Errors& errors) {
    if (!options.common->json()) return errors;
    return write_failure(streams.out, schema, errors);
}

Result<Exit, Errors> run_doctor(const DoctorOptions& options, const Environment& environment, const Streams& streams) {
    const auto loaded = project::load(options, environment);
    if (!loaded) return answer(options, streams, loaded.error());
    const auto& project = loaded->project;
    const os::Interrupt interrupt;
    Report report(streams, options.common->json());
    report.add({"waaft.yaml", State::passed, loaded->file.empty() ? "none; the defaults hold" : loaded->file, {}});
    report.add(doctor::check_docker(project, &interrupt));
    report.add(doctor::check_buildx(project, &interrupt));
    report.add(doctor::check_registry(project, environment, &interrupt));
    report.add(doctor::check_gcloud(project, &interrupt));
    auto kubectl = doctor::check_kubectl(&interrupt);
    const bool has_kubectl = kubectl.state == State::passed;
    report.add(std::move(kubectl));
    std::unique_ptr<kube::Api> api;
    if (has_kubectl && !interrupt.raised()) {
        api = check_way_to_cluster(report, project, *options.common, streams, interrupt);
    } else {
        report.add({"context", State::skipped, "kubectl is needed for it", {}});
        for (auto& check : doctor::skipped_cluster()) report.add(std::move(check));
    }
    if (!interrupt.raised()) report.add(doctor::check_redis(api.get(), project, environment, &interrupt));
    if (interrupt.raised()) return answer(options, streams, {interrupt.error()});
    return report.finish();
}

}  // namespace

Command doctor_command(const Environment& environment) {
    const auto options = std::make_shared<DoctorOptions>();
    // Each check has a limit of its own.
    auto all =
        project::with_shared_options({}, *options, [](const Option& option) { return option.name != "--timeout"; });
    return {
        .name = "doctor",
        .doc = "Check everything that building, pushing and deploying needs, and say what mends it.",
        .options = std::move(all),
        .arguments = {},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return run_doctor(*options, environment, streams); }};
}

}  // namespace waaft::cmd
