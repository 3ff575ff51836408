// What waaft.yaml says about building, shipping and running waaft on a cluster; everything has a
// default, so that no file is needed. The section `serve:` is the server's own (app/settings.h).
//
// Thread: main. Ownership: values. Units: in the names; CPU and memory are Kubernetes quantities
// ("500m", "256Mi"). Errors: config_* as in project/parse.h, each with file:line:column.
// Source: project/fields.h, the table of all names, bounds and meanings.
#pragma once

#include "cmd/project/origin.h"
#include "server/base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace waaft::project {

enum class Expose : std::uint8_t { address, gateway, ingress, none };
enum class RedisMode : std::uint8_t { none, bundled, external };
enum class Provider : std::uint8_t { any, gke };

// Where a secret's value comes from; exactly one is set. The value itself is never kept in a Project.
struct SecretSource {
    std::string file;
    std::string env;                   // the name of a variable of the caller
    std::vector<std::string> command;  // its standard output
    std::string existing;              // "secret-name/key" in the namespace, made by somebody else
};

struct Project {
    std::string name = "waaft";  // of the objects; a DNS label
    struct Image {
        std::string repository = "waaft";  // "org/waaft", "host:5000/org/waaft"; without a host: Docker Hub
        std::string version;               // empty: git describe --always --dirty
        std::vector<std::string> tags;     // more of them
        std::vector<std::string> platforms;
        std::string builder = "auto";  // auto, docker, native
        std::string dockerfile = "Dockerfile";
    } image;
    struct Registry {
        bool plain_http = false;  // for a registry of one's own without TLS
        std::string ca_file;
        std::string user;
        SecretSource password;  // nothing set: docker's own configuration and helpers
    } registry;
    struct Cluster {
        Provider provider = Provider::any;
        std::string project, zone, name;  // GKE
        bool autopilot = false;
        std::string context, namespace_ = "waaft";
        std::string kubeconfig;  // empty: kubectl's own rules
    } cluster;
    struct ExposeOptions {
        Expose mode = Expose::address;
        std::string address;        // a reserved IP
        std::string gateway_class;  // empty: by provider
        std::string ingress_class;
        std::map<std::string, std::string> annotations;  // of the Services
    } expose;
    std::string domain;
    struct Tls {
        std::string issuer;  // cert-manager ClusterIssuer
        std::string secret;  // an existing kubernetes.io/tls Secret
    } tls;
    struct Resources {
        std::string cpu = "500m", memory = "256Mi", memory_limit = "512Mi", cpu_limit;
    } resources;
    struct Autoscaling {
        std::uint32_t min = 1, max = 10, cpu_percent = 60;
        std::uint32_t scale_down_window_s = 600, scale_down_pods = 1, scale_down_period_s = 120;
        std::uint32_t scale_up_percent = 100, scale_up_pods = 2, scale_up_period_s = 30;
    } autoscaling;
    struct Drain {
        std::uint32_t grace_s = 600, pre_stop_s = 10;
    } drain;
    struct Redis {
        RedisMode mode = RedisMode::bundled;  // none: one pod, which keeps its rooms itself
        std::string address;                  // external: "rediss://host:port"
        std::string image = "docker.io/library/redis:7.2.11-alpine";
        std::string memory = "512Mi";
    } redis;
    std::string storage_class, storage_size = "10Gi";
    std::map<std::string, SecretSource> secrets;  // by the serve: setting that names a file, e.g. "ice.turn_secret"
    struct ImagePull {
        std::string user;
        SecretSource password;
        std::string existing;  // name of a dockerconfigjson Secret
    } image_pull;
    std::vector<std::string> patches;  // files, relative to waaft.yaml
    std::string folder = ".";          // of waaft.yaml; paths in it are relative to that
    // The section `serve:` as it stands, as YAML text; becomes the ConfigMap.
    std::string serve_yaml;
};

struct Flags {
    std::optional<std::string> file;         // --config
    std::optional<std::string> environment;  // -e staging: waaft.staging.yaml is merged over it
    // Dotted field name and text, as given by flags of single commands.
    std::vector<std::pair<std::string, std::string>> values;
    bool for_cluster = true;  // what `serve:` contradicts in a deployment is an error too
};

struct Loaded {
    Project project;
    std::string file;  // empty: none was read
    std::vector<std::string> warnings;
    std::map<std::string, Origin> origins;  // by dotted field name; what is not in it has its default
};

}  // namespace waaft::project
