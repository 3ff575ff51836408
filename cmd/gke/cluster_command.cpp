#include "cmd/gke/cluster_command.h"

#include "cmd/gke/gcloud.h"
#include "cmd/os/files.h"
#include "cmd/os/interrupt.h"
#include "cmd/os/process.h"
#include "cmd/project/config_text.h"
#include "cmd/project/load.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"
#include "cmd/ui/progress.h"
#include "cmd/yaml/edit.h"

#include <boost/json.hpp>

#include <deque>
#include <ostream>

namespace waaft::cmd {
namespace {

constexpr std::string_view schema = "waaft.cluster/1";
constexpr Duration default_timeout = std::chrono::minutes(30);
constexpr std::size_t kept_lines = 20;

enum class Action : std::uint8_t { create, connect, reserve, remove };

struct Options {
    std::shared_ptr<CommonFlags> common = std::make_shared<CommonFlags>();
    std::shared_ptr<project::Flags> project = std::make_shared<project::Flags>();
    bool dry_run = false;
    bool save = false;
};
using SharedOptions = std::shared_ptr<Options>;

struct Step {
    std::string phase;
    std::string text;
    gke::Argv argv;
};

struct Plan {
    std::string name;     // of the cluster
    std::string context;  // that kubectl will have
    std::vector<Step> steps;
    std::string file;     // waaft.yaml that --save changes; empty: none
    std::string address;  // once it is reserved
};

Result<Plan> with_address(Plan plan, const project::Project& project) {
    const auto name = gke::address_name(project);
    const auto reserve = gke::reserve_address(project, name);
    if (!reserve) return reserve.error();
    const auto describe = gke::describe_address(project, name);
    if (!describe) return describe.error();
    plan.steps = {{"reserve", "Reserving the address " + name, *reserve},
                  {"describe", "Asking which it is", *describe}};
    return plan;
}

Result<Plan> make_plan(Action action, const project::Project& project) {
    const auto context = gke::context_name(project);
    if (!context) return context.error();
    Plan plan{project.cluster.name, *context, {}, {}, {}};
    if (action == Action::reserve) return with_address(std::move(plan), project);
    const std::string title = "cluster " + plan.name;
    if (action == Action::create) {
        const auto create = gke::create_cluster(project);
        if (!create) return create.error();
        plan.steps.push_back({"create", "Creating " + title + ", which takes minutes", *create});
    }
    const auto last = action == Action::remove ? gke::delete_cluster(project) : gke::connect_cluster(project);
    if (!last) return last.error();
    plan.steps.push_back(action == Action::remove ? Step{"delete", "Deleting " + title, *last}
                                                  : Step{"connect", "Writing the kubeconfig of " + title, *last});
    return plan;
}

// Who creates pays for it; who deletes loses all that is in it.
Result<void> permit(Action action, const Plan& plan, const CommonFlags& flags, const Streams& streams,
                    const os::Interrupt& interrupt) {
    if (flags.yes || action == Action::connect) return {};
    if (!can_ask()) return Error{"usage_yes", "nobody is there to confirm this", {}, "add --yes"};
    bool agreed = false;
    if (action == Action::remove) {
        agreed = confirm_by_name(streams, "All that runs and is kept in it is lost.", plan.name, &interrupt);
    } else {
        const auto* const question = action == Action::create
                                         ? "Create it? Google bills for its nodes."
                                         : "Reserve it? Google bills for it, also while nothing uses it.";
        agreed = confirm(streams, question, &interrupt);
    }
    if (interrupt.raised()) return interrupt.error();
    if (agreed) return {};
    return Error{"usage_declined", "nothing was done", {}, {}};
}

bool says_exists(const std::string& text) {
    for (const auto* words : {"Already exists", "already exists", "ALREADY_EXISTS"}) {
        if (text.find(words) != std::string::npos) return true;
    }
    return false;
}

Cause failed(const Step& step, const os::ProcessResult& result, const std::deque<std::string>& lines) {
    std::vector<std::string> tail(lines.begin(), lines.end());
    auto cause = cause_of(gke::explain(step.argv, result.exit_code, tail));
    cause.log_tail = std::move(tail);
    return cause;
}

Cause not_run(const Step& step, const Error& error) {
    Cause cause = cause_of(error);
    if (error.code == "process_not_found")
        cause.hint =
            "install the Google Cloud CLI, https://cloud.google.com/sdk/docs/install, then `gcloud auth login`";
    if (os::is_interrupt(error) && (step.phase == "create" || step.phase == "delete"))
        cause.hint =
            "Google may go on with it: `gcloud container clusters list` shows; the same command goes on from there";
    return cause;
}

Result<os::ProcessResult, Cause> run_step(const Step& step, Progress& progress, Duration timeout,
                                          const os::Interrupt& interrupt) {
    progress.step(step.phase, step.text);
    std::deque<std::string> lines;
    const auto on_line = [&](std::string_view line) {
        progress.line(line);
        lines.emplace_back(line);
        if (lines.size() > kept_lines) lines.pop_front();
    };
    os::ProcessSpec spec;
    spec.argv = step.argv;
    spec.timeout = timeout;
    spec.on_out = spec.on_err = on_line;
    const auto result = os::run(spec, &interrupt);
    if (!result) {
        progress.failed(step.phase + " did not end");
        return not_run(step, result.error());
    }
    if (result->ok()) {
        progress.done(step.phase + ": done");
        return *result;
    }
    if ((step.phase == "create" || step.phase == "reserve") && says_exists(result->err)) {
        progress.done("it exists already");
        return *result;
    }
    progress.failed("gcloud failed");
    return failed(step, *result, lines);
}

boost::json::object result_json(std::string_view result, const Plan& plan) {
    boost::json::array commands;
    for (const auto& step : plan.steps) commands.push_back(boost::json::value_from(step.argv));
    boost::json::object json{{"schema", schema},
                             {"result", result},
                             {"cluster", plan.name},
                             {"context", plan.context},
                             {"commands", std::move(commands)}};
    if (!plan.address.empty()) json["address"] = plan.address;
    return json;
}

void show_done(Action action, const Options& options, const Plan& plan, const Streams& streams) {
    if (action == Action::remove) {
        streams.out << "cluster " << plan.name << " is gone\n";
        return;
    }
    if (action == Action::reserve) {
        streams.out << plan.address << '\n';
        streams.err << (options.save
                            ? plan.file + " names it now\n"
                            : "name it in waaft.yaml (--save does): expose: {address: " + plan.address + "}\n");
        return;
    }
    streams.out << "cluster " << plan.name << " is connected as the context " << plan.context << '\n';
    if (os::find_program("gke-gcloud-auth-plugin").empty()) {
        streams.err << "kubectl needs gke-gcloud-auth-plugin to log in there: "
                       "gcloud components install gke-gcloud-auth-plugin\n";
    }
}

std::string_view past_of(Action action) {
    if (action == Action::create) return "created";
    if (action == Action::reserve) return "reserved";
    return action == Action::connect ? "connected" : "deleted";
}

Result<Plan, Errors> prepare(Action action, const Options& options, const Environment& environment) {
    if (!options.common->wrong.empty()) return options.common->wrong;
    project::Flags flags = *options.project;
    flags.file = options.common->file;
    flags.environment = options.common->environment;
    const auto loaded = project::load(flags, environment);
    if (!loaded) return loaded.error();
    auto plan = make_plan(action, loaded->project);
    if (!plan) return Errors{plan.error()};
    plan->file = loaded->file;
    if (!plan->file.empty() && flags.environment) plan->file = project::overlay_of(plan->file, *flags.environment);
    if (options.save && plan->file.empty()) {
        return Errors{{"usage_save", "--save has no waaft.yaml to write to", {}, "`waaft init` writes one"}};
    }
    return *plan;
}

Result<void> save_address(const Plan& plan) {
    const auto text = project::read_config(plan.file);
    if (!text) return text.error();
    const auto changed = yaml::set_scalar(*text, {"expose", "address"}, boost::json::value(plan.address), plan.file);
    return changed ? os::write_file(plan.file, *changed) : Result<void>(changed.error());
}

// All steps; of a reservation the address, which the last one tells.
Result<void, Cause> run_steps(Action action, const Options& options, Plan& plan, const Streams& streams,
                              const os::Interrupt& interrupt) {
    Progress progress(streams, options.common->progress);
    const auto timeout = options.common->timeout > Duration::zero() ? options.common->timeout : default_timeout;
    for (const auto& step : plan.steps) {
        const auto ran = run_step(step, progress, timeout, interrupt);
        if (!ran) return ran.error();
        if (action == Action::reserve) plan.address = ran->out.substr(0, ran->out.find('\n'));
    }
    if (action == Action::reserve && plan.address.empty()) {
        return cause_of(
            {"GCLOUD_FAILED", "gcloud does not say which address it is", {}, os::shown(plan.steps.back().argv)});
    }
    if (!options.save) return {};
    const auto saved = save_address(plan);
    return saved ? Result<void, Cause>() : cause_of(saved.error());
}

Exit fail(const Options& options, const Streams& streams, Cause cause) {
    const Exit exit = exit_of_code(cause.code);
    if (options.common->json()) write_failure(streams.out, schema, exit, {cause});
    if (options.common->progress != ProgressStyle::quiet) cause.log_tail.clear();  // they stand above
    print_cause(streams, cause);
    return exit;
}

Result<Exit, Errors> run(Action action, const Options& options, const Environment& environment,
                         const Streams& streams) {
    const auto refuse = [&](const Errors& errors) -> Result<Exit, Errors> {
        if (options.common->json()) write_failure(streams.out, schema, errors);
        return errors;
    };
    auto plan = prepare(action, options, environment);
    if (!plan) return refuse(plan.error());
    for (const auto& step : plan->steps) streams.err << "  " << os::shown(step.argv) << '\n';
    if (options.dry_run) {
        if (options.common->json()) streams.out << boost::json::serialize(result_json("planned", *plan)) << '\n';
        return Exit::ok;
    }
    const os::Interrupt interrupt;
    if (const auto permitted = permit(action, *plan, *options.common, streams, interrupt); !permitted)
        return refuse({permitted.error()});
    if (const auto ran = run_steps(action, options, *plan, streams, interrupt); !ran)
        return fail(options, streams, ran.error());
    if (options.common->json()) {
        streams.out << boost::json::serialize(result_json(past_of(action), *plan)) << '\n';
    } else {
        show_done(action, options, *plan, streams);
    }
    return Exit::ok;
}

Command make_command(std::string name, std::string doc, Action action, const Environment& environment) {
    const auto options = std::make_shared<Options>();
    Command command;
    command.name = std::move(name);
    command.doc = std::move(doc);
    command.options = common_options(options->common);
    for (auto& option : project::project_options(options->project)) command.options.push_back(std::move(option));
    Option dry_run;
    dry_run.name = "--dry-run";
    dry_run.doc = "Show the commands and run none.";
    dry_run.set = [options](const std::string&, const std::string&) { options->dry_run = true; };
    command.options.push_back(std::move(dry_run));
    if (action == Action::reserve) {
        Option save;
        save.name = "--save";
        save.doc = "Write the address to waaft.yaml as expose.address (with -e to waaft.NAME.yaml).";
        save.set = [options](const std::string&, const std::string&) { options->save = true; };
        command.options.push_back(std::move(save));
    }
    command.run = [=](const Streams& streams) { return run(action, *options, environment, streams); };
    return command;
}

}  // namespace

Command cluster_command(const Environment& environment) {
    Command command;
    command.name = "cluster";
    command.doc = "Make, connect to or delete a cluster on GKE, or reserve its address, by gcloud.";
    command.subcommands = {
        make_command("create", "Create the cluster that waaft.yaml names, and connect to it.", Action::create,
                     environment),
        make_command("connect", "Write the kubeconfig context of the cluster.", Action::connect, environment),
        make_command("address", "Reserve the public address that outlives a destroy, and print it.", Action::reserve,
                     environment),
        make_command("delete", "Delete the cluster and all that is in it.", Action::remove, environment)};
    return command;
}

}  // namespace waaft::cmd
