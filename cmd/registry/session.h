// One registry and one repository of it: finds out how it wants to be spoken to, brings tokens and
// renews them, follows redirects, tries again what may go well later.
//
// Thread: send() and call() from any, each thread with its own Http from connection(). Ownership: the
// Interrupt must outlive it and may be null. Units: none. Bounds: 5 redirects, RetryPolicy.attempts.
// Errors: as in failure.h, curl_missing, and those of find_credentials(). Credentials go to the registry's
// own origin and its token service only, and never in the clear unless the registry is spoken to so.
// Source: https://distribution.github.io/distribution/spec/auth/token/, OCI distribution spec 1.1.
#pragma once

#include "cmd/registry/challenge.h"
#include "cmd/registry/credentials.h"
#include "cmd/registry/failure.h"
#include "cmd/registry/http.h"
#include "cmd/registry/retry.h"
#include "cmd/registry/token_cache.h"

#include <memory>
#include <mutex>

namespace waaft::registry {

struct Failure {
    Error error;
    bool passing = false;
};

class Session {
public:
    // `push` asks for the right to write, not only to read.
    static Result<std::unique_ptr<Session>> open(const Reference& image, const Access& access, bool push,
                                                 const os::Interrupt* interrupt);
    // The same, with these credentials instead of those that are found; for `waaft login`.
    static Result<std::unique_ptr<Session>> open_as(const Reference& image, const Access& access, bool push,
                                                    Credentials credentials, const os::Interrupt* interrupt);

    const std::string& repository_url() const { return repository_url_; }  // "https://host/v2/org/waaft"
    std::unique_ptr<Http> connection(const std::atomic<bool>* stop = nullptr) const;
    // Ends in 3 s, also after an interrupt: to take back what was begun.
    std::unique_ptr<Http> last_connection() const;

    // Once, without retries.
    Result<HttpAnswer, Failure> send(Http& http, HttpRequest request, const std::string& doing,
                                     const Http::OnSent& on_sent = {});
    // With them. Answers of any status but those that passed are given back.
    Result<HttpAnswer> call(Http& http, const HttpRequest& request, const std::string& doing);
    // False: it answers to anybody, so that nothing can be said of a login.
    bool asks_for_login() const { return !challenge_.scheme.empty(); }
    // Whether the login is taken: asks for a token, or for /v2/ with the password.
    Result<void> check_login();

    Error error(const std::string& doing, const HttpAnswer& answer) const { return error_of(asking_, doing, answer); }
    Error error(const std::string& doing, const Lost& lost) const;
    // False: interrupted, or told to stop, before.
    bool wait_until(TimePoint when, const std::atomic<bool>* stop = nullptr) const;
    static double random();

private:
    Session(const curl::Curl& curl, Reference image, const Access& access, bool push, Credentials credentials,
            const os::Interrupt* interrupt);
    Result<void> connect();
    Result<HttpAnswer, Lost> ping(const std::string& origin, unsigned attempts);
    Result<void> read_ping(const std::string& origin, const HttpAnswer& answer);
    Result<HttpAnswer, Lost> perform(Http& http, HttpRequest request, const std::string& authorization,
                                     const Http::OnSent& on_sent);
    void adopt_challenge(const HttpAnswer& answer);
    // Empty: none is needed, or there are no credentials. `refused` is one that the registry did not take.
    Result<std::string, Failure> authorization(Http& http, const std::string& refused);
    Result<Token, Failure> fetch_token(Http& http);
    HttpRequest token_request(const std::string& realm) const;

    const curl::Curl& curl_;
    Asking asking_;
    Login login_;
    HttpOptions http_options_;
    bool plain_http_;
    std::string origin_;
    std::string repository_url_;
    std::string scope_;
    const os::Interrupt* interrupt_;
    std::mutex mutex_;  // of what follows
    Challenge challenge_;
    TokenCache tokens_;
};

}  // namespace waaft::registry
