// WebSocket frames from strangers, through the reading code that runs in the server (a socket pair
// instead of TCP): messages are UTF-8 and within the limit, and every connection ends exactly once.
// Input that begins with an odd byte is read as a recipe of well-formed frames, so that masks and
// lengths need not be guessed.
#include "server/net/shard.h"
#include "server/net/ws_session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

using namespace waaft;
using namespace waaft::net;

namespace {

constexpr std::size_t message_max = 2000;

struct Recorder final : WsHandler {
    explicit Recorder(int& the_closed) : closed(the_closed) {}
    void on_open(WsConnection& the_connection) override { connection = &the_connection; }
    void on_text(std::string_view message) override {
        if (closed != 0 || message.size() > message_max || !is_utf8(message)) std::abort();
        connection->send(std::make_shared<const std::string>(text_frame(message)));
        if (message == "c")
            connection->close(4000, "c");
        else if (message == "a")
            connection->abort();
    }
    void on_closed(ClosedBy, std::uint16_t) override { ++closed; }
    int& closed;
    WsConnection* connection = nullptr;
};

struct NoRequests final : Handler {
    void on_request(Request, Responder) override {}
    Upgrade on_upgrade(const Request&) override { return {}; }
};

Request handshake() {
    Request request;
    request.method = "GET";
    request.target = "/";
    request.headers = {{"Host", "e"},
                       {"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"Sec-WebSocket-Version", "13"}};
    return request;
}

std::string frames_of(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || data[0] % 2 == 0) return {reinterpret_cast<const char*>(data), size};
    std::string out;
    for (std::size_t at = 1; at + 2 <= size;) {
        const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
        const bool wide = length > 125;
        out.push_back(static_cast<char>(data[at]));
        out.push_back(static_cast<char>(0x80 | (wide ? 126 : length)));
        if (wide) out.append({'\0', static_cast<char>(length)});
        out.append(4, '\0');  // a mask of zeros is a mask
        out.append(reinterpret_cast<const char*>(data) + at + 2, length);
        at += 2 + length;
    }
    return out;
}

void poll(boost::asio::io_context& io) {
    io.restart();
    while (io.poll() > 0) io.restart();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) return 0;
    int closed = 0;
    boost::asio::io_context io(1);
    NoRequests handler;
    ServerOptions options;
    options.limits.message_max = message_max;
    auto shard = std::make_shared<Shard>(io, options, handler);
    Link::Socket socket(io.get_executor(), boost::asio::ip::tcp::v4(), pair[0]);
    auto link = std::make_shared<Link>(shard, std::move(socket), IpAddress{}, AddressLimits::Ticket());
    Handler::Upgrade upgrade;
    upgrade.handler = std::make_unique<Recorder>(closed);
    start_websocket(std::move(link), handshake(), std::move(upgrade));
    poll(io);
    const std::string bytes = frames_of(data, size);
    const std::size_t cut = size > 1 && !bytes.empty() ? data[1] % bytes.size() : 0;
    for (const auto part : {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
        if (!part.empty() && ::send(pair[1], part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
        poll(io);
    }
    ::close(pair[1]);
    poll(io);
    shard->stop();
    poll(io);
    if (closed != 1 || shard->counters.open != 0 || shard->counters.websockets != 0) std::abort();
    return 0;
}
