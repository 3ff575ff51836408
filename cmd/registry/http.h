// One HTTP exchange at a time over libcurl, bounded in time and size, which Ctrl-C ends.
//
// Thread: one for each Http; connections are kept between requests. Ownership: owns the handle; the
// Interrupt and `stop` must outlive it and may be null. Units: bytes. Bounds: 8 MiB of answer, 15 s to connect,
// 60 s without a byte. Errors: Lost, which says in libcurl's words what happened and whether the same
// may go well later. An HTTP status of any kind is no error. Redirects are the caller's.
// Source: https://curl.se/libcurl/c/libcurl-easy.html.
#pragma once

#include "cmd/curl/curl.h"
#include "cmd/os/interrupt.h"
#include "server/base/time.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waaft::registry {

// A part of an open file, or text.
struct Body {
    std::string text;
    int file = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;  // of the file's part
    std::uint64_t size() const { return file >= 0 ? length : text.size(); }
};

struct HttpRequest {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers = {};
    bool has_body = false;
    Body body = {};
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
    // All values of one name, joined by ", ".
    std::string header(std::string_view name) const;
};

struct Lost {
    enum class Kind : std::uint8_t { name, connect, tls, plain_http, timeout, cut, interrupted, other };
    Kind kind = Kind::other;
    std::string words;
    // It was never reached, or it was and the connection broke.
    bool passing() const { return kind == Kind::connect || kind == Kind::timeout || kind == Kind::cut; }
};

struct HttpOptions {
    std::string ca_file;  // trusted beside the system's; empty: none
    const os::Interrupt* interrupt = nullptr;
    const std::atomic<bool>* stop = nullptr;  // another end, for instance because a second request failed
    TimePoint deadline = TimePoint::max();
    Duration connect_timeout = std::chrono::seconds(15);
    Duration total_timeout = Duration::zero();  // zero: none
};

class Http {
public:
    static constexpr std::size_t answer_max = 8 * 1024 * 1024;
    using OnSent = std::function<void(std::uint64_t bytes)>;  // of this request's body

    // curl from Curl::load().
    Http(const curl::Curl& curl, HttpOptions options);

    Result<HttpAnswer, Lost> perform(const HttpRequest& request, const OnSent& on_sent = {});

private:
    struct Exchange;
    void configure(const HttpRequest& request, Exchange& exchange, curl_slist* headers) const;
    Lost lost(CURLcode code, const char* detail) const;

    const curl::Curl& curl_;
    HttpOptions options_;
    curl::CurlHandle handle_;
};

}  // namespace waaft::registry
