#include "server/net/http_connection.h"

#include "server/net/proxies.h"
#include "server/net/tls.h"
#include "server/net/tls_sniff.h"
#include "server/net/ws_session.h"

#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <algorithm>

namespace waaft::net {
namespace {

Response text_response(unsigned status, std::string_view text) {
    Response response;
    response.status = status;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
    response.body = std::make_shared<const std::string>(std::string(text) + "\n");
    return response;
}

// A handler that copies what a client sent into a header must not split the answer.
bool well_formed(const Response& response) {
    return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
        constexpr std::string_view forbidden("\r\n\0", 3);
        return header.first.find_first_of(forbidden) == std::string::npos &&
               header.second.find_first_of(forbidden) == std::string::npos;
    });
}

}  // namespace

Responder::~Responder() {
    if (sink_) send(text_response(500, "no answer"));
}

void Responder::send(Response response) {
    if (const auto sink = std::exchange(sink_, nullptr)) sink->respond(std::move(response));
}

class HttpConnection::Answer : public Responder::Sink {
public:
    explicit Answer(std::shared_ptr<HttpConnection> connection) : connection_(std::move(connection)) {}
    void respond(Response response) override {
        if (const auto connection = std::exchange(connection_, nullptr)) connection->respond(std::move(response));
    }

private:
    std::shared_ptr<HttpConnection> connection_;
};

HttpConnection::HttpConnection(std::shared_ptr<Link> link)
    : link_(std::move(link)), reader_(link_->shard().options.limits) {}

void HttpConnection::wait_then(Step step) {
    link_->socket().async_wait(link_->wait_type(),
                               [self = shared_from_this(), step](const boost::system::error_code& error) {
                                   if (!error && self->link_->ended() == Ended::no) ((*self).*step)();
                               });
}

void HttpConnection::wait_as_newcomer(Step step) {
    link_->socket().async_wait(link_->wait_type(),
                               [self = shared_from_this(), step](const boost::system::error_code& error) {
                                   if (error || self->link_->ended() != Ended::no) return;
                                   self->link_->shard().newcomer_later([self, step](bool overdue) {
                                       self->overdue_ |= overdue;
                                       if (self->link_->ended() == Ended::no) ((*self).*step)();
                                   });
                               });
}

void HttpConnection::start() {
    link_->arm_deadline(link_->shard().options.limits.first_byte_timeout);
    wait_as_newcomer(&HttpConnection::on_first_byte);
}

void HttpConnection::on_first_byte() {
    std::uint8_t byte = 0;
    const ssize_t got = ::recv(link_->socket().native_handle(), &byte, 1, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_as_newcomer(&HttpConnection::on_first_byte);
        return;
    }
    const FirstByte first = got == 1 ? sniff(byte) : FirstByte::neither;
    const auto& options = link_->shard().options;
    if (got == 1 && first == FirstByte::tls && !options.plain_only && options.tls) {
        start_tls();
    } else if (first == FirstByte::http) {
        start_http();
    } else {
        if (got == 1) link_->shard().counters.bad_requests.fetch_add(1, std::memory_order_relaxed);
        link_->abort(Ended::failed);
    }
}

void HttpConnection::start_tls() {
    auto& shard = link_->shard();
    // It gave up while it waited: the handshake would be for nobody.
    if (link_->peer_gone()) {
        link_->abort(Ended::finished);
        return;
    }
    const auto& limits = shard.options.address_limits;
    if (limits && !limits->allow_handshake(link_->peer(), Clock::now())) {
        shard.counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
        link_->abort(Ended::failed);
        return;
    }
    const auto context = shard.options.tls->current();
    if (!link_->begin_tls(*context)) {
        shard.counters.tls_failed.fetch_add(1, std::memory_order_relaxed);
        link_->abort(Ended::failed);
        return;
    }
    link_->arm_deadline(shard.options.limits.request_timeout);
    on_handshake();
}

void HttpConnection::on_handshake() {
    switch (link_->handshake()) {
        case Link::Io::ok: start_http(); break;
        case Link::Io::again: wait_as_newcomer(&HttpConnection::on_handshake); break;
        case Link::Io::end:
            link_->shard().counters.tls_failed.fetch_add(1, std::memory_order_relaxed);
            link_->abort(Ended::failed);
            break;
    }
}

void HttpConnection::start_http() {
    link_->arm_deadline(link_->shard().options.limits.request_timeout);
    on_readable();
}

void HttpConnection::on_readable() {
    auto& shard = link_->shard();
    const auto read = link_->read_some(shard.scratch);
    if (read.io == Link::Io::end) {
        link_->abort(Ended::finished);
        return;
    }
    if (read.io == Link::Io::ok) {
        if (in_.empty() && reader_.idle()) link_->arm_deadline(shard.options.limits.request_timeout);
        in_.append(reinterpret_cast<const char*>(shard.scratch.data()), read.bytes);
    }
    pump();
}

void HttpConnection::pump() {
    if (pumping_) return;
    pumping_ = true;
    while (!answering_ && link_ && link_->ended() == Ended::no && pump_once()) {
    }
    pumping_ = false;
}

// False: wait for more bytes, or there is no more to do.
bool HttpConnection::pump_once() {
    const auto step = reader_.feed(in_);
    in_.erase(0, step.consumed);
    if (step.send_continue) link_->send(std::make_shared<const std::string>("HTTP/1.1 100 Continue\r\n\r\n"));
    switch (step.outcome) {
        case HttpReader::Outcome::error: refuse(step.status, reason_phrase(step.status)); return false;
        case HttpReader::Outcome::request:
            link_->disarm_deadline();
            dispatch();
            return true;
        case HttpReader::Outcome::need_more: break;
    }
    if (in_.empty()) std::string().swap(in_);
    if (link_->more())
        boost::asio::post(link_->shard().io, [self = shared_from_this()] {
            if (self->link_->ended() == Ended::no) self->on_readable();
        });
    else
        wait_then(&HttpConnection::on_readable);
    return false;
}

void HttpConnection::fill_peer(Request& request) {
    const auto& proxies = link_->shard().options.proxies;
    TrustedProxies::Client client{link_->peer(), {}, {}};
    if (proxies) client = proxies->resolve(link_->peer(), request.headers);
    request.peer.overdue = std::exchange(overdue_, false);
    request.peer.proxied = proxies && proxies->trusts(link_->peer());
    request.peer.address = client.address.text();
    request.peer.address_key = address_key(request.peer.address);
    request.peer.network_key = network_key(request.peer.address);
    request.peer.loopback = client.address.loopback();
    request.peer.tls = link_->tls() || client.proto == "https";
    forwarded_proto_ = client.proto;
    forwarded_host_ = is_host(client.host);
    if (forwarded_host_) request.host = client.host;
}

bool HttpConnection::must_redirect(const Request& request) const {
    const auto& options = link_->shard().options;
    if (options.plain_only || !options.redirect_plain || request.peer.tls || request.path == "/ca.crt") return false;
    // A trusted proxy that says nothing of its own client is taken to know what it does.
    const bool proxied = options.proxies && options.proxies->trusts(link_->peer());
    return proxied ? forwarded_proto_ == "http" : !link_->peer().loopback();
}

Response HttpConnection::redirect(const Request& request) const {
    if (request.host.empty()) return text_response(400, "this address speaks https");
    // The port that the client used speaks https too; who used 80 came through something that also has 443.
    std::string authority = request.host;
    if (authority.ends_with(":80")) authority = host_without_port(authority);
    Response response = text_response(308, "this address speaks https");
    response.headers.emplace_back("Location", "https://" + authority + request.target);
    return response;
}

void HttpConnection::dispatch() {
    auto whole = reader_.take();
    keep_alive_ = whole.keep_alive;
    head_ = whole.request.method == "HEAD";
    fill_peer(whole.request);
    if (must_redirect(whole.request)) {
        answering_ = true;
        respond(redirect(whole.request));
        return;
    }
    if (whole.upgrade) {
        upgrade(std::move(whole.request));
        return;
    }
    answering_ = true;
    if (auto* handler = link_->shard().handler)
        handler->on_request(std::move(whole.request), Responder(std::make_shared<Answer>(shared_from_this())));
}

// What a proxy opened was not counted for anybody when it was accepted.
bool HttpConnection::admit_client(const Request& request) {
    const auto& options = link_->shard().options;
    const bool proxied = options.proxies && options.proxies->trusts(link_->peer());
    const auto client = IpAddress::parse(request.peer.address);
    if (!proxied || !options.address_limits || !client || *client == link_->peer()) return true;
    if (!options.address_limits->allow_handshake(*client, Clock::now())) return false;
    auto ticket = options.address_limits->admit_behind_proxy(*client);
    if (!ticket) return false;
    link_->count_client(std::move(*ticket));
    return true;
}

void HttpConnection::upgrade(Request request) {
    if (request.method != "GET" || !in_.empty() || request.header("Sec-WebSocket-Key").size() != 24) {
        refuse(400, "not a WebSocket handshake");
        return;
    }
    if (request.header("Sec-WebSocket-Version") != "13") {
        Response response = text_response(426, "WebSocket version 13 is spoken here");
        response.headers.emplace_back("Sec-WebSocket-Version", "13");
        keep_alive_ = false;
        answering_ = true;
        respond(std::move(response));
        return;
    }
    auto* handler = link_->shard().handler;
    if (!handler) return;
    if (!admit_client(request)) {
        link_->shard().counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
        refuse(429, "too many connections from this address");
        return;
    }
    auto decision = handler->on_upgrade(request);
    if (!decision.handler) {
        // What comes behind may be meant for the WebSocket.
        keep_alive_ = false;
        answering_ = true;
        respond(std::move(decision.refusal));
        return;
    }
    // From here on the session owns the link; this object ends with the current call.
    start_websocket(std::exchange(link_, nullptr), std::move(request), std::move(decision));
}

void HttpConnection::respond(Response response) {
    answering_ = !keep_alive_;  // nothing behind the last answer is looked at
    if (link_->ended() != Ended::no) return;
    write(well_formed(response) ? response : text_response(500, "no answer"));
    if (!keep_alive_) {
        link_->finish([] {});
        return;
    }
    link_->arm_deadline(link_->shard().options.limits.keep_alive_timeout, true);
    pump();
}

void HttpConnection::refuse(unsigned status, std::string_view text) {
    link_->shard().counters.bad_requests.fetch_add(1, std::memory_order_relaxed);
    keep_alive_ = false;
    answering_ = true;
    respond(text_response(status, text));
}

void HttpConnection::write(const Response& response) {
    link_->send(std::make_shared<const std::string>(response_header(response, !keep_alive_)));
    if (!head_ && response.status != 204 && response.status != 304) link_->send(response.body);
}

}  // namespace waaft::net
