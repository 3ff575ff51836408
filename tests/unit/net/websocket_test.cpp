#include "tests/unit/net/test_client.h"
#include "tests/unit/net/test_server.h"

using namespace waaft::net;
using namespace waaft::net::test;
using namespace std::chrono_literals;

namespace {

constexpr int text = 1, binary = 2, more = 0, closing = 8, ping = 9, pong = 10;

std::string close_payload(int code) { return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}; }

}  // namespace

TEST_CASE("the handshake is answered, or refused with the reason") {
    RunningServer server(plain_options());
    Client good(server.port());
    const auto answer = upgrade(good);
    CHECK(answer.starts_with("HTTP/1.1 101 "));
    CHECK(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != answer.npos);
    CHECK(answer.find("Sec-WebSocket-Protocol: waaft.v1\r\n") != answer.npos);
    CHECK(answer.find("permessage") == answer.npos);
    Client refused(server.port());
    refused.write("GET /refused HTTP/1.1\r\n" + std::string(handshake_fields));
    CHECK(refused.answer().status == 403);

    const std::string start = "GET /ws HTTP/1.1\r\nHost: e\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    Client old(server.port());
    old.write(start + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const auto other = old.answer();
    CHECK(other.status == 426);
    CHECK(other.header.find("Sec-WebSocket-Version: 13\r\n") != other.header.npos);
    Client keyless(server.port());
    keyless.write(start + "Sec-WebSocket-Version: 13\r\n\r\n");
    CHECK(keyless.answer().status == 400);
    Client in_lines(server.port());
    in_lines.write(
        "GET /ws HTTP/1.1\r\nHost: e\r\nConnection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: "
        "websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    CHECK(in_lines.take_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    Client hasty(server.port());
    hasty.write("GET /ws HTTP/1.1\r\n" + std::string(handshake_fields) + masked_frame(text, "x"));
    CHECK(hasty.answer().status == 400);
}

TEST_CASE("messages are whole, whatever frames and packets they come in") {
    RunningServer server(plain_options());
    Client client(server.port());
    upgrade(client);
    for (const std::size_t size : {0, 1, 125, 126, 255, 256, 257, 511, 513, 5000, 65535, 65536}) {
        CAPTURE(size);
        const std::string message(size, 'm');
        client.write(masked_frame(text, message));
        CHECK(read_frame(client).payload == message);
    }
    const std::string a(300, 'a'), b(7000, 'b');
    client.write(masked_frame(text, a, false) + masked_frame(ping, "are you there"));
    client.write(masked_frame(more, b, false) + masked_frame(ping, "") + masked_frame(more, "c"));
    const auto first = read_frame(client);
    CHECK(first.opcode == pong);
    CHECK(first.payload == "are you there");
    CHECK(read_frame(client).opcode == pong);
    CHECK(read_frame(client).payload == a + b + "c");
    const std::string euro = masked_frame(text, "\xe2\x82\xac");
    for (const char byte : euro) client.write({&byte, 1});
    CHECK(read_frame(client).payload == "\xe2\x82\xac");
}

TEST_CASE("frames that were queued in one turn leave in one write") {
    RunningServer server(plain_options());
    Client client(server.port());
    upgrade(client);
    REQUIRE(server.eventually([&] { return server.counters().writes == 1; }));
    client.write(masked_frame(text, "three"));
    for (const std::string expected : {"0", "1", "2"}) CHECK(read_frame(client).payload == expected);
    CHECK(server.eventually([&] { return server.counters().writes == 2; }));
}

TEST_CASE("who is connected is served while nobody new may come in") {
    auto options = plain_options();
    options.limits.newcomer_patience = 1h;
    RunningServer server(options);
    Client there(server.port());
    upgrade(there);
    server.handler.newcomers = 0;
    Client waiting(server.port());
    waiting.write("GET / HTTP/1.1\r\nHost: e\r\n\r\n");
    REQUIRE(server.handler.notes.wait_for("nobody new"));
    there.write(masked_frame(text, "still here"));
    CHECK(read_frame(there).payload == "still here");
    CHECK(server.eventually([&] { return server.counters().writes == 2; }));  // the upgrade and the echo
    server.handler.newcomers = 1;
    CHECK(waiting.answer().status == 200);
}

TEST_CASE("who has waited too long for its turn is served while nobody new may come in, and is known by it") {
    auto options = plain_options();
    options.limits.newcomer_patience = 0ms;
    RunningServer server(options);
    server.handler.newcomers = 0;
    Client client(server.port());
    for (const bool overdue : {true, false}) {
        client.write("GET / HTTP/1.1\r\nHost: e\r\n\r\n");
        CHECK((client.answer().body.find("|overdue") != std::string::npos) == overdue);
    }
}

TEST_CASE("either side closes with its code") {
    RunningServer server(plain_options());
    Client peer(server.port());
    upgrade(peer);
    peer.write(masked_frame(closing, close_payload(4321) + "bye"));
    CHECK(read_frame(peer).close_code() == 4321);
    CHECK(server.handler.notes.wait_for("closed 0 4321"));

    Client told(server.port());
    upgrade(told);
    told.write(masked_frame(text, "close"));
    CHECK(read_frame(told).payload == "last");
    const auto frame = read_frame(told);
    CHECK(frame.opcode == closing);
    CHECK(frame.close_code() == 4003);
    CHECK(frame.payload.substr(2) == "removed");
    told.write(masked_frame(closing, close_payload(4003)));
    CHECK(told.take_all().empty());
    CHECK(server.handler.notes.wait_for("closed 1 4003"));

    Client gone(server.port());
    upgrade(gone);
    gone.write(masked_frame(text, "abort"));
    CHECK(gone.take_all().empty());
    CHECK(server.handler.notes.wait_for("closed 1 1006"));
    {
        Client vanishing(server.port());
        upgrade(vanishing);
    }
    CHECK(server.handler.notes.wait_for("closed 0 1006"));
    CHECK(server.eventually([&] { return server.counters().websockets == 0; }));
}

TEST_CASE("a peer that does not answer the close frame is let go") {
    RunningServer server(plain_options());
    Client client(server.port());
    upgrade(client);
    client.write(masked_frame(text, "close"));
    CHECK(read_frame(client).payload == "last");
    CHECK(read_frame(client).opcode == closing);
    CHECK(server.handler.notes.wait_for("closed 1 4003"));
}

TEST_CASE("what the protocol forbids ends with its close code") {
    RunningServer server(plain_options());
    const std::pair<std::string, int> table[] = {
        {masked_frame(text, "\xff\xfe"), 1007},
        {masked_frame(text, "\xed\xa0\x80"), 1007},
        {masked_frame(text, "\xe2\x82", false) + masked_frame(more, "x"), 1007},
        {masked_frame(text, std::string(65537, 'x')), 1009},
        {masked_frame(text, std::string(65000, 'x'), false) + masked_frame(more, std::string(600, 'x')), 1009},
        {frame_header(text, 1ULL << 30) + "mask", 1009},
        {frame_header(text, ~0ULL) + "mask", 1009},
        {masked_frame(binary, "x"), 1003},
        {frame_header(text, 1, true, false) + "x", 1002},
        {masked_frame(more, "x"), 1002},
        {masked_frame(text, "a", false) + masked_frame(text, "b"), 1002},
        {masked_frame(3, "x"), 1002},
        {masked_frame(11, "x"), 1002},
        {masked_frame(ping, "x", false), 1002},
        {masked_frame(ping, std::string(126, 'x')), 1002},
        {masked_frame(closing, close_payload(1005)), 1002},
        {masked_frame(closing, "x"), 1002},
        {masked_frame(0x40 | text, "x"), 1002},
    };
    std::uint64_t closed = 0;
    for (const auto& [bytes, code] : table) {
        CAPTURE(bytes.size(), code, closed);
        Client client(server.port());
        upgrade(client);
        client.write(bytes);
        const auto frame = read_frame(client);
        CHECK(frame.opcode == closing);
        CHECK(frame.close_code() == code);
        if (code == 1003) client.write(masked_frame(closing, close_payload(1003)));
        ::shutdown(client.fd(), SHUT_WR);
        client.take_all();
        ++closed;
        CHECK(server.eventually([&] { return server.counters().closed_protocol == closed; }));
    }
    CHECK(server.handler.notes.count("closed 3 1007") == 3);
    CHECK(server.handler.notes.count("closed 3 1009") == 4);
    CHECK(server.handler.notes.count("closed 3 1003") == 1);
    CHECK(server.handler.notes.count("closed 3 1002") == closed - 8);
}

TEST_CASE("a reader over the limit of its queue is closed as slow, and nobody else waits") {
    auto options = plain_options();
    options.limits.send_queue_max = 256 * 1024;
    RunningServer server(options);
    Client slow(server.port(), 4096);
    upgrade(slow);
    REQUIRE(server.handler.notes.wait_for("open"));
    server.run([&] {
        const auto frame = shared(text_frame(std::string(16 * 1024, 's')));
        auto* connection = *server.handler.connections.begin();
        for (int turn = 0; turn < 17; ++turn) connection->send(frame);
    });
    CHECK(server.counters().closed_slow == 1);
    Client other(server.port());
    upgrade(other);
    other.write(masked_frame(text, "still here"));
    CHECK(read_frame(other).payload == "still here");
    // It reads on after all: then it learns why.
    Frame frame;
    do frame = read_frame(slow);
    while (frame.opcode != closing);
    CHECK(frame.close_code() == 4001);
    CHECK(server.handler.notes.wait_for("closed 2 4001"));
}

TEST_CASE("a full socket that does not empty in time is slow") {
    auto options = plain_options();
    options.limits.send_queue_max = 64 * 1024 * 1024;
    options.limits.send_timeout = 300ms;
    RunningServer server(options);
    Client slow(server.port(), 4096);
    upgrade(slow);
    REQUIRE(server.handler.notes.wait_for("open"));
    server.run([&] {
        const auto frame = shared(text_frame(std::string(1024 * 1024, 's')));
        for (int i = 0; i < 16; ++i) (*server.handler.connections.begin())->send(frame);
    });
    CHECK(server.handler.notes.wait_for("closed 2 4001"));
    CHECK(server.counters().closed_slow == 1);
}

TEST_CASE("stop() tells every handler before it returns, and nothing after") {
    auto server = std::make_unique<RunningServer>(plain_options());
    Client client(server->port());
    upgrade(client);
    REQUIRE(server->handler.notes.wait_for("open"));
    server->run([&] {
        (*server->handler.connections.begin())->send(shared(text_frame("never sent")));
        server->server().stop();
        CHECK(server->handler.connections.empty());
    });
    CHECK(server->handler.notes.count("closed 1 1001") == 1);
    CHECK(client.take_all().empty());
    CHECK(server->eventually([&] { return server->counters().open == 0; }));
    CHECK(server->counters().websockets == 0);
}
