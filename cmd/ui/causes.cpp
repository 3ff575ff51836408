#include "cmd/ui/causes.h"

#include "cmd/ui/exit_codes.h"

#include <algorithm>
#include <array>

namespace waaft::cmd {
namespace {

constexpr std::array causes{
    // The image, as the cluster sees it.
    CauseInfo{"IMAGE_NOT_FOUND", "The registry has no image of that name, tag or digest.",
              "Check image.repository and image.version in waaft.yaml, then `waaft push`."},
    CauseInfo{"IMAGE_AUTH", "The cluster may not pull the image: the registry wants another user or password.",
              "Set imagePull.user and imagePull.password in waaft.yaml, or make the repository public."},
    CauseInfo{"IMAGE_ARCH", "The image is for another processor architecture than the cluster's nodes.",
              "`waaft build-image --platform linux/ARCH` with the nodes' architecture, then `waaft push`."},
    // The container.
    CauseInfo{"CRASH_EXIT", "The container starts and ends again; the exit code and its last lines say why.",
              "Read the log lines that are shown; `waaft logs --previous` has all of them."},
    CauseInfo{"OOM", "The container needed more memory than its limit and was killed.",
              "Raise resources.memoryLimit in waaft.yaml."},
    CauseInfo{"PROBE", "The container runs, but does not answer its health checks.",
              "Read its log: `waaft logs`; the operations listener answers /livez and /readyz."},
    CauseInfo{"NOT_READY", "Fewer pods are ready than there should be.",
              "`waaft status` shows each pod with its cause; `waaft logs` what they write."},
    CauseInfo{"POD_SILENT", "A pod is ready, but its operations listener does not answer the API server.",
              "Look at its log: `waaft logs`; check that nothing closes port 9090 to the API server."},
    CauseInfo{"POD_TROUBLE", "A server says that something is wrong with it, though it serves.",
              "Its own sentence says what: a disk, a certificate, a file of keys."},
    CauseInfo{"CONFIG_MISSING", "A Secret or ConfigMap that the pod needs is not there, or lacks a key.",
              "Make it, or name its source under secrets: in waaft.yaml."},
    // Where the pod goes.
    CauseInfo{"UNSCHEDULABLE_CPU", "No node has as much free CPU as the pod asks for.",
              "Lower resources.cpu in waaft.yaml, or add nodes."},
    CauseInfo{"UNSCHEDULABLE_MEMORY", "No node has as much free memory as the pod asks for.",
              "Lower resources.memory in waaft.yaml, or add nodes."},
    CauseInfo{"UNSCHEDULABLE_PORT", "The pod wants a port of its node that another pod has on every node.",
              "Add nodes, or lower autoscaling.max to the number of nodes."},
    CauseInfo{"UNSCHEDULABLE_NODE", "No node fits: taints, labels, affinity or volumes keep the pod off all of them.",
              "Look at the scheduler's sentence, then at `kubectl describe nodes`."},
    CauseInfo{"SCALE_UP_PENDING", "The cluster's autoscaler said that it adds a node, and none came in time.",
              "Wait and run the same command again; check the node quota of the provider."},
    // What the cluster refuses.
    CauseInfo{"QUOTA", "A ResourceQuota of the namespace has no room for what was asked.",
              "Lower resources or autoscaling.max in waaft.yaml, or have the quota raised."},
    CauseInfo{"ADMISSION_PSS", "The namespace's Pod Security level refuses the pod.",
              "Remove the patch that asks for more than the level permits."},
    CauseInfo{"ADMISSION_AUTOPILOT", "GKE Autopilot refuses the pod.",
              "Remove the patch that asks for what Autopilot does not permit."},
    CauseInfo{"ADMISSION_DENIED", "An admission webhook or policy of the cluster refuses an object.",
              "Its own sentence says what it wants; change it by patches: in waaft.yaml."},
    CauseInfo{"FORBIDDEN", "Your user may not do that in this namespace or cluster.",
              "`waaft doctor` lists the missing permissions; have somebody grant them."},
    CauseInfo{"UNAUTHORIZED", "The cluster does not know who you are: credentials are missing or expired.",
              "Log in again; on GKE `gcloud container clusters get-credentials`."},
    CauseInfo{"CONFLICT", "Another program or person owns a field that waaft wants to set.",
              "Decide who owns it; `waaft deploy --force-conflicts` takes it over."},
    CauseInfo{"INVALID_OBJECT", "The cluster finds an object's fields wrong.",
              "Look at the field that is named; patches: in waaft.yaml are the usual reason."},
    CauseInfo{"KIND_UNKNOWN", "The cluster does not have a kind that is needed.",
              "Install what brings it, or choose another expose.mode in waaft.yaml."},
    CauseInfo{"NOT_FOUND", "The object that was asked for is not there.",
              "Check the namespace and the name; `waaft status` shows what is deployed."},
    CauseInfo{"NAMESPACE_TERMINATING", "The namespace is being deleted.",
              "Wait until it is gone, then run the same command again."},
    // What comes slowly or not at all.
    CauseInfo{"LB_PENDING", "The load balancer got no address in time.",
              "`kubectl describe service` says why; check the provider's quota of addresses."},
    CauseInfo{"PROBE_OUTSIDE", "The pods are ready, but the server's public address does not serve people.",
              "Check firewall rules and the load balancer; `--probe off` skips this proof."},
    CauseInfo{"CERT_PENDING", "The certificate was not issued in time.",
              "Check that the domain points at the address, and `kubectl describe certificate`."},
    CauseInfo{"CERT_EXPIRING", "The certificate ends within two weeks.",
              "Pods that start renew waaft's own: `kubectl rollout restart deployment`; else see to who issues it."},
    CauseInfo{"CERT_EXPIRED", "The certificate has ended, so browsers refuse the page.",
              "Pods that start renew waaft's own: `kubectl rollout restart deployment`; else see to who issues it."},
    CauseInfo{"SCALE_LIMIT", "The autoscaler wants more pods than it may have.",
              "Raise the limit: `waaft scale --max N`, if the nodes have room."},
    CauseInfo{"HPA_NO_METRICS", "The autoscaler has nothing to measure: the metrics API is missing or broken.",
              "Install metrics-server, or repair it: `kubectl get apiservice v1beta1.metrics.k8s.io`."},
    CauseInfo{"TIMEOUT", "It was not done in the time that was given.",
              "Run the same command again, it goes on from there; --timeout gives more time."},
    // Registry and build.
    CauseInfo{"REGISTRY_UNREACHABLE", "The registry gives no answer, or its certificate is not trusted.",
              "Check registry and image.repository in waaft.yaml, and the network."},
    CauseInfo{"REGISTRY_ERROR", "The registry's answer cannot be used.",
              "The message has its own words; its log says more."},
    CauseInfo{"REGISTRY_AUTH", "The registry does not accept the user or the password.",
              "`waaft login` or `docker login` with the right ones."},
    CauseInfo{"REGISTRY_DENIED", "The registry knows you, but you may not write there.",
              "Have the right granted, or take another image.repository."},
    CauseInfo{"TAG_EXISTS", "The tag is taken by another image.",
              "Take another version; `waaft push --force` moves the tag."},
    CauseInfo{"PUSH_INTERRUPTED", "The upload was cut off and no attempt got further.",
              "Run `waaft push` again: what is uploaded is not sent again."},
    CauseInfo{"UPLOAD_FAILED", "The registry could not take the image: its disk, its limits or a broken upload.",
              "The registry's own words say which; look at its log."},
    CauseInfo{"BUILD_FAILED", "A step of the image's build failed.", "Read the step's last lines, which are shown."},
    CauseInfo{"NO_BUILDER", "No Docker engine answers, and it is needed for this build.",
              "Start Docker, or `waaft build-image --builder native`."},
    // The way to the cluster.
    CauseInfo{"CLUSTER_UNREACHABLE", "The cluster's API gives no answer.",
              "Check the context and the network: `waaft doctor`."},
    CauseInfo{"CLUSTER_BUSY", "The cluster's API asks to come back later.", "Run the same command again in a minute."},
    CauseInfo{"CLUSTER_ERROR", "The cluster's API failed.",
              "Run the same command again; if it stays, the cluster's own log says why."},
    CauseInfo{"CONTEXT_UNKNOWN", "The kubeconfig has no context of that name.",
              "`kubectl config get-contexts` lists them; set cluster.context in waaft.yaml."},
    CauseInfo{"CONTEXT_UNNAMED", "Nobody said which cluster is meant, and waaft does not guess.",
              "Name it with --context, or as cluster.context in waaft.yaml."},
    CauseInfo{"KUBECTL_FAILED", "kubectl ended with an error of its own.", "Its last line is shown; run it by hand."},
    CauseInfo{
        "GCLOUD_FAILED", "gcloud ended with an error of its own.",
        "Its last lines are shown; run it by hand: `gcloud auth login` and the project's rights are the usual reason."},
    // Redis.
    CauseInfo{
        "REDIS_AWAY", "The pods do not reach the Redis that they share: calls go on, chat waits.",
        "Its pod says why: `kubectl describe pod NAME-redis-0`; one's own: check redis.address and its password."},
    CauseInfo{"REDIS_NOT_DURABLE", "Redis answers before a message is on its disk: what was acknowledged may be lost.",
              "Set appendonly yes and appendfsync always there, or accept it by serve: redis.ack: memory."},
    CauseInfo{"REDIS_FULL", "Redis has little memory left; a full one refuses new rooms and messages.",
              "Raise redis.memory in waaft.yaml, or lower serve: chat.keep_messages and rooms.keep."},
    CauseInfo{"LOCKED", "Another deploy to the same namespace is going on.",
              "Wait for it; the message says whose it is and until when the lock holds."},
};

}  // namespace

std::span<const CauseInfo> cause_table() { return causes; }

const CauseInfo* find_cause(std::string_view code) {
    const auto* const found =
        std::find_if(causes.begin(), causes.end(), [code](const CauseInfo& info) { return info.code == code; });
    return found == causes.end() ? nullptr : found;
}

std::string causes_markdown() {
    std::string text =
        "# Causes\n\n"
        "Why a command of waaft failed: the codes are the same in what it prints, in `--output json` and here.\n"
        "The exit code is what the cause alone stands for. A rollout that fails for any of them ends with 8, or\n"
        "with 9 if the version before was brought back, or with 10 if that failed too.\n\n"
        "| code | meaning | what mends it | exit |\n|---|---|---|---|\n";
    for (const auto& info : causes) {
        text += "| `" + std::string(info.code) + "` | " + std::string(info.meaning) + " | " + std::string(info.hint) +
                " | " + std::to_string(static_cast<int>(exit_of_code(info.code))) + " |\n";
    }
    return text;
}

}  // namespace waaft::cmd
