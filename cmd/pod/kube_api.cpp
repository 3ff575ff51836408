#include "cmd/pod/kube_api.h"

#include <httplib.h>

#include <charconv>
#include <fstream>
#include <iterator>

namespace waaft::pod {
namespace {

constexpr std::chrono::seconds answer_timeout{10};

std::string value_of(const cmd::Environment& environment, const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

std::string first_line(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

std::string reason_of(const httplib::Result& result, const httplib::SSLClient& client) {
    if (result.error() == httplib::Error::SSLServerVerification)
        return "its certificate is not trusted (" + std::to_string(client.get_openssl_verify_result()) + ")";
    return httplib::to_string(result.error());
}

}  // namespace

Result<Credentials> read_credentials(const std::string& folder, const cmd::Environment& environment) {
    Credentials credentials;
    credentials.host = value_of(environment, "KUBERNETES_SERVICE_HOST");
    const std::string port = value_of(environment, "KUBERNETES_SERVICE_PORT");
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), credentials.port);
    if (credentials.host.empty() || error != std::errc{} || end != port.data() + port.size())
        return Error{"pod_credentials", "this is no pod of a Kubernetes cluster", "KUBERNETES_SERVICE_HOST",
                     "the step cluster-init of manifests/deployment.yaml runs this command"};
    credentials.ca_file = folder + "/ca.crt";
    credentials.token = first_line(folder + "/token");
    credentials.namespace_ = first_line(folder + "/namespace");
    if (credentials.token.empty() || credentials.namespace_.empty())
        return Error{"pod_credentials", "there is no token of a ServiceAccount", folder,
                     "mount one as manifests/deployment.yaml does"};
    return credentials;
}

struct KubeApi::Impl {
    explicit Impl(const Credentials& credentials) : client(credentials.host, credentials.port) {
        client.set_ca_cert_path(credentials.ca_file);
        client.enable_server_certificate_verification(true);
        client.set_connection_timeout(answer_timeout);
        client.set_read_timeout(answer_timeout);
        client.set_write_timeout(answer_timeout);
        client.set_keep_alive(true);
        client.set_default_headers({{"Authorization", "Bearer " + credentials.token}, {"Accept", "application/json"}});
    }
    httplib::SSLClient client;
};

KubeApi::KubeApi(Credentials credentials) : impl_(std::make_unique<Impl>(credentials)) {}
KubeApi::~KubeApi() = default;

KubeApi::Answer KubeApi::ask(const Request& request) {
    Answer answer;
    httplib::Request asked;
    asked.method = request.method;
    asked.path = request.path;
    asked.body = request.body;
    if (!request.body.empty()) asked.set_header("Content-Type", "application/json");
    asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
        if (answer.body.size() + size > answer_bytes_max) return false;
        answer.body.append(data, size);
        return true;
    };
    const auto result = impl_->client.send(asked);
    if (!result) return {0, reason_of(result, impl_->client)};
    answer.status = result->status;
    return answer;
}

}  // namespace waaft::pod
