#include "cmd/registry/http.h"

#include "server/base/own_program.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace waaft::registry {

struct Http::Exchange {
    const HttpRequest* request = nullptr;
    const OnSent* on_sent = nullptr;
    const HttpOptions* options = nullptr;
    std::uint64_t read_at = 0;
    HttpAnswer answer;
    bool too_large = false;
    std::array<char, CURL_ERROR_SIZE> words{};

    static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
    static int on_seek(void* self, curl_off_t offset, int origin);
    static std::size_t on_body(char* from, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* from, std::size_t size, std::size_t count, void* self);
    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent);
};

std::string HttpAnswer::header(std::string_view name) const {
    std::string result;
    for (const auto& [key, value] : headers)
        if (key == name) result += (result.empty() ? "" : ", ") + value;
    return result;
}

std::size_t Http::Exchange::on_read(char* to, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const Body& body = exchange.request->body;
    const std::uint64_t rest = body.size() - std::min(exchange.read_at, body.size());
    const std::size_t wanted = std::min<std::uint64_t>(size * count, rest);
    std::size_t got = wanted;
    if (body.file < 0) {
        std::memcpy(to, body.text.data() + exchange.read_at, wanted);
    } else if (wanted > 0) {
        const auto done = pread(body.file, to, wanted, static_cast<off_t>(body.offset + exchange.read_at));
        if (done <= 0) return CURL_READFUNC_ABORT;  // the file became shorter, or cannot be read
        got = static_cast<std::size_t>(done);
    }
    exchange.read_at += got;
    return got;
}

int Http::Exchange::on_seek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    static_cast<Exchange*>(self)->read_at = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

std::size_t Http::Exchange::on_body(char* from, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    if (exchange.answer.body.size() + size * count > answer_max) {
        exchange.too_large = true;
        return 0;
    }
    exchange.answer.body.append(from, size * count);
    return size * count;
}

std::size_t Http::Exchange::on_header(char* from, std::size_t size, std::size_t count, void* self) {
    auto& headers = static_cast<Exchange*>(self)->answer.headers;
    std::string_view line(from, size * count);
    if (line.starts_with("HTTP/")) headers.clear();  // "100 Continue" had its own
    const auto colon = line.find(':');
    constexpr std::size_t headers_max = 256;
    if (colon != std::string_view::npos && headers.size() < headers_max) {
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        line.remove_prefix(colon + 1);
        const auto begin = line.find_first_not_of(" \t\r\n");
        const auto end = line.find_last_not_of(" \t\r\n");
        headers.emplace_back(std::move(name),
                             begin == std::string_view::npos ? "" : line.substr(begin, end - begin + 1));
    }
    return size * count;
}

int Http::Exchange::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    const auto& exchange = *static_cast<Exchange*>(self);
    if (*exchange.on_sent) (*exchange.on_sent)(static_cast<std::uint64_t>(std::max<curl_off_t>(sent, 0)));
    const auto& options = *exchange.options;
    return (options.interrupt != nullptr && options.interrupt->raised()) ||
           (options.stop != nullptr && *options.stop) || Clock::now() >= options.deadline;
}

Http::Http(const curl::Curl& curl, HttpOptions options)
    : curl_(curl), options_(std::move(options)), handle_(curl.easy_init(), curl.easy_cleanup) {
    if (handle_ == nullptr) throw std::bad_alloc();
}

void Http::configure(const HttpRequest& request, Exchange& exchange, curl_slist* headers) const {
    using std::chrono::milliseconds;
    const auto set = [this](CURLoption option, auto value) { curl_.easy_setopt(handle_.get(), option, value); };
    const auto in_ms = [](Duration d) {
        return static_cast<long>(std::chrono::duration_cast<milliseconds>(d).count());
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "waaft");
    set(CURLOPT_CONNECTTIMEOUT_MS, in_ms(options_.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, in_ms(options_.total_timeout));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, 60L);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_ERRORBUFFER, exchange.words.data());
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, &exchange);
    set(CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
    set(CURLOPT_XFERINFODATA, &exchange);
    set(CURLOPT_NOPROGRESS, 0L);
    const auto authorities = options_.ca_file.empty() ? authorities_file() : options_.ca_file;
    if (!authorities.empty()) set(CURLOPT_CAINFO, authorities.c_str());
    if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    if (request.has_body) {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
        set(CURLOPT_READFUNCTION, &Exchange::on_read);
        set(CURLOPT_READDATA, &exchange);
        set(CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
        set(CURLOPT_SEEKDATA, &exchange);
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

Lost Http::lost(CURLcode code, const char* detail) const {
    const std::string words = *detail != '\0' ? detail : curl_.easy_strerror(code);
    using Kind = Lost::Kind;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return {Kind::name, words};
        case CURLE_COULDNT_CONNECT: return {Kind::connect, words};
        case CURLE_OPERATION_TIMEDOUT: return {Kind::timeout, words};
        case CURLE_ABORTED_BY_CALLBACK: return {Kind::interrupted, words};
        case CURLE_SSL_CONNECT_ERROR:
            // OpenSSL's words for an answer that is not TLS at all.
            if (words.find("wrong version number") != std::string::npos ||
                words.find("packet length too long") != std::string::npos)
                return {Kind::plain_http, words};
            // A connection that broke before the handshake's end is no mistake of the certificate.
            return {words.find("SSL_ERROR_SYSCALL") != std::string::npos ? Kind::cut : Kind::tls, words};
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER: return {Kind::tls, words};
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return {Kind::cut, words};
        default: return {Kind::other, words};
    }
}

Result<HttpAnswer, Lost> Http::perform(const HttpRequest& request, const OnSent& on_sent) {
    Exchange exchange;
    exchange.request = &request;
    exchange.on_sent = &on_sent;
    exchange.options = &options_;
    curl::CurlList headers(nullptr, curl_.slist_free_all);
    for (const auto& [name, value] : request.headers) {
        // "Name;" is libcurl's way to write an empty header.
        const std::string line = value.empty() ? name + ";" : name + ": " + value;
        auto* const longer = curl_.slist_append(headers.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(headers.release());
        headers.reset(longer);
    }
    curl_.easy_reset(handle_.get());
    configure(request, exchange, headers.get());
    const CURLcode code = curl_.easy_perform(handle_.get());
    if (exchange.too_large) return Lost{Lost::Kind::other, "the answer is larger than 8 MiB"};
    if (code != CURLE_OK) return lost(code, exchange.words.data());
    long status = 0;
    curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    exchange.answer.status = static_cast<int>(status);
    return std::move(exchange.answer);
}

}  // namespace waaft::registry
