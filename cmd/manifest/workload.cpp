// The Deployment and what scales it.
#include "cmd/manifest/parts.h"

#include <boost/json.hpp>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using std::string_view;

Object& pod_of(Object& deployment) { return map_at(deployment, {"spec", "template", "spec"}); }
Object& server_of(Object& deployment) { return named(list_at(pod_of(deployment), {"containers"}), "server"); }
Object& init_of(Object& deployment) { return named(list_at(pod_of(deployment), {"initContainers"}), "cluster-init"); }

void put_image(const Build& build, Object& deployment) {
    const auto& image = build.project.image;
    auto reference = build.facts.image;
    if (reference.empty()) {
        const auto built_in = text_at(server_of(deployment), {"image"});
        const auto version = image.version.empty() ? built_in.substr(built_in.rfind(':') + 1) : image.version;
        reference = image.repository + ":" + version;
    }
    server_of(deployment)["image"] = reference;
    init_of(deployment)["image"] = reference;
    const auto& pull = build.project.image_pull;
    const auto secret = !pull.existing.empty() ? pull.existing
                        : pull.user.empty()    ? std::string()
                                               : build.name("-pull");
    if (!secret.empty()) pod_of(deployment)["imagePullSecrets"] = json::array{Object{{"name", secret}}};
}

void put_resources(const Build& build, Object& server) {
    const auto& wanted = build.project.resources;
    put(server, {"resources", "requests"}, Object{{"cpu", wanted.cpu}, {"memory", wanted.memory}});
    auto& limits = map_at(server, {"resources", "limits"});
    limits.clear();
    if (!wanted.cpu_limit.empty()) limits["cpu"] = wanted.cpu_limit;
    if (!wanted.memory_limit.empty()) limits["memory"] = wanted.memory_limit;
}

void put_drain(const Build& build, Object& deployment) {
    const auto& drain = build.project.drain;
    pod_of(deployment)["terminationGracePeriodSeconds"] = drain.grace_s;
    if (drain.pre_stop_s == 0)
        server_of(deployment).erase("lifecycle");
    else
        put(server_of(deployment), {"lifecycle", "preStop", "sleep", "seconds"}, drain.pre_stop_s);
}

// Which names the certificate has; the step waits for an address only if the pods need one.
void put_init_arguments(const Build& build, Object& deployment, const Object& settings) {
    json::array arguments{"--secret=" + cluster_secret_name(build.project)};
    if (build.own_certificate()) {
        arguments.emplace_back("--service=" + build.name());
        for (const auto& name : {build.project.domain, build.project.expose.address})
            if (!name.empty()) arguments.emplace_back("--name=" + name);
        const auto* more = find(settings, {"tls", "names"});
        if (more != nullptr && more->is_array())
            for (const auto& name : more->get_array())
                if (name.is_string()) arguments.emplace_back("--name=" + std::string(name.get_string()));
    }
    if (build.project.redis.mode == project::RedisMode::bundled)
        arguments.emplace_back("--await=" + build.redis_place());
    arguments.emplace_back("--out=/etc/waaft/cluster");
    init_of(deployment)["args"] = std::move(arguments);
}

void mount(Object& deployment, const char* name, const char* path, Object source) {
    source["name"] = name;
    list_at(pod_of(deployment), {"volumes"}).emplace_back(std::move(source));
    list_at(server_of(deployment), {"volumeMounts"})
        .emplace_back(Object{{"name", name}, {"mountPath", path}, {"readOnly", true}});
}

// All secrets in one folder, a file each under its setting's name, readable by the server's group alone.
void mount_secrets(const Build& build, Object& deployment) {
    constexpr int mode = 0440;
    json::array sources;
    json::array own;
    for (const auto& [setting, source] : build.project.secrets) {
        if (source.existing.empty()) {
            own.emplace_back(Object{{"key", setting}, {"path", setting}});
            continue;
        }
        const auto slash = source.existing.find('/');
        const Object item{{"key", source.existing.substr(slash + 1)}, {"path", setting}};
        sources.emplace_back(
            Object{{"secret", Object{{"name", source.existing.substr(0, slash)}, {"items", json::array{item}}}}});
    }
    if (!own.empty())
        sources.emplace_back(Object{{"secret", Object{{"name", build.name("-secrets")}, {"items", std::move(own)}}}});
    if (sources.empty()) return;
    mount(deployment, "secrets", "/etc/waaft/secrets",
          Object{{"projected", Object{{"defaultMode", mode}, {"sources", std::move(sources)}}}});
}

void put_volumes(const Build& build, Object& deployment) {
    constexpr int mode = 0440;
    const auto& project = build.project;
    auto& data = named(list_at(pod_of(deployment), {"volumes"}), "data");
    if (build.alone()) {
        data.erase("emptyDir");
        put(data, {"persistentVolumeClaim", "claimName"}, build.name("-data"));
    } else if (project.storage_class.empty()) {
        put(data, {"emptyDir", "sizeLimit"}, project.storage_size);
    } else {
        // A disk for each pod, gone with it: pods come and go by the autoscaler.
        data.erase("emptyDir");
        put(data, {"ephemeral", "volumeClaimTemplate", "spec"},
            Object{{"accessModes", json::array{"ReadWriteOnce"}},
                   {"storageClassName", project.storage_class},
                   {"resources", Object{{"requests", Object{{"storage", project.storage_size}}}}}});
    }
    mount_secrets(build, deployment);
    if (!build.behind_proxy() && !build.own_certificate())
        mount(deployment, "tls", "/etc/waaft/tls",
              Object{{"secret", Object{{"secretName", build.tls_secret()}, {"defaultMode", mode}}}});
}

json::array policies(std::initializer_list<std::tuple<const char*, std::uint32_t, std::uint32_t>> entries) {
    json::array list;
    for (const auto& [type, value, period] : entries)
        if (value > 0) list.emplace_back(Object{{"type", type}, {"value", value}, {"periodSeconds", period}});
    return list;
}

void add_autoscaler(Build& build) {
    const auto& scaling = build.project.autoscaling;
    auto object = build.make("horizontalpodautoscaler.yaml");
    put(object, {"spec", "minReplicas"}, scaling.min);
    put(object, {"spec", "maxReplicas"}, scaling.max);
    auto& metric = list_at(object, {"spec", "metrics"}).front().as_object();
    put(metric, {"resource", "target", "averageUtilization"}, scaling.cpu_percent);
    put(object, {"spec", "behavior", "scaleUp", "policies"},
        policies({{"Percent", scaling.scale_up_percent, scaling.scale_up_period_s},
                  {"Pods", scaling.scale_up_pods, scaling.scale_up_period_s}}));
    put(object, {"spec", "behavior", "scaleDown", "stabilizationWindowSeconds"}, scaling.scale_down_window_s);
    put(object, {"spec", "behavior", "scaleDown", "policies"},
        policies({{"Pods", scaling.scale_down_pods, scaling.scale_down_period_s}}));
    build.add(std::move(object));
}

// One at a time: two could not have the one disk.
void put_alone(Build& build, Object& deployment) {
    put(deployment, {"spec", "replicas"}, 1);
    put(deployment, {"spec", "strategy"}, Object{{"type", "Recreate"}});
    const auto& project = build.project;
    auto claim = build.make("optional/persistentvolumeclaim.yaml");
    put(claim, path_of("spec.resources.requests.storage"), project.storage_size);
    if (!project.storage_class.empty()) put(claim, path_of("spec.storageClassName"), project.storage_class);
    build.add(std::move(claim));
}

}  // namespace

void add_workload(Build& build, const Object& settings) {
    auto deployment = build.make("deployment.yaml");
    put_image(build, deployment);
    put_resources(build, server_of(deployment));
    put_drain(build, deployment);
    put_init_arguments(build, deployment, settings);
    put_volumes(build, deployment);
    if (build.alone()) put_alone(build, deployment);
    build.add(std::move(deployment));
    if (!build.alone()) add_autoscaler(build);
}

void add_monitors(Build& build) {
    // Only where the cluster is known to have the kind; one of the two is enough.
    const bool google = build.facts.kinds.contains("podmonitorings.monitoring.googleapis.com");
    const bool prometheus = build.facts.kinds.contains("podmonitors.monitoring.coreos.com");
    if (google && (build.on_gke() || !prometheus))
        build.add("optional/podmonitoring.yaml");
    else if (prometheus)
        build.add("optional/podmonitor.yaml");
}

}  // namespace waaft::manifest
