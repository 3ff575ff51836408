#include "cmd/kube/api.h"

#include "cmd/kube/api_error.h"
#include "cmd/os/files.h"
#include "cmd/os/process.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace waaft::kube {
namespace {

constexpr std::chrono::seconds start_max{20};

std::string apply_query(const ApplyOptions& options) {
    std::string query = "?fieldManager=" + std::string(field_manager) + "&fieldValidation=Strict";
    if (options.force) query += "&force=true";
    if (options.dry_run) query += "&dryRun=All";
    return query;
}

Result<Object> parse_object(const std::string& body, const std::string& where) {
    boost::system::error_code bad;
    auto value = boost::json::parse(body, bad);
    if (bad || !value.is_object()) return Error{"CLUSTER_ERROR", "the cluster's answer is no JSON object", where, {}};
    return std::move(value.get_object());
}

}  // namespace

std::vector<std::string> kubectl_argv(const Target& target, std::vector<std::string> arguments) {
    std::vector<std::string> argv{"kubectl"};
    if (!target.kubeconfig.empty()) argv.insert(argv.end(), {"--kubeconfig", target.kubeconfig});
    if (!target.context.empty()) argv.insert(argv.end(), {"--context", target.context});
    if (!target.name_space.empty()) argv.insert(argv.end(), {"--namespace", target.name_space});
    argv.insert(argv.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    return argv;
}

Result<Contexts> read_contexts(const std::string& kubeconfig, const os::Interrupt* interrupt) {
    os::ProcessSpec spec;
    spec.argv = kubectl_argv({kubeconfig, {}, {}}, {"config", "view", "--output", "json"});
    spec.timeout = start_max;
    const auto done = os::run(spec, interrupt);
    if (!done) return done.error();
    if (!done->ok()) return error_of_kubectl(done->err);
    const auto config = parse_object(done->out, "kubectl config view");
    if (!config) return config.error();
    Contexts contexts{.current = text(*config, {"current-context"}), .names = {}};
    for (const auto& entry : list(*config, {"contexts"})) {
        if (const auto* context = entry.if_object()) contexts.names.push_back(text(*context, {"name"}));
    }
    return contexts;
}

struct Api::Process {
    os::TemporaryFolder folder;
    std::string said;  // on stderr
    bool serving = false;
    TimePoint started;
    const os::Interrupt* interrupt = nullptr;
    std::unique_ptr<os::Child> child;
    std::unique_ptr<Http> http;

    Result<void> await_serving();
};

Result<void> Api::Process::await_serving() {
    const auto until = started + start_max;
    while (!serving) {
        const bool runs = child->read_lines(until, interrupt);
        if (interrupt != nullptr && interrupt->raised()) return interrupt->error();
        if (serving) break;
        if (!runs) return error_of_kubectl(said);
        if (Clock::now() >= until) return Error{"KUBECTL_FAILED", "kubectl proxy did not start in 20 s", {}, {}};
    }
    return {};
}

Api::Api(Target target, std::unique_ptr<Process> process) : target_(std::move(target)), process_(std::move(process)) {}

Api::~Api() = default;

Result<std::unique_ptr<Api>> Api::start(const Target& target, const os::Interrupt* interrupt) {
    auto process = std::make_unique<Process>();
    auto* at = process.get();
    const auto socket = process->folder.path() + "/api";
    os::ProcessSpec spec;
    spec.argv = kubectl_argv(target, {"proxy", "--unix-socket", socket});
    spec.on_out = [at](std::string_view line) { at->serving = at->serving || line.starts_with("Starting to serve"); };
    spec.on_err = [at](std::string_view line) {
        if (at->said.size() < 4096) at->said.append(line).append("\n");
    };
    auto child = os::Child::start(spec);
    if (!child) return child.error();
    process->child = std::move(*child);
    process->interrupt = interrupt;
    process->started = Clock::now();
    const auto curl = curl::Curl::load();  // the proxy is on its way meanwhile
    if (!curl) return curl.error();
    process->http = std::make_unique<Http>(**curl, socket, interrupt);
    return std::unique_ptr<Api>(new Api(target, std::move(process)));
}

Result<std::unique_ptr<Api>> Api::open(const Target& target, const os::Interrupt* interrupt) {
    auto api = start(target, interrupt);
    if (!api) return api;
    if (auto serving = (*api)->process_->await_serving(); !serving) return serving.error();
    return api;
}

std::string Api::path(const Kind& kind, std::string_view name) const {
    const auto resource = known_resource(kind);
    return resource ? path_of(kind, *resource, target_.name_space, name) : std::string();
}

Result<Resource> Api::resource_of(const Kind& kind) {
    if (auto resource = known_resource(kind)) return *resource;
    for (const auto& [known, resource] : looked_up_) {
        if (known == kind) return resource;
    }
    const bool core = kind.api_version.find('/') == std::string::npos;
    const auto listed = get((core ? "/api/" : "/apis/") + kind.api_version);
    if (listed) {
        for (const auto& entry : list(*listed, {"resources"})) {
            const auto* row = entry.if_object();
            if (row == nullptr || text(*row, {"kind"}) != kind.kind) continue;
            Resource resource{text(*row, {"name"}), is_true(*row, {"namespaced"})};
            if (resource.plural.find('/') != std::string::npos) continue;  // a part, such as deployments/scale
            looked_up_.emplace_back(kind, resource);
            return resource;
        }
    } else if (listed.error().code != "NOT_FOUND" && listed.error().code != "KIND_UNKNOWN") {
        return listed.error();
    }
    return Error{"KIND_UNKNOWN",
                 "the cluster has no kind " + kind.kind + " of " + kind.api_version,
                 {},
                 "install what defines it, or leave it out"};
}

Result<std::string> Api::path_of_object(const Object& object) {
    const Kind kind{text(object, {"apiVersion"}), text(object, {"kind"})};
    const auto resource = resource_of(kind);
    if (!resource) return resource.error();
    const auto own = text(object, {"metadata", "namespace"});
    return path_of(kind, *resource, own.empty() ? target_.name_space : own, name_of(object));
}

Result<Object> Api::object_of(Result<Answer> answer, const std::string& where) {
    if (!answer) return answer.error();
    if (answer->date != 0) ahead_ms_ = answer->date - read_clocks().wall;
    if (answer->status < 200 || answer->status > 299) return error_of_status(answer->status, answer->body, where);
    return parse_object(answer->body, where);
}

std::vector<Result<Answer>> Api::send(const std::vector<Request>& requests) {
    if (auto serving = process_->await_serving(); !serving)
        return std::vector<Result<Answer>>(requests.size(), serving.error());
    // The proxy logs what fails; a full pipe would stop it.
    process_->child->read_lines(Clock::now(), nullptr);
    return process_->http->send(requests);
}

Result<Object> Api::send_object(Request request, const std::string& where) {
    auto answers = send({std::move(request)});
    return object_of(std::move(answers.front()), where);
}

Result<Object> Api::get(const std::string& path) { return send_object({.path = path}, path); }

std::vector<Result<Object>> Api::get_all(const std::vector<std::string>& paths) {
    std::vector<Request> requests;
    for (const auto& path : paths) requests.push_back({.path = path});
    auto answers = send(requests);
    std::vector<Result<Object>> objects;
    for (std::size_t i = 0; i < answers.size(); ++i) objects.push_back(object_of(std::move(answers[i]), paths[i]));
    return objects;
}

Result<std::string> Api::get_text(const std::string& path) {
    auto answers = send({{.path = path}});
    auto& answer = answers.front();
    if (!answer) return answer.error();
    if (answer->status != 200) return error_of_status(answer->status, answer->body, path);
    return std::move(answer->body);
}

Result<Object> Api::apply(const Object& object, const ApplyOptions& options) {
    return std::move(apply_all({object}, options).front());
}

std::vector<Result<Object>> Api::apply_all(const Objects& objects, const ApplyOptions& options) {
    std::vector<Request> requests;
    std::vector<Result<Object>> results;
    for (const auto& object : objects) {
        const auto path = path_of_object(object);
        results.push_back(path ? Result<Object>(Object()) : Result<Object>(path.error()));
        if (!path) continue;
        requests.push_back({.path = *path + apply_query(options),
                            .method = "PATCH",
                            .body = boost::json::serialize(object),
                            .content_type = "application/apply-patch+yaml"});
    }
    auto answers = send(requests);
    auto answer = answers.begin();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (results[i]) results[i] = object_of(std::move(*answer++), title_of(objects[i]));
    }
    return results;
}

Result<Object> Api::create(const Object& object) { return std::move(create_all({object}).front()); }

std::vector<Result<Object>> Api::create_all(const Objects& objects) {
    std::vector<Request> requests;
    std::vector<Result<Object>> results;
    for (const auto& object : objects) {
        auto nameless = object;
        if (auto* metadata = nameless.if_contains("metadata"); metadata != nullptr && metadata->is_object())
            metadata->get_object().erase("name");
        const auto path = path_of_object(nameless);
        results.push_back(path ? Result<Object>(Object()) : Result<Object>(path.error()));
        if (!path) continue;
        requests.push_back({.path = *path + "?fieldManager=" + std::string(field_manager),
                            .method = "POST",
                            .body = boost::json::serialize(object)});
    }
    auto answers = send(requests);
    auto answer = answers.begin();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (results[i]) results[i] = object_of(std::move(*answer++), title_of(objects[i]));
    }
    return results;
}

Result<Object> Api::replace(const Object& object) {
    const auto path = path_of_object(object);
    if (!path) return path.error();
    return send_object({.path = *path + "?fieldManager=" + std::string(field_manager),
                        .method = "PUT",
                        .body = boost::json::serialize(object)},
                       title_of(object));
}

Result<Object> Api::merge(const std::string& path, const Object& patch) {
    return send_object({.path = path + "?fieldManager=" + std::string(field_manager),
                        .method = "PATCH",
                        .body = boost::json::serialize(patch),
                        .content_type = "application/merge-patch+json"},
                       path);
}

Result<void> Api::remove(const std::string& path, std::string_view propagation) {
    const Object options{{"kind", "DeleteOptions"},
                         {"apiVersion", "v1"},
                         {"propagationPolicy", boost::json::string_view(propagation.data(), propagation.size())}};
    const auto done = send_object({.path = path, .method = "DELETE", .body = boost::json::serialize(options)}, path);
    if (!done && done.error().code != "NOT_FOUND") return done.error();
    return {};
}

void Api::ignore_interrupt() { process_->http->ignore_interrupt(); }

UnixMs Api::cluster_time() const { return read_clocks().wall + ahead_ms_; }

}  // namespace waaft::kube
