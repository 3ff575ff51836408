#include "cmd/load/prove.h"

#include "cmd/load/connection.h"
#include "cmd/load/rest.h"
#include "server/base/id.h"
#include "server/rtc/stun.h"
#include "server/signaling/codec.h"

#include <httplib.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace waaft::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds step_max{10};
constexpr milliseconds ask_each{500};

class Socket {
public:
    Socket(const SocketAddress& address, int type)
        : fd_(socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
    ~Socket() {
        if (fd_ >= 0) close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd() const { return fd_; }
    bool wait(short events, milliseconds most) const {
        pollfd waits{fd_, events, 0};
        return poll(&waits, 1, static_cast<int>(most.count())) == 1;
    }

private:
    int fd_;
};

// Empty if somebody answered there, else what the system says.
std::string connect_failure(const SocketAddress& address) {
    const Socket tcp(address, SOCK_STREAM);
    if (tcp.fd() < 0) return std::strerror(errno);
    if (connect(tcp.fd(), address.get(), address.length) == 0) return {};
    if (errno != EINPROGRESS) return std::strerror(errno);
    if (!tcp.wait(POLLOUT, seconds(5))) return "no answer in 5 s";
    int failed = 0;
    socklen_t size = sizeof failed;
    getsockopt(tcp.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
    return failed == 0 ? std::string() : std::strerror(failed);
}

struct Page {
    bool trusted = true;  // no certificate, or the right one
    std::string failure;
};

Page fetch_page(const Endpoint& endpoint, const TlsOptions& tls) {
    httplib::Client client(endpoint.origin);
    client.set_connection_timeout(step_max);
    client.set_read_timeout(step_max);
    client.enable_server_certificate_verification(!tls.insecure);
    if (!tls.ca_file.empty()) client.set_ca_cert_path(tls.ca_file);
    const auto answer = client.Get("/");
    if (!answer && answer.error() == httplib::Error::SSLServerVerification)
        return {false, "who answers at " + endpoint.origin + " has another certificate"};
    if (!answer) return {true, "the page could not be fetched: " + httplib::to_string(answer.error())};
    return {true, answer->status == 200 ? "" : "the page was answered with HTTP " + std::to_string(answer->status)};
}

// Joins, posts one message, and hears it.
class Visitor final : public Connection::Handler {
public:
    Visitor(EventLoop& loop, const Target& target, std::string room)
        : room_(std::move(room)), connection_(loop, target, *this) {
        connection_.open();
    }
    void on_open() override {
        signaling::Join join;
        join.room = room_;
        join.name = "waaft deploy";
        connection_.send_text(signaling::encode(signaling::ClientMessage(join)));
    }
    void on_text(std::string_view text) override {
        const auto message = signaling::decode_server(text);
        if (!message) return;
        answered = true;
        if (std::holds_alternative<signaling::Welcome>(*message)) {
            signaling::Chat chat;
            chat.nonce = "prove-" + random_key().substr(0, 16);
            chat.text = said_;
            connection_.send_text(signaling::encode(signaling::ClientMessage(std::move(chat))));
        } else if (text.find(said_) != std::string_view::npos) {
            echoed = true;
            connection_.send_text(signaling::encode(signaling::ClientMessage(signaling::Leave{})));
        }
    }
    void on_closed(const Connection::Closed& closed) override { why_closed = "closed: " + closed.reason; }

    bool answered = false;
    bool echoed = false;
    std::string why_closed;

private:
    std::string room_;
    std::string said_ = "hello " + random_key().substr(0, 16);
    Connection connection_;
};

void prove_chat(const ProveOptions& options, const Target& target, Proof& proof) {
    const auto room = create_room({target.endpoint, {}, options.tls}, 2);
    EventLoop loop;
    // Where only keys make rooms, even the refusal shows that the WebSocket works.
    Visitor visitor(loop, target, room ? *room : random_room_name());
    const auto give_up = Clock::now() + step_max;
    const auto finished = [&] { return visitor.echoed || (!room && visitor.answered) || !visitor.why_closed.empty(); };
    while (!finished() && Clock::now() < give_up && !options.stop()) loop.turn(Clock::now() + milliseconds(200));
    proof.websocket = visitor.answered;
    proof.chat = visitor.echoed;
    if (!proof.websocket) {
        proof.failure =
            "the WebSocket did not work: " + (visitor.why_closed.empty() ? "no answer to join" : visitor.why_closed);
    } else if (room && !proof.chat) {
        proof.failure = "a chat message was not heard again in 10 s";
    }
}

void prove_udp(const ProveOptions& options, Proof& proof) {
    Endpoint endpoint;
    endpoint.host = options.udp_host;
    endpoint.port = options.udp_port;
    const auto address = resolve(endpoint);
    proof.failure = "no STUN answer over UDP from " + options.udp_host + ":" + std::to_string(options.udp_port);
    if (!address) return;
    const Socket udp(*address, SOCK_DGRAM);
    if (udp.fd() < 0 || connect(udp.fd(), address->get(), address->length) != 0) return;
    const auto bytes = random_bytes(12);
    std::array<std::uint8_t, 12> transaction{};
    std::memcpy(transaction.data(), bytes.data(), transaction.size());
    const auto request = rtc::make_binding_request(transaction);
    const auto give_up = Clock::now() + step_max;
    while (Clock::now() < give_up && !options.stop()) {
        (void)send(udp.fd(), request.data(), request.size(), 0);  // one that is lost is sent again
        std::array<char, 1500> answer{};
        if (!udp.wait(POLLIN, ask_each)) continue;
        const auto size = recv(udp.fd(), answer.data(), answer.size(), 0);
        // A Binding success response (0x0101) to this very request.
        if (size >= 20 && answer[0] == 1 && answer[1] == 1 &&
            std::memcmp(answer.data() + 8, transaction.data(), transaction.size()) == 0) {
            proof.udp = true;
            proof.failure.clear();
            return;
        }
    }
}

}  // namespace

Proof prove(const ProveOptions& options) {
    Proof proof;
    const auto endpoint = parse_url(options.url);
    const auto address = endpoint ? resolve(*endpoint) : Result<SocketAddress>(endpoint.error());
    if (!address) {
        proof.failure = address.error().what;
        return proof;
    }
    proof.failure = connect_failure(*address);
    if (!proof.failure.empty()) {
        proof.failure = "nobody could be connected to at " + endpoint->origin + ": " + proof.failure;
        return proof;
    }
    const auto page = fetch_page(*endpoint, options.tls);
    // A firewall or proxy on the way that answers by itself is not our server.
    proof.connected = page.trusted;
    proof.failure = page.failure;
    proof.page = proof.failure.empty();
    if (!proof.page || options.stop()) return proof;
    const auto context = endpoint->tls ? make_tls_client(options.tls) : Result<std::shared_ptr<ssl_ctx_st>>(nullptr);
    if (!context) {
        proof.failure = context.error().what;
        return proof;
    }
    prove_chat(options, Target{*endpoint, *address, {}, *context}, proof);
    if (proof.failure.empty() && !options.udp_host.empty()) prove_udp(options, proof);
    return proof;
}

}  // namespace waaft::load
