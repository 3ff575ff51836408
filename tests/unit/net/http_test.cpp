#include "tests/unit/net/test_client.h"
#include "tests/unit/net/test_server.h"

#include "server/net/limits.h"
#include "server/net/proxies.h"

using namespace waaft::net;
using namespace waaft::net::test;
using namespace std::chrono_literals;

TEST_CASE("requests follow one another on one connection") {
    RunningServer server(plain_options());
    Client client(server.port());
    client.write("GET /a%20b?x=1 HTTP/1.1\r\nHost: example\r\n\r\n");
    CHECK(client.answer().body == "GET /a b||127.0.0.1|example|plain");
    client.write("HEAD /h HTTP/1.1\r\nHost: example\r\n\r\n");
    const auto head = client.answer(true);
    CHECK(head.status == 200);
    CHECK(head.header.find("Content-Length: 32\r\n") != head.header.npos);
    // Pipelined, the first with a body in pieces; the last ends the connection.
    client.write("POST /p HTTP/1.1\r\nHost: e\r\nContent-Length: 5\r\n\r\nhel");
    client.write("loGET /q HTTP/1.1\r\nHost: e\r\n\r\nGET /r HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
    CHECK(client.answer().body == "POST /p|hello|127.0.0.1|e|plain");
    CHECK(client.answer().body.starts_with("GET /q|"));
    const auto last = client.answer();
    CHECK(last.header.find("Connection: close\r\n") != last.header.npos);
    CHECK(client.take_all().empty());
}

TEST_CASE("a chunked body arrives whole, and 100 (Continue) is said when it is waited for") {
    RunningServer server(plain_options());
    Client client(server.port());
    client.write("POST /c HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    CHECK(client.answer().body.starts_with("POST /c|abcde|"));
    client.write("POST /c HTTP/1.1\r\nHost: e\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(client.take_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.write("ok");
    CHECK(client.answer().body.starts_with("POST /c|ok|"));
}

TEST_CASE("what is no good request is refused with its status, counted, and the connection ends") {
    auto options = plain_options();
    options.limits.header_max = 1024;
    options.limits.body_max = 1000;
    RunningServer server(options);
    const std::string host = "Host: e\r\n";
    const std::pair<std::string, int> table[] = {
        {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(2000, 'x') + "\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(20000, 'x'), 431},
        {"GET /" + std::string(5000, 'x'), 431},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
             "\r\n0\r\n\r\n",
         413},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(9000, 'x'), 431},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: e/../@evil\r\n\r\n", 400},
        {"GET evil HTTP/1.1\r\n" + host + "\r\n", 400},
        {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},
        {"GET / HTTP/1.1\r\n" + host + "broken line\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" + host + "Name : v\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
    };
    std::uint64_t refused = 0;
    for (const auto& [bytes, status] : table) {
        CAPTURE(bytes.substr(0, 120), bytes.size());
        Client client(server.port());
        client.write(bytes);
        CHECK(client.answer().status == status);
        client.take_all();
        CHECK(server.counters().bad_requests == ++refused);
    }
}

TEST_CASE("a path with escapes that are none is handed on as it was sent") {
    RunningServer server(plain_options());
    Client client(server.port());
    for (const std::string path : {"/r/100%", "/%zz", "/%00"}) {
        client.write("GET " + path + "?x=1 HTTP/1.1\r\nHost: e\r\n\r\n");
        CHECK(client.answer().body.starts_with("GET " + path + "|"));
    }
}

TEST_CASE("an answer may come later, and one that never comes is a 500") {
    RunningServer server(plain_options());
    Client client(server.port());
    client.write("GET /lost HTTP/1.1\r\nHost: e\r\n\r\n");
    CHECK(client.answer().status == 500);
    client.write("GET /later HTTP/1.1\r\nHost: e\r\n\r\nGET /b HTTP/1.1\r\nHost: e\r\n\r\n");
    REQUIRE(server.handler.notes.wait_for("later"));
    server.run([&] {
        Response response;
        response.status = 204;
        server.handler.unanswered.front().send(std::move(response));
        server.handler.unanswered.clear();
    });
    const auto none = client.answer();
    CHECK(none.status == 204);
    CHECK(none.header.find("Content-Length") == none.header.npos);
    CHECK(client.answer().body.starts_with("GET /b|"));
}

TEST_CASE("what stands behind the last request of a connection is not executed") {
    RunningServer server(plain_options());
    const std::string behind = "GET /later HTTP/1.1\r\nHost: e\r\n\r\n";
    for (const std::string last : {
             "GET /x HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n",
             "GET /x HTTP/1.1\r\nHost: e\r\nConnection: keep-alive, close\r\n\r\n",
             "GET /x HTTP/1.0\r\nHost: e\r\n\r\n",
             "GET /lost HTTP/1.0\r\nHost: e\r\n\r\n",
             "GET /x HTTP/1.1\r\n\r\n",
             "GET /ws HTTP/1.1\r\nHost: e\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         }) {
        INFO(last);
        Client client(server.port());
        client.write(last + behind);
        CHECK(client.answer().header.find("Connection: close\r\n") != std::string::npos);
        CHECK(client.take_all().empty());
    }
    Client refused(server.port());
    refused.write("GET /refused HTTP/1.1\r\n" + std::string(handshake_fields));
    CHECK(refused.answer().status == 403);
    refused.write(behind);
    CHECK(refused.take_all().empty());
    CHECK(server.handler.notes.count("later") == 0);
}

TEST_CASE("a header with a line break in its value is not sent") {
    RunningServer server(plain_options());
    Client client(server.port());
    client.write("GET /split?q=x HTTP/1.1\r\nHost: e\r\n\r\n");
    const auto answer = client.answer();
    CHECK(answer.status == 500);
    CHECK(answer.header.find("X-Evil") == answer.header.npos);
}

TEST_CASE("who does not say anything, or does not finish, is let go") {
    auto options = plain_options();
    options.limits.first_byte_timeout = 200ms;
    options.limits.request_timeout = 200ms;
    options.limits.keep_alive_timeout = 200ms;
    RunningServer server(options);
    Client silent(server.port());
    CHECK(silent.take_all().empty());
    CHECK(server.counters().timed_out == 1);
    Client half(server.port());
    half.write("GET / HTTP/1.1\r\nHo");
    CHECK(half.take_all().empty());
    CHECK(server.counters().timed_out == 2);
    Client idle(server.port());
    idle.write("GET / HTTP/1.1\r\nHost: e\r\n\r\n");
    CHECK(idle.answer().status == 200);
    CHECK(idle.take_all().empty());
    CHECK(server.counters().timed_out == 2);  // an idle connection has done nothing wrong
    CHECK(server.eventually([&] { return server.counters().open == 0; }));
}

TEST_CASE("bytes that are neither TLS nor HTTP end the connection") {
    RunningServer server(plain_options());
    Client client(server.port());
    client.write(std::string("\x00\x01", 2));
    CHECK(client.take_all().empty());
    CHECK(server.counters().bad_requests == 1);
}

TEST_CASE("limits of connections hold over the life of connections") {
    auto options = plain_options();
    options.address_limits = std::make_shared<AddressLimits>(AddressLimits::Options{10, 2, 100});
    RunningServer server(options);
    auto first = std::make_unique<Client>(server.port());
    Client second(server.port());
    Client third(server.port());
    CHECK(third.take_all().empty());
    CHECK(server.counters().refused_connections == 1);
    first.reset();
    REQUIRE(server.eventually([&] { return options.address_limits->open_connections() == 1; }));
    Client fourth(server.port());
    fourth.write("GET / HTTP/1.1\r\nHost: e\r\n\r\n");
    CHECK(fourth.answer().status == 200);
}

TEST_CASE("a trusted proxy says for whom it asks") {
    auto options = plain_options();
    options.plain_only = false;
    options.proxies = std::make_shared<TrustedProxies>(TrustedProxies::parse({"127.0.0.0/8"}).value());
    RunningServer server(options);
    Client client(server.port());
    client.write(
        "GET /x HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n"
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: live.example.org\r\n\r\n");
    CHECK(client.answer().body == "GET /x||198.51.100.7|live.example.org|tls");
    client.write(
        "GET /x?y HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: live.example.org\r\n\r\n");
    const auto redirect = client.answer();
    CHECK(redirect.status == 308);
    CHECK(redirect.header.find("Location: https://live.example.org/x?y\r\n") != redirect.header.npos);
    client.write("GET /ca.crt HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Proto: http\r\n\r\n");
    CHECK(client.answer().status == 200);
}

TEST_CASE("a port that is taken is said with the setting to change") {
    boost::asio::io_context io;
    EchoHandler handler;
    const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(taken, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(taken, 1) == 0);
    getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
    auto options = plain_options();
    options.port = ntohs(address.sin_port);
    const auto refused = listen(io, options, handler);
    ::close(taken);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "port_in_use");
    CHECK(refused.error().hint.find("listen.port") != std::string::npos);
    options.address = "not an address";
    CHECK(listen(io, options, handler).error().code == "address_bad");
}
