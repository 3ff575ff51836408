// HTTP over a Unix socket, several requests at once.
//
// Thread: one. Ownership: keeps its connections open for the next requests. Units: bytes. Bounds: at most
// connections_max at a time, an answer of answer_max. Errors: CLUSTER_UNREACHABLE when there is no answer,
// interrupted. Source: libcurl's multi interface.
#pragma once

#include "cmd/curl/curl.h"
#include "cmd/os/interrupt.h"
#include "server/base/result.h"
#include "server/base/time.h"

#include <memory>
#include <string>
#include <vector>

namespace waaft::kube {

struct Request {
    std::string path;  // with its query
    std::string method = "GET";
    std::string body{};
    std::string content_type = "application/json";
    Duration timeout = std::chrono::seconds(30);
};

struct Answer {
    int status = 0;
    std::string body;
    UnixMs date = 0;  // what the server's clock says; 0: it said nothing
};

class Http {
public:
    static constexpr int connections_max = 8;
    static constexpr std::size_t answer_max = 64u << 20;

    // `interrupt` may be null; it ends the waiting.
    Http(const curl::Curl& curl, std::string socket, const os::Interrupt* interrupt);
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

    // From now on requests are made though an interrupt has come: to leave things tidy.
    void ignore_interrupt();

    // In the order of the requests.
    std::vector<Result<Answer>> send(const std::vector<Request>& requests);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace waaft::kube
