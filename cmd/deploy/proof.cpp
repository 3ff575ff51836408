#include "cmd/deploy/proof.h"

#include "cmd/deploy/revision.h"
#include "cmd/manifest/render.h"
#include "cmd/os/files.h"

namespace waaft::deploy {
namespace {

constexpr int attempts_max = 10;  // a load balancer that is new needs a moment to know its pods

// The CA that the pods made for themselves; empty where the certificate is another's.
Result<std::string> own_ca(Work& work, const project::Project& project) {
    if (project.expose.mode != project::Expose::address || !project.tls.issuer.empty() || !project.tls.secret.empty())
        return std::string();
    const auto secret = work.api.get(work.api.path({"v1", "Secret"}, manifest::cluster_secret_name(project)));
    if (!secret) return secret.error();
    return decode_base64(kube::text(*secret, {"data", "ca.crt"}));
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

Result<Proven> prove_outside(Work& work, const project::Project& project, const std::string& address, ProbeMode mode) {
    Proven proven;
    const auto& host = project.domain.empty() ? address : project.domain;
    if (mode == ProbeMode::off || project.expose.mode == project::Expose::none || host.empty()) return proven;
    const auto ca = own_ca(work, project);
    if (!ca) return ca.error();
    const os::TemporaryFolder folder;
    load::ProveOptions options{.url = "https://" + bracketed(host), .tls = {}, .udp_host = address, .stop = {}};
    options.stop = [&] { return work.interrupt.raised(); };
    if (!ca->empty()) {
        options.tls.ca_file = folder.path() + "/ca.crt";
        if (auto written = os::write_file(options.tls.ca_file, *ca, 0600); !written) return written.error();
    }
    work.progress.step("proof", "Joining " + options.url + " from here");
    proven.asked = true;
    for (int attempt = 1;; ++attempt) {
        proven.proof = load::prove(options);
        if (work.interrupt.raised()) return work.interrupt.error();
        const bool skip = !proven.proof.connected && mode == ProbeMode::automatic;
        if (proven.proof.failure.empty() || skip || attempt == attempts_max) break;
        work.progress.status(proven.proof.failure);
        if (auto turned = take_turn(work); !turned) return turned.error();
    }
    const auto& proof = proven.proof;
    proven.failed = !proof.failure.empty() && (proof.connected || mode == ProbeMode::require);
    if (proof.failure.empty()) {
        work.progress.done(std::string("page, WebSocket") + (proof.chat ? ", chat" : "") + (proof.udp ? ", UDP" : ""));
    } else if (proven.failed) {
        work.progress.failed(proof.failure);
    } else {
        work.progress.warn("Not proven from outside: " + proof.failure +
                           ". The pods are ready; that may be this machine's network alone (--probe require, off).");
        work.progress.done("not proven from here");
    }
    return proven;
}

kube::Cause cause_of(const Proven& proven, const std::string& name) {
    return {.code = "PROBE_OUTSIDE",
            .object = "Service/" + name,
            .container = {},
            .message = proven.proof.failure,
            .hint = cmd::find_cause("PROBE_OUTSIDE")->hint.data(),
            .events = {},
            .log_tail = {}};
}

boost::json::object to_json(const Proven& proven) {
    const auto& proof = proven.proof;
    boost::json::object object{{"asked", proven.asked},        {"connected", proof.connected}, {"page", proof.page},
                               {"websocket", proof.websocket}, {"chat", proof.chat},           {"udp", proof.udp}};
    if (!proof.failure.empty()) object["failure"] = proof.failure;
    return object;
}

}  // namespace waaft::deploy
