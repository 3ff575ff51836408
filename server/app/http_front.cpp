#include "server/app/http_front.h"

#include "server/app/assets.h"
#include "server/app/home_room.h"
#include "server/app/openapi.h"
#include "server/app/post_office.h"
#include "server/app/sessions.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/base/text.h"
#include "server/net/field_lists.h"
#include "server/signaling/codec.h"

#include <boost/json.hpp>

#include <algorithm>

namespace waaft::app {

namespace json = boost::json;
using signaling::ErrorCode;

namespace {

constexpr std::size_t pending_max = 4096;
constexpr std::uint64_t pending_rounds_max = 30;  // of expire(), a second each
constexpr std::string_view api_prefix = "/api/v1/";
constexpr std::string_view rooms_prefix = "/api/v1/rooms/";

std::string make_content_security_policy(const Config& config) {
    std::string ancestors = "'self'";
    for (const std::string& site : config.frame_ancestors) ancestors += " " + site;
    return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
           "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
           "base-uri 'none'; form-action 'none'; frame-ancestors " +
           ancestors;
}

// Those of other sites that may use this server, and its own where a proxy stands before it.
std::vector<Origin> origins_of(const Config& config) {
    std::vector<std::string> texts = config.origins;
    texts.push_back(config.public_url);
    std::vector<Origin> origins;
    for (const std::string& text : texts) {
        if (auto origin = parse_origin(text)) origins.push_back(*std::move(origin));
    }
    return origins;
}

const Asset* find_asset(std::string_view path) {
    for (const Asset& asset : assets()) {
        if (asset.path == path) return &asset;
    }
    return nullptr;
}

net::Response serve_asset(const Asset& asset, const net::Request& request) {
    net::Response response;
    response.headers = {{"Content-Type", std::string(asset.content_type)},
                        {"ETag", std::string(asset.etag)},
                        {"Vary", "Accept-Encoding"},
                        {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
    if (net::none_match_fails(request.headers, asset.etag)) {
        response.status = 304;
        return response;
    }
    std::string_view body = asset.identity;
    if (!asset.brotli.empty() && net::accepts_coding(request.headers, "br")) {
        body = asset.brotli;
        response.headers.emplace_back("Content-Encoding", "br");
    } else if (!asset.gzip.empty() && net::accepts_coding(request.headers, "gzip")) {
        body = asset.gzip;
        response.headers.emplace_back("Content-Encoding", "gzip");
    }
    response.body = std::make_shared<const std::string>(body);
    return response;
}

bool is_read(const net::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

net::Response method_not_allowed(std::string_view allowed) {
    net::Response response = rest_error(405, "method_not_allowed", "This address takes other methods.");
    response.headers.emplace_back("Allow", std::string(allowed));
    return response;
}

net::Response not_found() { return rest_error(404, "not_found", "There is nothing at this address."); }
net::Response bad_request(std::string_view what) { return rest_error(400, "bad_request", what); }

// The body as a JSON object; nullopt if it is none. An empty body is an empty object.
std::optional<json::object> parse_object(const std::string& body) {
    if (body.empty()) return json::object{};
    boost::system::error_code error;
    json::parse_options options;
    options.max_depth = 4;
    json::value value = json::parse(body, error, {}, options);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

// nullopt: present with another type.
std::optional<std::string> string_field(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (!value || value->is_null()) return std::string{};
    if (!value->is_string()) return std::nullopt;
    return std::string(value->as_string());
}

std::optional<std::int64_t> integer_field(const json::object& object, std::string_view name, std::int64_t absent) {
    const json::value* value = object.if_contains(name);
    if (!value || value->is_null()) return absent;
    if (!value->is_int64()) return std::nullopt;
    return value->as_int64();
}

}  // namespace

HttpFront::HttpFront(Services& services, ShardIndex self, Sessions& sessions, ShardCounters& counters, ShardLoad& load)
    : services_(services),
      self_(self),
      sessions_(sessions),
      counters_(counters),
      load_(load),
      content_security_policy_(make_content_security_policy(services.config)),
      origins_(origins_of(services.config)) {}

void HttpFront::on_request(net::Request request, net::Responder responder) {
    counters_.requests.fetch_add(1, std::memory_order_relaxed);
    warn_of_untrusted_proxy(request);
    if (!is_for_us(request)) return answer(responder, request, host_unknown(request));
    const bool for_programs = request.path.starts_with(api_prefix);
    if (for_programs && request.path_broken)
        return answer(responder, request, bad_request("The path has escapes that are none."));
    if (for_programs) return api(request, std::move(responder));
    if (!is_read(request)) return answer(responder, request, method_not_allowed("GET, HEAD"));
    answer(responder, request, page(request));
}

net::Response HttpFront::page(const net::Request& request) const {
    if (request.path == "/ca.crt") {
        if (services_.ca_pem.empty()) return not_found();
        return {200,
                {{"Content-Type", "application/x-x509-ca-cert"}, {"Cache-Control", "no-cache"}},
                std::make_shared<const std::string>(services_.ca_pem)};
    }
    const bool shell = request.path == "/" || request.path.starts_with("/r/");
    const Asset* asset = find_asset(shell ? "/index.html" : std::string_view(request.path));
    if (asset && !request.path_broken) return serve_asset(*asset, request);
    // People see a page, whatever they typed; programs an error that they can read.
    if (!net::lists_media_type(request.headers, "text/html"))
        return request.path_broken ? bad_request("The path has escapes that are none.") : not_found();
    net::Response response;
    if (const Asset* nothing = find_asset("/index.html")) response = serve_asset(*nothing, {});  // no 304 of it
    response.status = 404;
    return response;
}

net::Handler::Upgrade HttpFront::on_upgrade(const net::Request& request) {
    warn_of_untrusted_proxy(request);
    Upgrade upgrade;
    const auto refuse = [&](net::Response response) {
        secure(response, request);
        upgrade.refusal = std::move(response);
    };
    if (!is_for_us(request)) {
        refuse(host_unknown(request));
    } else if (request.path != "/api/v1/ws") {
        refuse(not_found());
    } else if (!net::lists_token(request.headers, "Sec-WebSocket-Protocol", "waaft.v1")) {
        refuse(rest_error(400, "subprotocol", "The subprotocol waaft.v1 was expected."));
    } else if (services_.stopping.load(std::memory_order_relaxed)) {
        refuse(rest_error(503, "server_restarting", "The server is restarting."));
    } else if (auto refusal = refuse_change(request)) {
        refuse(std::move(*refusal));
    } else {
        // Who looks for why everybody shares one address sees here what a proxy said.
        log::debug("A WebSocket opens.", {{"client", request.peer.address}});
        upgrade.handler = sessions_.make(request.host);
        upgrade.subprotocol = "waaft.v1";
    }
    return upgrade;
}

unsigned HttpFront::newcomers_per_turn() {
    return app::newcomers_per_turn(load_.lag(Clock::now()), services_.joins_waiting.load(std::memory_order_relaxed));
}

// ---- who asks ----

bool HttpFront::origin_allowed(const net::Request& request) const {
    const auto origin = parse_origin(request.header("Origin"));
    if (!origin) return false;
    if (std::find(origins_.begin(), origins_.end(), *origin) != origins_.end()) return true;
    return origin_at(request.peer.tls ? "https" : "http", request.host) == origin;
}

Caller HttpFront::caller_of(const net::Request& request) const {
    Caller caller;
    const std::string_view header = request.header("Authorization");
    if (same_in_any_case(header.substr(0, 7), "bearer ")) caller.bearer = header.substr(7);
    if (!caller.bearer.empty()) caller.api_key = services_.api_keys->check(caller.bearer).value_or("");
    caller.origin_ok = origin_allowed(request);
    caller.address_key = request.peer.address_key;
    caller.network_key = request.peer.network_key;
    const std::string asked = (request.peer.tls ? "https://" : "http://") + request.host;
    const auto reach = services_.reach.load();
    // By what a proxy was asked for others reach it, too.
    caller.origins = request.peer.proxied && reach->own.empty() ? std::vector{asked} : origins_to_share(*reach, asked);
    return caller;
}

std::optional<net::Response> HttpFront::refuse_change(const net::Request& request) const {
    if (request.header("Origin").empty()) {
        // No browser: it must prove who it is, by an API key or by the room's host key (the home checks that one).
        const Caller caller = caller_of(request);
        const bool websocket = request.path == "/api/v1/ws";
        if (!caller.api_key.empty() || (!websocket && !caller.bearer.empty())) return std::nullopt;
        return rest_error(401, "key_required", "A call without an Origin needs an API key.");
    }
    if (origin_allowed(request)) return std::nullopt;
    return rest_error(403, "origin_refused", "This Origin is not allowed; see the setting http.origins.");
}

// A browser that was led to us by a stranger's name would take the stranger's page for ours.
bool HttpFront::is_for_us(const net::Request& request) const {
    if (request.peer.proxied || request.host.empty()) return true;
    const auto asked = origin_at("http", request.host);
    return asked && knows_host(*services_.reach.load(), asked->host);
}

net::Response HttpFront::host_unknown(const net::Request& request) const {
    constexpr std::string_view what =
        "This server is not known by the name that it was asked for. If the name is its own, set public_url, or add it "
        "to "
        "tls.names; behind a proxy set proxy.trusted.";
    if (!net::lists_media_type(request.headers, "text/html")) return rest_error(421, "host_unknown", what);
    return {421, {{"Content-Type", "text/plain; charset=utf-8"}}, std::make_shared<const std::string>(what)};
}

// Source: Fetch standard, "CORS-preflight fetch".
net::Response HttpFront::preflight(const net::Request& request) const {
    if (!origin_allowed(request))
        return rest_error(403, "origin_refused", "This Origin is not allowed; see the setting http.origins.");
    return {204,
            {{"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE"},
             {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
             {"Access-Control-Max-Age", "600"}},
            nullptr};
}

void HttpFront::warn_of_untrusted_proxy(const net::Request& request) {
    if (warned_of_proxy_ || !services_.config.trusted_proxies.empty()) return;
    const bool forwarded = !request.header("X-Forwarded-For").empty();
    // A browser on this machine says localhost or an address; a name with a dot came through something.
    const bool named = request.peer.loopback && request.host.find_first_not_of("0123456789.:[]") != std::string::npos &&
                       request.host.find('.') != std::string::npos;
    if (!forwarded && !named) return;
    warned_of_proxy_ = true;
    log::warn(
        "A proxy seems to forward requests, but none is trusted: everybody comes from its address and "
        "shares its limits. Set proxy.trusted.",
        {{"proxy", request.peer.address}});
}

// ---- answers ----

void HttpFront::secure(net::Response& response, const net::Request& request) const {
    auto& headers = response.headers;
    headers.emplace_back("Content-Security-Policy", content_security_policy_);
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    headers.emplace_back("Referrer-Policy", "no-referrer");
    headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    headers.emplace_back(
        "Permissions-Policy",
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()");
    if (services_.config.frame_ancestors.empty()) headers.emplace_back("X-Frame-Options", "SAMEORIGIN");
    // Behind a private CA that binding would shut out who has not installed it yet.
    const Config& config = services_.config;
    const bool is_public =
        config.tls_ca.empty() && (config.has_own_certificate() || config.public_url.starts_with("https://"));
    if (is_public && request.peer.tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
    if (!request.path.starts_with(api_prefix)) return;
    // Pages of the allowed sites may read the answers; nothing here goes by cookies.
    headers.emplace_back("Vary", "Origin");
    if (origin_allowed(request))
        headers.emplace_back("Access-Control-Allow-Origin", std::string(request.header("Origin")));
}

void HttpFront::answer(net::Responder& responder, const net::Request& request, net::Response response) const {
    secure(response, request);
    responder.send(std::move(response));
}

// ---- /api/v1 ----

void HttpFront::api(const net::Request& request, net::Responder responder) {
    if (request.method == "OPTIONS" && !request.header("Access-Control-Request-Method").empty())
        return answer(responder, request, preflight(request));
    if (!is_read(request)) {
        if (auto refusal = refuse_change(request)) return answer(responder, request, std::move(*refusal));
    }
    if (request.path == "/api/v1/openapi.json") {
        if (!is_read(request)) return answer(responder, request, method_not_allowed("GET, HEAD"));
        return answer(responder, request, json_response(200, std::string(openapi_json())));
    }
    if (request.path == "/api/v1/rooms") {
        if (request.method != "POST") return answer(responder, request, method_not_allowed("POST"));
        return create_room(request, std::move(responder));
    }
    if (!request.path.starts_with(rooms_prefix)) return answer(responder, request, not_found());
    const std::string_view tail = std::string_view(request.path).substr(rooms_prefix.size());
    const auto slash = tail.find('/');
    std::string room(tail.substr(0, slash));
    if (!is_room_name(room)) return answer(responder, request, rest_error(ErrorCode::room_unknown));
    room_api(request, std::move(room), slash == std::string_view::npos ? "" : tail.substr(slash), std::move(responder));
}

void HttpFront::room_api(const net::Request& request, std::string room, std::string_view rest,
                         net::Responder responder) {
    if (rest.empty()) {
        if (is_read(request)) return forward(request, std::move(room), ShowRoom{}, std::move(responder));
        if (request.method == "DELETE") return forward(request, std::move(room), EndRoom{}, std::move(responder));
        return answer(responder, request, method_not_allowed("GET, HEAD, DELETE"));
    }
    if (rest == "/links") {
        if (request.method == "POST") return make_link(request, std::move(room), std::move(responder));
        if (is_read(request)) return forward(request, std::move(room), ListLinks{}, std::move(responder));
        if (request.method == "DELETE") return forward(request, std::move(room), VoidLinks{}, std::move(responder));
        return answer(responder, request, method_not_allowed("GET, HEAD, POST, DELETE"));
    }
    if (rest.starts_with("/links/")) {
        if (request.method != "DELETE") return answer(responder, request, method_not_allowed("DELETE"));
        std::string id(rest.substr(7));
        if (id.empty() || id.size() > 64) return answer(responder, request, not_found());
        return forward(request, std::move(room), RevokeLink{std::move(id)}, std::move(responder));
    }
    if (rest != "/chat" && rest != "/ice") return answer(responder, request, not_found());
    if (!is_read(request)) return answer(responder, request, method_not_allowed("GET, HEAD"));
    if (rest == "/chat") return read_chat(request, std::move(room), std::move(responder));
    forward(request, std::move(room), ShowIce{request.host}, std::move(responder));
}

void HttpFront::create_room(const net::Request& request, net::Responder responder) {
    if (const TimePoint now = Clock::now(); !load_.takes(Work::new_room, now))
        return answer(responder, request, room_refusal(load_, counters_, now));
    const Caller caller = caller_of(request);
    if (caller.api_key.empty() && services_.config.rooms_create == Config::RoomsCreate::key) {
        return answer(responder, request,
                      rest_error(401, "key_required", "Opening a room on this server needs an API key."));
    }
    if (caller.api_key.empty() && !caller.origin_ok) {
        return answer(responder, request,
                      rest_error(401, "key_required", "A call without an Origin needs an API key."));
    }
    const auto body = parse_object(request.body);
    if (!body) return answer(responder, request, bad_request("The body must be a JSON object."));
    const auto name = string_field(*body, "name");
    const auto kind = string_field(*body, "kind");
    const auto password = string_field(*body, "password");
    const auto members = integer_field(*body, "membersMax", 0);
    if (!name || !kind || !password) {
        return answer(responder, request, bad_request("name, kind and password must be strings."));
    }
    CreateRoom command;
    command.name = name->empty() ? random_room_name() : lower_case(*name);
    if (!is_room_name(command.name)) {
        return answer(responder, request, bad_request("name: 3 to 64 of a-z, 0-9 and - were expected."));
    }
    const auto parsed_kind = signaling::parse_room_kind(kind->empty() ? "call" : *kind);
    if (!parsed_kind) return answer(responder, request, bad_request("kind: call or broadcast was expected."));
    if (!members || *members < 0 || *members > services_.config.members_max) {
        return answer(responder, request,
                      bad_request("membersMax: a whole number up to the server's limit was expected."));
    }
    command.kind = *parsed_kind;
    command.password = *password;
    command.members_max = static_cast<std::uint32_t>(*members);
    std::string room = command.name;
    forward(request, std::move(room), std::move(command), std::move(responder));
}

void HttpFront::make_link(const net::Request& request, std::string room, net::Responder responder) {
    const auto body = parse_object(request.body);
    if (!body) return answer(responder, request, bad_request("The body must be a JSON object."));
    const auto role_text = string_field(*body, "role");
    const auto name = string_field(*body, "name");
    const auto seconds = integer_field(*body, "expiresIn", 86400);
    const auto role = signaling::parse_role(role_text && !role_text->empty() ? *role_text : "viewer");
    if (!role_text || !role)
        return answer(responder, request, bad_request("role: host, speaker or viewer was expected."));
    if (!name || name->size() > 64)
        return answer(responder, request, bad_request("name: a string of at most 64 bytes was expected."));
    if (!seconds || *seconds < 1 || *seconds > 366LL * 86400) {
        return answer(responder, request, bad_request("expiresIn: 1 to 31622400 seconds were expected."));
    }
    forward(request, std::move(room), MakeLink{*role, *name, *seconds * 1000}, std::move(responder));
}

void HttpFront::read_chat(const net::Request& request, std::string room, net::Responder responder) {
    const std::string before = request.query_value("before");
    const std::string limit = request.query_value("limit");
    const auto before_seq = whole_number<std::uint64_t>(before.empty() ? "0" : before);
    const auto count = whole_number<std::uint64_t>(limit.empty() ? "100" : limit);
    if (!before_seq || !count || *count < 1 || *count > 100) {
        return answer(responder, request, bad_request("before: a seq, and limit: 1 to 100 were expected."));
    }
    forward(request, std::move(room), ReadChat{*before_seq, static_cast<std::uint32_t>(*count)}, std::move(responder));
}

void HttpFront::forward(const net::Request& request, std::string room, RestCommand command, net::Responder responder) {
    if (pending_.size() >= pending_max) return answer(responder, request, rest_error(ErrorCode::busy));
    auto mail = std::make_unique<RestMail>();
    mail->reply_to = self_;
    mail->bytes = request.body.size();
    mail->request = next_request_++;
    mail->room = std::move(room);
    mail->caller = caller_of(request);
    mail->command = std::move(command);
    const std::uint64_t id = mail->request;
    PostOffice& office = *services_.post_office;
    const ShardIndex home = office.home_of(mail->room);
    if (!office.post(self_, home, std::move(mail))) return answer(responder, request, rest_error(ErrorCode::busy));
    net::Response headers;
    secure(headers, request);
    pending_.emplace(id, Pending{std::move(responder), home, round_, std::move(headers.headers)});
}

void HttpFront::on_mail(RestReplyMail mail) {
    auto node = pending_.extract(mail.request);
    if (node.empty()) return;
    auto& headers = mail.response->headers;
    headers.insert(headers.end(), node.mapped().headers.begin(), node.mapped().headers.end());
    node.mapped().responder.send(std::move(*mail.response));
}

void HttpFront::give_up(Pending& pending) {
    net::Response response = rest_error(ErrorCode::busy);
    response.headers.insert(response.headers.end(), pending.headers.begin(), pending.headers.end());
    pending.responder.send(std::move(response));
}

// Taken out first: an answer lets in the next request of its connection, which is pending then, too.
template <class Predicate>
void HttpFront::give_up_if(Predicate predicate) {
    std::vector<Pending> given_up;
    for (auto entry = pending_.begin(); entry != pending_.end();) {
        if (!predicate(entry->second)) {
            ++entry;
            continue;
        }
        given_up.push_back(std::move(entry->second));
        entry = pending_.erase(entry);
    }
    for (Pending& pending : given_up) give_up(pending);
}

void HttpFront::on_overrun(ShardIndex home) {
    give_up_if([&](const Pending& pending) { return pending.home == home; });
}

void HttpFront::expire() {
    ++round_;
    give_up_if([&](const Pending& pending) { return round_ - pending.since > pending_rounds_max; });
}

}  // namespace waaft::app
