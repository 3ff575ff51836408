#include "cmd/registry/session.h"

#include "cmd/registry/url.h"

#include <filesystem>
#include <random>
#include <thread>

namespace waaft::registry {
namespace {

constexpr unsigned redirects_max = 5;
constexpr unsigned ping_attempts = 4;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// A CA that Docker was told of for this registry counts here too.
std::string ca_file_of(const Reference& image, const Access& access) {
    if (!access.ca_file.empty()) return (std::filesystem::path(access.folder) / access.ca_file).string();
    const std::string docker = "/etc/docker/certs.d/" + image.host + "/ca.crt";
    std::error_code ignored;
    return std::filesystem::exists(docker, ignored) ? docker : "";
}

std::string token_service_of(const std::string& realm) { return realm.substr(0, realm.find('?')); }

}  // namespace

Session::Session(const curl::Curl& curl, Reference image, const Access& access, bool push, Credentials credentials,
                 const os::Interrupt* interrupt)
    : curl_(curl),
      asking_{std::move(image), credentials.login.user, std::move(credentials.origin), push},
      login_(std::move(credentials.login)),
      http_options_{.ca_file = ca_file_of(asking_.image, access), .interrupt = interrupt, .deadline = access.deadline},
      plain_http_(access.plain_http),
      scope_(asking_.image.repository.empty()
                 ? ""
                 : "repository:" + asking_.image.repository + (push ? ":pull,push" : ":pull")),
      interrupt_(interrupt) {
    if (asking_.user.empty() && !login_.refresh_token.empty()) asking_.user = "the owner of a refresh token";
}

Result<std::unique_ptr<Session>> Session::open(const Reference& image, const Access& access, bool push,
                                               const os::Interrupt* interrupt) {
    auto credentials = find_credentials(image.host, access, interrupt);
    if (!credentials) return credentials.error();
    return open_as(image, access, push, std::move(*credentials), interrupt);
}

Result<std::unique_ptr<Session>> Session::open_as(const Reference& image, const Access& access, bool push,
                                                  Credentials credentials, const os::Interrupt* interrupt) {
    const auto curl = curl::Curl::load();
    if (!curl) return curl.error();
    std::unique_ptr<Session> session(new Session(**curl, image, access, push, std::move(credentials), interrupt));
    if (auto connected = session->connect(); !connected) return connected.error();
    return session;
}

std::unique_ptr<Http> Session::connection(const std::atomic<bool>* stop) const {
    HttpOptions options = http_options_;
    options.stop = stop;
    return std::make_unique<Http>(curl_, std::move(options));
}

std::unique_ptr<Http> Session::last_connection() const {
    return std::make_unique<Http>(curl_, HttpOptions{.ca_file = http_options_.ca_file,
                                                     .interrupt = nullptr,
                                                     .stop = nullptr,
                                                     .connect_timeout = std::chrono::seconds(1),
                                                     .total_timeout = std::chrono::seconds(3)});
}

Error Session::error(const std::string& doing, const Lost& lost) const {
    Error result = error_of(asking_, doing, lost);
    // The interrupt knows which signal it was, and so the exit code.
    if (lost.kind == Lost::Kind::interrupted && interrupt_ != nullptr && interrupt_->raised())
        result.code = interrupt_->error().code;
    else if (lost.kind == Lost::Kind::interrupted && Clock::now() >= http_options_.deadline)
        result = {"TIMEOUT", "the time of --timeout was over during " + doing, asking_.image.text(),
                  "the same command again goes on: what arrived is not sent twice; --timeout gives it longer"};
    return result;
}

double Session::random() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

bool Session::wait_until(TimePoint when, const std::atomic<bool>* stop) const {
    constexpr std::chrono::milliseconds look{20};
    for (;;) {
        if ((interrupt_ != nullptr && interrupt_->raised()) || (stop != nullptr && *stop)) return false;
        const auto now = Clock::now();
        if (now >= http_options_.deadline) return false;
        if (now >= when) return true;
        std::this_thread::sleep_for(std::min<Duration>(look, when - now));
    }
}

Result<HttpAnswer, Lost> Session::ping(const std::string& origin, unsigned attempts) {
    const auto http = connection();
    Retry retry({.attempts = attempts, .base = std::chrono::milliseconds(300)});
    for (;;) {
        auto answer = http->perform({.method = "GET", .url = origin + "/v2/"});
        const bool again = answer ? is_passing(answer->status) : answer.error().passing();
        if (!again) return answer;
        std::optional<Duration> wish;
        if (answer) wish = parse_retry_after(answer->header("retry-after"), read_clocks().wall);
        const auto at = retry.failed(Clock::now(), wish, random());
        if (!at) return answer;
        if (!wait_until(*at)) return Lost{Lost::Kind::interrupted, {}};
    }
}

Result<void> Session::connect() {
    const std::string host = asking_.image.endpoint();
    const std::string https = "https://" + host, http = "http://" + host;
    if (plain_http_) {
        auto answer = ping(http, ping_attempts);
        return answer ? read_ping(http, *answer) : error("the first request", answer.error());
    }
    const bool loopback = is_loopback(asking_.image.host);
    auto answer = ping(https, loopback ? 1 : ping_attempts);
    using Kind = Lost::Kind;
    if (!answer && loopback && (answer.error().kind == Kind::plain_http || answer.error().passing())) {
        answer = ping(http, ping_attempts);
        if (answer) return read_ping(http, *answer);
    }
    return answer ? read_ping(https, *answer) : error("the first request", answer.error());
}

Result<void> Session::read_ping(const std::string& origin, const HttpAnswer& answer) {
    if (answer.status != 200 && answer.status != 401) {
        auto problem = error("the first request", answer);
        if (answer.status == 404) {
            problem.code = "REGISTRY_UNREACHABLE";
            problem.what = asking_.image.host + " answers, but is no registry: " + registry_words(answer) + " for /v2/";
            problem.hint = "name the registry in --image-repository: HOST/PATH/NAME";
        }
        return problem;
    }
    origin_ = origin_of(origin);
    repository_url_ = origin + "/v2/" + asking_.image.repository;
    plain_http_ = origin.starts_with("http://");
    if (answer.status == 401) adopt_challenge(answer);
    return {};
}

void Session::adopt_challenge(const HttpAnswer& answer) {
    const auto challenges = parse_challenges(answer.header("www-authenticate"));
    const std::lock_guard lock(mutex_);
    for (const char* wanted : {"bearer", "basic"})
        for (const auto& challenge : challenges)
            if (challenge.scheme == wanted) {
                challenge_ = challenge;
                return;
            }
}

HttpRequest Session::token_request(const std::string& realm) const {
    const std::string service = challenge_.parameter("service");
    if (!login_.refresh_token.empty()) {
        const std::string form = "grant_type=refresh_token&client_id=waaft&service=" + percent_encode(service) +
                                 "&scope=" + percent_encode(scope_) +
                                 "&refresh_token=" + percent_encode(login_.refresh_token);
        return {.method = "POST",
                .url = realm,
                .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                .has_body = true,
                .body = {.text = form}};
    }
    std::string url = realm;
    if (!service.empty()) url = add_query(std::move(url), "service", service);
    if (!scope_.empty()) url = add_query(std::move(url), "scope", scope_);
    HttpRequest request{.method = "GET", .url = std::move(url)};
    if (!login_.user.empty())
        request.headers.emplace_back("Authorization", "Basic " + to_base64(login_.user + ":" + login_.password));
    return request;
}

Result<Token, Failure> Session::fetch_token(Http& http) {
    const std::string realm = challenge_.parameter("realm");
    const std::string doing = "a token from " + token_service_of(realm);
    const std::string origin = origin_of(realm);
    if (origin.empty() || (origin.starts_with("http://") && !plain_http_ && !login_.empty()))
        return Failure{{"REGISTRY_AUTH",
                        "the registry " + asking_.image.host +
                            " names a token service that cannot be trusted with a password: " + realm.substr(0, 200),
                        asking_.image.text(), "tell the registry's owner: the realm must be https"}};
    const auto answer = http.perform(token_request(realm));
    if (!answer) return Failure{error(doing, answer.error()), answer.error().passing()};
    if (answer->status != 200) {
        auto problem = error(doing, *answer);
        // Some say 400 or 404 of a user they do not know.
        if (answer->status < 500 && answer->status != 429) problem.code = "REGISTRY_AUTH";
        return Failure{problem, is_passing(answer->status)};
    }
    auto token = parse_token(answer->body);
    if (!token) return Failure{{"REGISTRY_ERROR", token.error().what, token_service_of(realm), {}}};
    return *token;
}

Result<std::string, Failure> Session::authorization(Http& http, const std::string& refused) {
    const std::lock_guard lock(mutex_);  // held while a token is fetched, so that one thread does it for all
    if (challenge_.scheme == "basic")
        return login_.user.empty() ? std::string() : "Basic " + to_base64(login_.user + ":" + login_.password);
    if (challenge_.scheme != "bearer") return std::string();
    constexpr std::string_view prefix = "Bearer ";
    if (refused.starts_with(prefix)) tokens_.forget(scope_, refused.substr(prefix.size()));
    if (const auto known = tokens_.get(scope_, Clock::now())) return std::string(prefix) + *known;
    const auto token = fetch_token(http);
    if (!token) return token.error();
    tokens_.put(scope_, *token, Clock::now());
    return std::string(prefix) + token->value;
}

Result<HttpAnswer, Lost> Session::perform(Http& http, HttpRequest request, const std::string& authorization,
                                          const Http::OnSent& on_sent) {
    for (unsigned redirects = 0;; ++redirects) {
        HttpRequest sent = request;
        if (!authorization.empty() && origin_of(request.url) == origin_)
            sent.headers.emplace_back("Authorization", authorization);
        auto answer = http.perform(sent, on_sent);
        if (!answer || !is_redirect(answer->status)) return answer;
        const std::string target = resolve_url(request.url, answer->header("location"));
        if (target.empty() || redirects == redirects_max)
            return Lost{Lost::Kind::other, "it redirects without end, or to nowhere"};
        if (origin_of(target).starts_with("http://") && !plain_http_)
            return Lost{Lost::Kind::other, "it redirects from https to " + origin_of(target)};
        request.url = target;
    }
}

Result<HttpAnswer, Failure> Session::send(Http& http, HttpRequest request, const std::string& doing,
                                          const Http::OnSent& on_sent) {
    std::string refused;
    for (;;) {
        const auto allowed = authorization(http, refused);
        if (!allowed) return allowed.error();
        auto answer = perform(http, request, *allowed, on_sent);
        if (!answer) return Failure{error(doing, answer.error()), answer.error().passing()};
        if (answer->status != 401 || !refused.empty()) return *answer;
        adopt_challenge(*answer);
        refused = allowed->empty() ? "nothing" : *allowed;
        if (refused.starts_with("Basic ")) return *answer;
    }
}

Result<HttpAnswer> Session::call(Http& http, const HttpRequest& request, const std::string& doing) {
    Retry retry{RetryPolicy{}};
    for (;;) {
        const auto answer = send(http, request, doing);
        const bool again = answer ? is_passing(answer->status) && !says_full(*answer) : answer.error().passing;
        if (answer && !again) return *answer;
        std::optional<Duration> wish;
        if (answer) wish = parse_retry_after(answer->header("retry-after"), read_clocks().wall);
        const auto at = again ? retry.failed(Clock::now(), wish, random()) : std::nullopt;
        if (!at) return answer ? error(doing, *answer) : answer.error().error;
        if (!wait_until(*at)) return error(doing, Lost{Lost::Kind::interrupted, {}});
    }
}

Result<void> Session::check_login() {
    const auto http = connection();
    const auto answer = call(*http, {.method = "GET", .url = origin_ + "/v2/"}, "the login");
    if (!answer) return answer.error();
    if (answer->status != 200) return error("the login", *answer);
    return {};
}

}  // namespace waaft::registry
