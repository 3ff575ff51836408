#include "cmd/project/conflicts.h"

#include "cmd/project/forms.h"
#include "cmd/project/secret_source.h"

#include <algorithm>

namespace waaft::project {
namespace {

class Conflicts {
public:
    explicit Conflicts(const Loaded& loaded) : loaded_(loaded) {}

    // `key` is to blame.
    void add_if(bool wrong, const std::string& key, const std::string& what, const std::string& hint) {
        if (!wrong) return;
        const auto origin = loaded_.origins.find(key);
        errors_.push_back(
            {"config_conflict", what, origin == loaded_.origins.end() ? loaded_.file : describe(origin->second), hint});
    }
    // The one of the two that somebody wrote.
    std::string written(const std::string& key, const std::string& other) const {
        return loaded_.origins.contains(key) ? key : other;
    }
    cmd::Errors take() { return std::move(errors_); }

private:
    const Loaded& loaded_;
    cmd::Errors errors_;
};

void check_sizes(Conflicts& conflicts, const Project& project) {
    const auto& scaling = project.autoscaling;
    conflicts.add_if(scaling.min > scaling.max, conflicts.written("autoscaling.min", "autoscaling.max"),
                     "autoscaling.min is " + std::to_string(scaling.min) + ", more than autoscaling.max, " +
                         std::to_string(scaling.max),
                     "make autoscaling.max at least as large");
    const auto& resources = project.resources;
    conflicts.add_if(
        !resources.memory_limit.empty() && parse_memory(resources.memory) > parse_memory(resources.memory_limit),
        conflicts.written("resources.memory", "resources.memoryLimit"),
        "resources.memory is " + resources.memory + ", more than resources.memoryLimit, " + resources.memory_limit,
        "raise resources.memoryLimit");
    conflicts.add_if(!resources.cpu_limit.empty() && parse_cpu(resources.cpu) > parse_cpu(resources.cpu_limit),
                     "resources.cpuLimit",
                     "resources.cpu is " + resources.cpu + ", more than resources.cpuLimit, " + resources.cpu_limit,
                     "raise resources.cpuLimit, or leave it out");
    conflicts.add_if(project.drain.pre_stop_s >= project.drain.grace_s,
                     conflicts.written("drain.preStop", "drain.grace"),
                     "drain.preStop must be shorter than drain.grace, of which it is a part", "make it shorter");
}

void check_access(Conflicts& conflicts, const Project& project) {
    const auto& pull = project.image_pull;
    conflicts.add_if(is_set(project.registry.password) && project.registry.user.empty(), "registry.password",
                     "registry.password is given without registry.user", "add registry.user");
    conflicts.add_if(is_set(pull.password) != !pull.user.empty(),
                     is_set(pull.password) ? "imagePull.password" : "imagePull.user",
                     "imagePull.user and imagePull.password belong together", "set both, or neither");
    conflicts.add_if(!pull.existing.empty() && !pull.user.empty(), "imagePull.existing",
                     "imagePull.existing excludes imagePull.user", "keep one of the two ways");
    conflicts.add_if(!project.tls.issuer.empty() && !project.tls.secret.empty(), "tls.issuer",
                     "tls.issuer and tls.secret exclude each other", "keep one of the two");
    conflicts.add_if(!project.tls.issuer.empty() && project.domain.empty(), "tls.issuer",
                     "tls.issuer needs a name to sign, and domain is empty", "set domain");
}

void check_redis(Conflicts& conflicts, const Project& project) {
    const auto& redis = project.redis;
    const auto pods = std::max(project.autoscaling.min, project.autoscaling.max);
    conflicts.add_if(redis.mode == RedisMode::none && pods > 1, conflicts.written("autoscaling.max", "autoscaling.min"),
                     "redis.mode is none, so the rooms are in one pod, and autoscaling asks for up to " +
                         std::to_string(pods) + " pods",
                     "set redis.mode to bundled or external, or autoscaling.max to 1");
    conflicts.add_if(redis.mode == RedisMode::external && redis.address.empty(), "redis.mode",
                     "redis.mode is external, and redis.address is empty",
                     "set redis.address, for example to rediss://redis.example.org:6378");
    conflicts.add_if(redis.mode != RedisMode::external && !redis.address.empty(), "redis.address",
                     "redis.address is used with redis.mode external alone", "set redis.mode to external");
    app::Config config;
    const auto* url = app::find_setting("redis.url");
    const auto set = redis.address.empty() ? Result<void>() : app::set_from_text(config, *url, redis.address);
    conflicts.add_if(!set, "redis.address", "redis.address is not " + app::expected(*url),
                     "user and password are no part of it: serve: redis.user and secrets: redis.password");
}

// What pods are given, so that nothing of it is missed in the file.
void put_redis(app::Config& config, const Project::Redis& redis) {
    if (redis.mode == RedisMode::none) return;
    const auto put = [&](const char* name, const std::string& value) {
        static_cast<void>(app::set_from_text(config, *app::find_setting(name), value));
    };
    put("cluster.secret", "/etc/waaft/cluster/secret");
    put("redis.url", redis.mode == RedisMode::bundled ? "redis://redis:6379" : redis.address);
}

// The server's own contradictions. What a deployment sets itself (tls.*, files of `secrets`) is none.
void check_serve(cmd::Errors& errors, const Loaded& loaded, const std::vector<ServeValue>& serve) {
    app::Config config;
    for (const auto& value : serve) {
        // Each was tried when it was read.
        static_cast<void>(apply(value, config));
    }
    put_redis(config, loaded.project.redis);
    for (const auto& [name, source] : loaded.project.secrets) {
        if (const auto* setting = app::find_setting(name)) {
            static_cast<void>(app::set_from_text(config, *setting, "/etc/waaft/secrets/" + name));
        }
    }
    for (auto& conflict : app::find_conflicts(config)) {
        if (conflict.key.starts_with("tls.")) continue;
        const auto value = std::find_if(serve.rbegin(), serve.rend(),
                                        [&](const ServeValue& each) { return each.setting->key == conflict.key; });
        conflict.error.where = value == serve.rend() ? loaded.file : value->where;
        errors.push_back(std::move(conflict.error));
    }
}

}  // namespace

cmd::Errors find_conflicts(const Loaded& loaded) {
    Conflicts conflicts(loaded);
    check_sizes(conflicts, loaded.project);
    check_access(conflicts, loaded.project);
    check_redis(conflicts, loaded.project);
    return conflicts.take();
}

cmd::Errors find_conflicts(const Loaded& loaded, const std::vector<ServeValue>& serve) {
    auto errors = find_conflicts(loaded);
    check_serve(errors, loaded, serve);
    return errors;
}

}  // namespace waaft::project
