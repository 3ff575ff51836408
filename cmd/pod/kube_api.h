// One connection from inside a pod to the cluster's API server.
//
// Thread: the caller's, which waits. Ownership: owns the connection. Bounds: 10 s for connecting and for
// each answer, answer_bytes_max. Errors: pod_credentials if this is no pod or its token is not mounted.
// Secrets: the token goes into the header alone. Source: Kubernetes, "Accessing the API from a Pod".
#pragma once

#include "cmd/command.h"
#include "cmd/pod/cluster_init.h"
#include "server/base/result.h"

#include <memory>
#include <string>

namespace waaft::pod {

struct Credentials {
    std::string host;
    int port = 443;
    std::string ca_file;
    std::string token;
    std::string namespace_;
};
// From KUBERNETES_SERVICE_HOST and _PORT and the files token, ca.crt and namespace in `folder`.
Result<Credentials> read_credentials(const std::string& folder, const cmd::Environment& environment);

class KubeApi {
public:
    explicit KubeApi(Credentials credentials);
    ~KubeApi();
    KubeApi(const KubeApi&) = delete;
    KubeApi& operator=(const KubeApi&) = delete;

    struct Answer {
        int status = 0;    // 0: none
        std::string body;  // or why there is none
    };
    Answer ask(const Request& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::pod
