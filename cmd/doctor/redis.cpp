#include "cmd/doctor/redis.h"

#include "cmd/project/secret_source.h"
#include "cmd/status/collect.h"
#include "cmd/yaml/document.h"
#include "server/base/id.h"
#include "server/redis/inspect.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::doctor {
namespace {

using project::RedisMode;

constexpr const char* id = "redis";
constexpr std::size_t pods_asked_max = 4;

Check skipped(std::string why) { return {id, State::skipped, std::move(why), {}}; }

// A setting below serve:, if waaft.yaml has it.
std::string serve_text(const project::Project& project, const char* name) {
    const auto node = yaml::parse(project.serve_yaml, "serve");
    const auto value = node ? yaml::to_value(*node, "serve") : Result<boost::json::value>(node.error());
    if (!value || !value->is_object()) return {};
    return kube::text(value->get_object(), {"serve", "redis", name});
}

// What a server in a pod would be told; the password and the authorities are in files there.
Result<redis::RedisOptions> options_of(const project::Project& project, const cmd::Environment& environment,
                                       const os::Interrupt* interrupt) {
    redis::RedisOptions options;
    options.url = project.redis.address;
    options.user = serve_text(project, "user");
    if (auto prefix = serve_text(project, "prefix"); !prefix.empty()) options.prefix = std::move(prefix);
    if (serve_text(project, "ack") == "memory") options.ack = redis::RedisOptions::Ack::memory;
    options.server = random_member_id();
    const auto ca = project.secrets.find("redis.ca");
    if (ca != project.secrets.end()) {
        const auto& file = ca->second.file;
        if (file.empty()) return Error{"elsewhere", "its authority is not a file of this machine"};
        options.ca_file = file.starts_with('/') ? file : project.folder + "/" + file;
    }
    const auto password = project.secrets.find("redis.password");
    if (password == project.secrets.end()) return options;
    if (!password->second.existing.empty()) return Error{"elsewhere", "its password is in the cluster alone"};
    auto read =
        project::read_secret(password->second, "secrets.redis.password", project.folder, environment, interrupt);
    if (!read) return read.error();
    options.password = std::move(*read);
    return options;
}

std::vector<status::Live> ask_pods(kube::Api& api, const std::string& name) {
    const auto listed = api.get(status::labelled(api, {"v1", "Pod"}, name));
    std::vector<std::string> paths;
    if (!listed) return {};
    for (const auto& entry : kube::list(*listed, {"items"})) {
        const auto* pod = entry.if_object();
        if (pod == nullptr || kube::text(*pod, {"status", "phase"}) != "Running" || paths.size() >= pods_asked_max)
            continue;
        paths.push_back(api.path({"v1", "Pod"}, kube::name_of(*pod) + ":9090") + "/proxy/statusz");
    }
    std::vector<status::Live> pods;
    for (const auto& answer : api.get_all(paths)) pods.push_back(status::read_live(answer));
    return pods;
}

std::string durability(const std::string& appendonly, const std::string& appendfsync) {
    if (appendonly != "yes") return "appendonly " + (appendonly.empty() ? "unknown" : appendonly);
    return "appendfsync " + (appendfsync.empty() ? "not told" : appendfsync);
}

}  // namespace

Check judge_seen_from_here(const Result<redis::RedisStatus>& seen, const std::string& address) {
    if (!seen) return failed_by(id, seen.error());
    return {id,
            State::passed,
            address + " seen from here: " + seen->version + ", noeviction, " +
                durability(seen->appendonly, seen->appendfsync) + ", every right is there",
            {}};
}

Check judge_seen_by_pods(const std::vector<status::Live>& pods, const std::string& why) {
    bool any = false;
    for (const auto& pod : pods) {
        if (!pod.answered || !pod.redis) continue;
        any = true;
        if (!pod.redis->up)
            return {id, State::failed, "a pod says: " + pod.redis->trouble, "waaft logs  # and see redis.address"};
    }
    if (!any)
        return {id, State::warning, "could not be asked from here (" + why + "), and no pod runs that could say",
                "waaft deploy  # each server checks it at its start"};
    const auto& redis =
        *std::find_if(pods.begin(), pods.end(), [](const auto& pod) { return pod.redis.has_value(); })->redis;
    return {id,
            State::passed,
            "seen by the pods (from here not: " + why + "): " + redis.version + ", " +
                durability(redis.appendonly, redis.appendfsync),
            {}};
}

Check check_redis(kube::Api* api, const project::Project& project, const cmd::Environment& environment,
                  const os::Interrupt* interrupt) {
    if (project.redis.mode == RedisMode::none) return skipped("not needed: redis.mode is none, so there is one pod");
    if (project.redis.mode == RedisMode::bundled) return skipped("deployed along; `waaft status` shows how it is");
    std::string why;
    auto options = options_of(project, environment, interrupt);
    if (!options && options.error().code != "elsewhere") return failed_by(id, options.error());
    if (options) {
        const auto seen = redis::inspect_redis(*options);
        if (seen || seen.error().code != "redis_away") return judge_seen_from_here(seen, project.redis.address);
        why = seen.error().what;
    } else {
        why = options.error().what;
    }
    return judge_seen_by_pods(api == nullptr ? std::vector<status::Live>() : ask_pods(*api, project.name), why);
}

}  // namespace waaft::doctor
