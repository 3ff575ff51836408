#include "cmd/kube/api_error.h"

#include "cmd/kube/fields.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <array>

namespace waaft::kube {
namespace {

struct Known {
    int status;  // 0: any
    std::string_view part;
    std::string_view code;
    std::string_view hint;
};

// The first that fits; from the particular to the general.
constexpr std::array<Known, 16> known{{
    {403, "violates PodSecurity", "ADMISSION_PSS",
     "remove what the message names (see `patches:` in waaft.yaml), or relax the namespace's Pod Security level"},
    {403, "exceeded quota", "QUOTA", "raise the namespace's quota, or lower resources in waaft.yaml"},
    {403, "is being terminated", "NAMESPACE_TERMINATING", "wait until the namespace is gone, then try again"},
    {403, "denied the request", "ADMISSION_DENIED", "an admission policy of the cluster says no; its text says why"},
    {400, "denied the request", "ADMISSION_DENIED", "an admission policy of the cluster says no; its text says why"},
    {403, "", "FORBIDDEN", "waaft doctor shows which rights are missing; ask for them, or name another --context"},
    {401, "", "UNAUTHORIZED", "sign in to the cluster again: its credentials have expired or are wrong"},
    {404, "could not find the requested resource", "KIND_UNKNOWN",
     "the cluster does not have this kind of object; install what defines it, or leave it out"},
    {404, "page not found", "KIND_UNKNOWN",
     "the cluster does not have this kind of object; install what defines it, or leave it out"},
    {404, "", "NOT_FOUND", ""},
    {409, "", "CONFLICT", "somebody else has changed the same fields; --force-conflicts takes them over"},
    {422, "", "INVALID_OBJECT", "the field that the message names is wrong: look at waaft.yaml and its patches"},
    {400, "", "INVALID_OBJECT", "the field that the message names is wrong: look at waaft.yaml and its patches"},
    {429, "", "CLUSTER_BUSY", "try again in a while"},
    {503, "", "CLUSTER_BUSY", "try again in a while"},
    {504, "", "CLUSTER_BUSY", "try again in a while"},
}};

// What kubectl's proxy answers when the API server cannot be reached is plain text of Go's network library.
constexpr std::array<std::string_view, 9> unreachable{
    "dial tcp", "connection refused",     "no such host", "i/o timeout",     "TLS handshake",
    "x509:",    "network is unreachable", "EOF",          "connection reset"};

Error unreachable_error(std::string_view text, const std::string& where) {
    if (contains(text, "getting credentials") || contains(text, "exec plugin") || contains(text, "executable")) {
        return {"UNAUTHORIZED", "the cluster's sign-in program failed: " + std::string(text), where,
                "run the sign-in of the cluster's provider again"};
    }
    for (const auto part : unreachable) {
        if (contains(text, part)) {
            return {"CLUSTER_UNREACHABLE", "the cluster does not answer: " + std::string(text), where,
                    "check the network and that the cluster runs: kubectl cluster-info"};
        }
    }
    return {"CLUSTER_ERROR", "the cluster answered: " + std::string(text.substr(0, 400)), where, {}};
}

// A conflict names managers and fields one by one in details.causes.
std::string conflicts_text(const Object& status) {
    std::string fields;
    for (const auto& entry : list(status, {"details", "causes"})) {
        const auto* cause = entry.if_object();
        if (cause == nullptr || text(*cause, {"reason"}) != "FieldManagerConflict") continue;
        fields += (fields.empty() ? "" : "; ") + text(*cause, {"field"}) + ": " + text(*cause, {"message"});
    }
    return fields;
}

}  // namespace

Error error_of_status(int http_status, std::string_view body, const std::string& where) {
    boost::system::error_code bad;
    const auto parsed = boost::json::parse(boost::json::string_view(body.data(), body.size()), bad);
    const auto* status = bad ? nullptr : parsed.if_object();
    std::string message = status == nullptr ? std::string(body.substr(0, 400)) : text(*status, {"message"});
    if (status == nullptr && http_status >= 500) return unreachable_error(message, where);
    if (message.empty()) message = "HTTP " + std::to_string(http_status);
    for (const auto& row : known) {
        if (row.status != http_status || !contains(message, row.part)) continue;
        if (row.code == "CONFLICT" && status != nullptr) {
            const auto fields = conflicts_text(*status);
            if (!fields.empty()) message = "fields that others manage: " + fields;
        }
        return {std::string(row.code), std::move(message), where, std::string(row.hint)};
    }
    return {"CLUSTER_ERROR", std::move(message), where, {}};
}

Error error_of_kubectl(std::string_view stderr_text) {
    while (!stderr_text.empty() && stderr_text.back() == '\n') stderr_text.remove_suffix(1);
    std::string what(stderr_text.substr(0, 600));
    if (what.empty()) what = "kubectl ended without a word";
    if (contains(what, "context") && contains(what, "does not exist")) {
        return {"CONTEXT_UNKNOWN", std::move(what), {}, "kubectl config get-contexts lists those that there are"};
    }
    return {"KUBECTL_FAILED", std::move(what), {}, "kubectl cluster-info shows more"};
}

}  // namespace waaft::kube
