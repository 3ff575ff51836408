#include "cmd/project/fields.h"

#include "server/app/setting_values.h"
#include "server/app/settings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>

namespace waaft::project {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> builders{"auto", "docker", "native"};
constexpr std::array<string_view, 2> providers{"any", "gke"};
constexpr std::array<string_view, 4> expose_modes{"address", "gateway", "ingress", "none"};
constexpr std::array<string_view, 3> redis_modes{"none", "bundled", "external"};
constexpr std::array<string_view, 5> secret_names{"rooms.keys", "ice.turn_secret", "ice.turn_password",
                                                  "redis.password", "redis.ca"};

constexpr std::int64_t minute = 60;
constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 86400;

Field made(Kind kind, string_view key, Member member, string_view doc) {
    return {.key = key, .kind = kind, .member = member, .choices = {}, .doc = doc, .alias = {}, .short_flag = {}};
}
Field text(string_view key, std::string& (*member)(Project&), Form form, string_view doc) {
    auto field = made(Kind::text, key, member, doc);
    field.form = form;
    return field;
}
Field list(string_view key, std::vector<std::string>& (*member)(Project&), Form form, string_view doc) {
    auto field = made(Kind::list, key, member, doc);
    field.form = form;
    return field;
}
Field ranged(Kind kind, string_view key, std::uint32_t& (*member)(Project&), std::int64_t min, std::int64_t max,
             string_view doc) {
    auto field = made(kind, key, member, doc);
    field.min = min;
    field.max = max;
    return field;
}
Field integer(string_view key, std::uint32_t& (*member)(Project&), std::int64_t min, std::int64_t max,
              string_view doc) {
    return ranged(Kind::integer, key, member, min, max, doc);
}
Field duration(string_view key, std::uint32_t& (*member)(Project&), std::int64_t min, std::int64_t max,
               string_view doc) {
    return ranged(Kind::duration, key, member, min, max, doc);
}
Field choice(string_view key, Member member, std::span<const string_view> choices, string_view doc) {
    auto field = made(Kind::choice, key, member, doc);
    field.choices = choices;
    return field;
}
Field on_flags(Field field, string_view alias = {}, string_view short_flag = {}) {
    field.on_flags = true;
    field.alias = alias;
    field.short_flag = short_flag;
    return field;
}

void add_image(std::vector<Field>& table) {
    table.push_back(on_flags(text(
        "name", [](Project& p) -> std::string& { return p.name; }, Form::label,
        "Name of everything that is made in the cluster.")));
    table.push_back(on_flags(text(
        "image.repository", [](Project& p) -> std::string& { return p.image.repository; }, Form::repository,
        "Where the image is pushed to; a name without a host means Docker Hub.")));
    table.push_back(on_flags(text(
        "image.version", [](Project& p) -> std::string& { return p.image.version; }, Form::tag,
        "Tag of the image; empty means what `git describe --always --dirty` says.")));
    table.push_back(list(
        "image.tags", [](Project& p) -> std::vector<std::string>& { return p.image.tags; }, Form::tag,
        "More tags for the same image."));
    table.push_back(list(
        "image.platforms", [](Project& p) -> std::vector<std::string>& { return p.image.platforms; }, Form::platform,
        "Platforms to build for; empty means that of the cluster's nodes."));
    table.push_back(
        choice("image.builder", Member([](Project& p) -> std::string& { return p.image.builder; }), builders,
               "docker runs `docker build`, native needs no engine, auto takes docker where an engine answers."));
    table.push_back(text(
        "image.dockerfile", [](Project& p) -> std::string& { return p.image.dockerfile; }, Form::any,
        "What docker builds from."));
}

void add_registry(std::vector<Field>& table) {
    auto plain = made(
        Kind::boolean, "registry.plainHttp", [](Project& p) -> bool& { return p.registry.plain_http; },
        "Speak HTTP without TLS, to a registry of one's own.");
    table.push_back(on_flags(plain, "--plain-http"));
    table.push_back(on_flags(text(
        "registry.caFile", [](Project& p) -> std::string& { return p.registry.ca_file; }, Form::any,
        "PEM file with the authority that signed the registry's certificate.")));
    table.push_back(on_flags(text(
        "registry.user", [](Project& p) -> std::string& { return p.registry.user; }, Form::any,
        "User at the registry; empty means what docker's own configuration and helpers say.")));
    table.push_back(made(
        Kind::secret, "registry.password", [](Project& p) -> SecretSource& { return p.registry.password; },
        "Where that user's password comes from: {file}, {env} or {command}."));
}

void add_cluster(std::vector<Field>& table) {
    table.push_back(choice(
        "cluster.provider", [](Project& p) -> Provider& { return p.cluster.provider; }, providers,
        "gke adds what Google's clusters need and lets `waaft cluster` make one."));
    table.push_back(text(
        "cluster.project", [](Project& p) -> std::string& { return p.cluster.project; }, Form::any,
        "Google Cloud project of the cluster."));
    table.push_back(text(
        "cluster.zone", [](Project& p) -> std::string& { return p.cluster.zone; }, Form::any,
        "Zone of the cluster, or its region."));
    table.push_back(text(
        "cluster.name", [](Project& p) -> std::string& { return p.cluster.name; }, Form::any, "Name of the cluster."));
    table.push_back(made(
        Kind::boolean, "cluster.autopilot", [](Project& p) -> bool& { return p.cluster.autopilot; },
        "Make an Autopilot cluster instead of a Standard one."));
    table.push_back(on_flags(
        text(
            "cluster.context", [](Project& p) -> std::string& { return p.cluster.context; }, Form::any,
            "Context of kubectl, never silently the current one; on GKE empty means that of the named cluster."),
        "--context"));
    table.push_back(on_flags(text(
                                 "cluster.namespace", [](Project& p) -> std::string& { return p.cluster.namespace_; },
                                 Form::label, "Namespace to deploy into; it is made if it is missing."),
                             "--namespace", "-n"));
    table.push_back(on_flags(text(
                                 "cluster.kubeconfig", [](Project& p) -> std::string& { return p.cluster.kubeconfig; },
                                 Form::any, "kubectl's configuration; empty means its own rules."),
                             "--kubeconfig"));
}

void add_expose(std::vector<Field>& table) {
    table.push_back(on_flags(choice(
        "expose.mode", [](Project& p) -> Expose& { return p.expose.mode; }, expose_modes,
        "How people reach it: one load-balancer address, a Gateway, an Ingress, or only from inside.")));
    table.push_back(on_flags(text(
        "expose.address", [](Project& p) -> std::string& { return p.expose.address; }, Form::address,
        "A reserved IP address, so that links survive destroy and deploy.")));
    table.push_back(on_flags(text(
        "expose.gatewayClass", [](Project& p) -> std::string& { return p.expose.gateway_class; }, Form::name,
        "Class of the Gateway; empty means the provider's.")));
    table.push_back(on_flags(text(
        "expose.ingressClass", [](Project& p) -> std::string& { return p.expose.ingress_class; }, Form::name,
        "Class of the Ingress; empty means the cluster's default.")));
    table.push_back(made(
        Kind::labels, "expose.annotations",
        [](Project& p) -> std::map<std::string, std::string>& { return p.expose.annotations; },
        "Annotations of the Services, for the cloud's load balancer."));
    table.push_back(on_flags(text(
        "domain", [](Project& p) -> std::string& { return p.domain; }, Form::name,
        "Host name that points to the cluster; empty means that the address itself is the name.")));
    table.push_back(text(
        "tls.issuer", [](Project& p) -> std::string& { return p.tls.issuer; }, Form::name,
        "ClusterIssuer of cert-manager that signs the certificate for the domain."));
    table.push_back(text(
        "tls.secret", [](Project& p) -> std::string& { return p.tls.secret; }, Form::name,
        "Secret of type kubernetes.io/tls with a certificate of one's own."));
}

void add_resources(std::vector<Field>& table) {
    table.push_back(text(
        "resources.cpu", [](Project& p) -> std::string& { return p.resources.cpu; }, Form::cpu,
        "CPU that each pod asks for; autoscaling counts in percent of it."));
    table.push_back(text(
        "resources.memory", [](Project& p) -> std::string& { return p.resources.memory; }, Form::memory,
        "Memory that each pod asks for."));
    table.push_back(text(
        "resources.memoryLimit", [](Project& p) -> std::string& { return p.resources.memory_limit; }, Form::memory,
        "Memory above which a pod is ended."));
    table.push_back(text(
        "resources.cpuLimit", [](Project& p) -> std::string& { return p.resources.cpu_limit; }, Form::cpu,
        "CPU above which a pod is slowed down; empty means no limit, because people hear it."));
}

void add_autoscaling(std::vector<Field>& table) {
    table.push_back(on_flags(integer(
        "autoscaling.min", [](Project& p) -> std::uint32_t& { return p.autoscaling.min; }, 1, 1000,
        "Least number of pods.")));
    table.push_back(on_flags(integer(
        "autoscaling.max", [](Project& p) -> std::uint32_t& { return p.autoscaling.max; }, 1, 1000,
        "Greatest number of pods.")));
    table.push_back(on_flags(integer(
        "autoscaling.cpu", [](Project& p) -> std::uint32_t& { return p.autoscaling.cpu_percent; }, 1, 500,
        "CPU to aim at, in percent of resources.cpu.")));
    table.push_back(duration(
        "autoscaling.behavior.scaleDown.window",
        [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_down_window_s; }, 0, hour,
        "Pods are taken away only after fewer were enough for so long."));
    table.push_back(integer(
        "autoscaling.behavior.scaleDown.pods",
        [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_down_pods; }, 1, 1000,
        "Pods that are taken away at a time."));
    table.push_back(duration(
        "autoscaling.behavior.scaleDown.period",
        [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_down_period_s; }, 1, 30 * minute,
        "Time between two such steps."));
    table.push_back(integer(
        "autoscaling.behavior.scaleUp.percent",
        [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_up_percent; }, 1, 1000,
        "Pods that are added at a time, in percent of those there are."));
    table.push_back(integer(
        "autoscaling.behavior.scaleUp.pods", [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_up_pods; },
        1, 1000, "Pods that are added at a time, if that is more."));
    table.push_back(duration(
        "autoscaling.behavior.scaleUp.period",
        [](Project& p) -> std::uint32_t& { return p.autoscaling.scale_up_period_s; }, 1, 30 * minute,
        "Time between two such steps."));
}

void add_rest(std::vector<Field>& table) {
    table.push_back(duration(
        "drain.grace", [](Project& p) -> std::uint32_t& { return p.drain.grace_s; }, 30, 7 * day,
        "How long a pod that is replaced may wait for its people to move."));
    table.push_back(duration(
        "drain.preStop", [](Project& p) -> std::uint32_t& { return p.drain.pre_stop_s; }, 0, 5 * minute,
        "Before that: time for load balancers to send nobody new."));
    table.push_back(choice(
        "redis.mode", [](Project& p) -> RedisMode& { return p.redis.mode; }, redis_modes,
        "Redis that several pods share: none (then there is one pod), one that is deployed along, or one's own."));
    table.push_back(text(
        "redis.address", [](Project& p) -> std::string& { return p.redis.address; }, Form::any,
        "Address of one's own, redis:// or rediss://; its password is secrets: redis.password."));
    table.push_back(text(
        "redis.image", [](Project& p) -> std::string& { return p.redis.image; }, Form::any,
        "Image of the one that is deployed along; it has redis-server and redis-cli, of Redis 7 or Valkey 8."));
    table.push_back(text(
        "redis.memory", [](Project& p) -> std::string& { return p.redis.memory; }, Form::memory,
        "Memory of the one that is deployed along; rooms may take half of it."));
    table.push_back(text(
        "storage.class", [](Project& p) -> std::string& { return p.storage_class; }, Form::name,
        "StorageClass of volumes; empty means the cluster's default."));
    table.push_back(text(
        "storage.size", [](Project& p) -> std::string& { return p.storage_size; }, Form::memory,
        "Size of each volume."));
    table.push_back(made(
        Kind::secrets, "secrets", [](Project& p) -> std::map<std::string, SecretSource>& { return p.secrets; },
        "Contents of files that settings of serve: name: {file}, {env}, {command} or {existing: name/key}."));
    table.push_back(text(
        "imagePull.user", [](Project& p) -> std::string& { return p.image_pull.user; }, Form::any,
        "User with whom the cluster pulls the image, if that needs one."));
    table.push_back(made(
        Kind::secret, "imagePull.password", [](Project& p) -> SecretSource& { return p.image_pull.password; },
        "Where that user's password comes from: {file}, {env} or {command}."));
    table.push_back(text(
        "imagePull.existing", [](Project& p) -> std::string& { return p.image_pull.existing; }, Form::name,
        "Secret of type kubernetes.io/dockerconfigjson in the namespace, instead of the two."));
    table.push_back(list(
        "patches", [](Project& p) -> std::vector<std::string>& { return p.patches; }, Form::any,
        "Strategic-merge files that change the objects last; seen from the folder of waaft.yaml."));
}

std::vector<Field> make_table() {
    std::vector<Field> table;
    add_image(table);
    add_registry(table);
    add_cluster(table);
    add_expose(table);
    add_resources(table);
    add_autoscaling(table);
    add_rest(table);
    return table;
}

std::string quoted(string_view text) {
    constexpr std::size_t shown_max = 80;
    std::string result = "\"";
    for (const char c : text.substr(0, shown_max)) {
        result += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
    }
    return result + (text.size() > shown_max ? "...\"" : "\"");
}

std::string joined(std::span<const string_view> words) {
    std::string result;
    for (std::size_t i = 0; i < words.size(); ++i) {
        result += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        result += words[i];
    }
    return result;
}

Error bad_value(const Field& field, string_view text) {
    const auto initial = render(Project{}, field);
    return {"config_value",
            std::string(field.key) + " must be " + expected(field) + ", not " + quoted(text),
            {},
            initial.empty() ? "leave it out" : "leave it out for the default, " + initial};
}

std::vector<std::string> split_list(string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto item = text.substr(0, comma);
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        items.emplace_back(item);
        text.remove_prefix(comma == string_view::npos ? text.size() : comma + 1);
    }
    return items;
}

// A field that is empty by default may be set to empty again.
bool good_text(const Field& field, string_view text) {
    return text.empty() ? render(Project{}, field).empty() : has_form(field.form, text);
}

template <class T>
constexpr bool is_map_or_secret =
    std::is_same_v<T, std::map<std::string, std::string>> || std::is_same_v<T, SecretSource> ||
    std::is_same_v<T, std::map<std::string, SecretSource>>;

// Writes one text into the member of its type. False: the text is not what the field takes.
struct Writer {
    Project& project;
    const Field& field;
    string_view value;

    template <class T>
    bool operator()(T& (*member)(Project&)) const {
        return write(member(project));
    }

private:
    std::optional<std::size_t> chosen() const {
        const auto found = std::find(field.choices.begin(), field.choices.end(), value);
        return found == field.choices.end() ? std::nullopt : std::optional(found - field.choices.begin());
    }
    bool write(std::string& member) const {
        if (field.kind == Kind::choice ? !chosen() : !good_text(field, value)) return false;
        member = value;
        return true;
    }
    bool write(std::vector<std::string>&) const { return set_from_list(project, field, split_list(value)).has_value(); }
    bool write(bool& member) const {
        member = value == "true";
        return value == "true" || value == "false";
    }
    bool write(std::uint32_t& member) const {
        std::optional<std::int64_t> number = app::parse_integer(value);
        if (field.kind == Kind::duration) {
            const auto parsed = app::parse_duration(value);
            number = parsed && parsed->count() % 1000 == 0 ? std::optional(parsed->count() / 1000) : std::nullopt;
        }
        if (!number || *number < field.min || *number > field.max) return false;
        member = static_cast<std::uint32_t>(*number);
        return true;
    }
    template <class T>
    bool write(T& member) const {
        if constexpr (std::is_enum_v<T>) {
            const auto index = chosen();
            if (index) member = static_cast<T>(*index);
            return index.has_value();
        }
        static_assert(std::is_enum_v<T> || is_map_or_secret<T>);
        return false;
    }
};

struct Renderer {
    Project& project;
    const Field& field;

    template <class T>
    std::string operator()(T& (*member)(Project&)) const {
        return text_of(member(project));
    }

private:
    static std::string text_of(const std::string& value) { return value; }
    static std::string text_of(bool value) { return value ? "true" : "false"; }
    static std::string text_of(const std::vector<std::string>& items) {
        std::string result;
        for (const auto& item : items) {
            result += (result.empty() ? "" : ",") + item;
        }
        return result;
    }
    std::string text_of(std::uint32_t value) const {
        return field.kind == Kind::duration ? app::format_duration(std::chrono::seconds(value)) : std::to_string(value);
    }
    template <class T>
    std::string text_of(const T& value) const {
        if constexpr (std::is_enum_v<T>) {
            return std::string(field.choices[static_cast<std::size_t>(value)]);
        }
        return {};
    }
};

bool has_text(const Field& field) {
    return field.kind != Kind::labels && field.kind != Kind::secret && field.kind != Kind::secrets;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// "registry.plainHttp" with `between` for dots and before capitals.
std::string split_words(string_view key, char between) {
    std::string words;
    for (const char c : key) {
        if (c == '.' || is_upper(c)) words += between;
        if (c != '.') words += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return words;
}

}  // namespace

std::span<const Field> fields() {
    static const std::vector<Field> table = make_table();
    return table;
}

const Field* find_field(string_view key) {
    const auto table = fields();
    const auto found = std::find_if(table.begin(), table.end(), [&](const Field& field) { return field.key == key; });
    return found == table.end() ? nullptr : &*found;
}

std::string flag_name(const Field& field) { return has_text(field) ? "--" + split_words(field.key, '-') : ""; }

std::string environment_name(const Field& field) {
    // A variable is one thing: drain.grace is the server's, where both have it.
    if (!has_text(field) || app::find_setting(field.key) != nullptr) return {};
    std::string name = "WAAFT_" + split_words(field.key, '_');
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return name;
}

std::string expected(const Field& field) {
    switch (field.kind) {
        case Kind::text: return std::string(describe(field.form));
        case Kind::list: return "a list, each item " + std::string(describe(field.form));
        case Kind::boolean: return "true or false";
        case Kind::choice: return joined(field.choices);
        case Kind::integer:
            return "a whole number from " + std::to_string(field.min) + " to " + std::to_string(field.max);
        case Kind::duration:
            return "a duration in whole seconds such as 30s, 5m or 2h, from " +
                   app::format_duration(std::chrono::seconds(field.min)) + " to " +
                   app::format_duration(std::chrono::seconds(field.max));
        case Kind::labels: return "a map of names and texts";
        case Kind::secret: return "a map with one of file, env and command";
        case Kind::secrets: return "a map of settings and where their files' contents come from";
    }
    return {};
}

Result<void> set_from_text(Project& project, const Field& field, string_view text) {
    if (field.kind == Kind::list) return set_from_list(project, field, split_list(text));
    if (!std::visit(Writer{project, field, text}, field.member)) return bad_value(field, text);
    return {};
}

Result<void> set_from_list(Project& project, const Field& field, const std::vector<std::string>& items) {
    const auto* member = std::get_if<std::vector<std::string>& (*)(Project&)>(&field.member);
    if (member == nullptr) return bad_value(field, "a list");
    for (const auto& item : items) {
        if (item.empty() || item.find(',') != std::string::npos || !has_form(field.form, item)) {
            return bad_value(field, item);
        }
    }
    (*member)(project) = items;
    return {};
}

std::string render(const Project& project, const Field& field) {
    Project copy = project;  // members are found through a Project that may be written
    return std::visit(Renderer{copy, field}, field.member);
}

std::span<const string_view> secret_settings() { return secret_names; }

}  // namespace waaft::project
