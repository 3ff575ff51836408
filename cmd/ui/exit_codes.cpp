#include "cmd/ui/exit_codes.h"

#include <algorithm>
#include <array>

namespace waaft::cmd {
namespace {

struct Row {
    std::string_view code;  // one ending in '_' stands for all that begin so
    Exit exit;
};

// A command that knows more (a rollout that was rolled back) answers its Exit itself.
constexpr std::array rows{
    Row{"interrupted", Exit::interrupted},
    Row{"terminated", Exit::terminated},

    Row{"process_timeout", Exit::timed_out},
    Row{"TIMEOUT", Exit::timed_out},

    // What a person mends in the command, the configuration or the files that it names.
    Row{"usage", Exit::usage},
    Row{"usage_", Exit::usage},
    Row{"config_", Exit::usage},
    Row{"yaml_", Exit::usage},
    Row{"secret_", Exit::usage},
    Row{"keys_", Exit::usage},
    Row{"manifest_", Exit::usage},
    Row{"patch_", Exit::usage},
    Row{"address_bad", Exit::usage},
    Row{"port_in_use", Exit::usage},
    Row{"ops_port_in_use", Exit::usage},
    Row{"data_unusable", Exit::usage},
    Row{"tls_file", Exit::usage},
    Row{"tls_mismatch", Exit::usage},
    Row{"tls_expired", Exit::usage},
    Row{"output_exists", Exit::usage},
    Row{"docker_config", Exit::usage},
    Row{"CONTEXT_UNKNOWN", Exit::usage},

    Row{"preflight_", Exit::preflight},
    Row{"process_not_found", Exit::preflight},
    Row{"curl_missing", Exit::preflight},
    Row{"credential_helper", Exit::preflight},
    Row{"CLUSTER_UNREACHABLE", Exit::preflight},
    Row{"CLUSTER_BUSY", Exit::preflight},
    Row{"CONTEXT_UNNAMED", Exit::preflight},
    Row{"UNAUTHORIZED", Exit::preflight},
    Row{"FORBIDDEN", Exit::preflight},
    Row{"HPA_NO_METRICS", Exit::preflight},
    Row{"NOT_FOUND", Exit::preflight},
    Row{"CONFIG_MISSING", Exit::preflight},
    Row{"GCLOUD_FAILED", Exit::preflight},

    Row{"BUILD_FAILED", Exit::build},
    Row{"NO_BUILDER", Exit::build},
    Row{"IMAGE_ARCH", Exit::build},
    Row{"program_unusable", Exit::build},
    Row{"library_missing", Exit::build},
    Row{"certificates_missing", Exit::build},

    Row{"REGISTRY_UNREACHABLE", Exit::push},
    Row{"REGISTRY_ERROR", Exit::push},
    Row{"layout_unusable", Exit::push},
    Row{"REGISTRY_AUTH", Exit::push},
    Row{"REGISTRY_DENIED", Exit::push},
    Row{"TAG_EXISTS", Exit::push},
    Row{"PUSH_INTERRUPTED", Exit::push},
    Row{"UPLOAD_FAILED", Exit::push},
    Row{"IMAGE_NOT_FOUND", Exit::push},
    Row{"IMAGE_AUTH", Exit::push},

    Row{"ADMISSION_PSS", Exit::apply_rejected},
    Row{"ADMISSION_AUTOPILOT", Exit::apply_rejected},
    Row{"ADMISSION_DENIED", Exit::apply_rejected},
    Row{"QUOTA", Exit::apply_rejected},
    Row{"CONFLICT", Exit::apply_rejected},
    Row{"INVALID_OBJECT", Exit::apply_rejected},
    Row{"KIND_UNKNOWN", Exit::apply_rejected},
    Row{"NAMESPACE_TERMINATING", Exit::apply_rejected},

    Row{"CRASH_EXIT", Exit::rollout_failed},
    Row{"OOM", Exit::rollout_failed},
    Row{"PROBE", Exit::rollout_failed},
    Row{"UNSCHEDULABLE_CPU", Exit::rollout_failed},
    Row{"UNSCHEDULABLE_MEMORY", Exit::rollout_failed},
    Row{"UNSCHEDULABLE_PORT", Exit::rollout_failed},
    Row{"UNSCHEDULABLE_NODE", Exit::rollout_failed},
    Row{"SCALE_UP_PENDING", Exit::rollout_failed},
    Row{"LB_PENDING", Exit::rollout_failed},
    Row{"PROBE_OUTSIDE", Exit::rollout_failed},
    Row{"CERT_PENDING", Exit::rollout_failed},
    Row{"NOT_READY", Exit::rollout_failed},
    Row{"REDIS_", Exit::rollout_failed},
    Row{"POD_SILENT", Exit::rollout_failed},
    Row{"POD_TROUBLE", Exit::rollout_failed},
    Row{"CERT_EXPIRED", Exit::rollout_failed},
    Row{"CERT_EXPIRING", Exit::rollout_failed},
    Row{"SCALE_LIMIT", Exit::rollout_failed},

    Row{"LOCKED", Exit::locked},
};

bool matches(const Row& row, std::string_view code) {
    return row.code.ends_with('_') ? code.starts_with(row.code) : code == row.code;
}

}  // namespace

Exit exit_of_code(std::string_view code) {
    const auto* const row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return matches(r, code); });
    return row == rows.end() ? Exit::unexpected : row->exit;
}

Exit exit_of(const Errors& errors) {
    Exit first = Exit::unexpected;
    for (const auto& error : errors) {
        const auto exit = exit_of_code(error.code);
        if (exit == Exit::interrupted || exit == Exit::terminated) return exit;
        if (first == Exit::unexpected) first = exit;
    }
    return first;
}

}  // namespace waaft::cmd
