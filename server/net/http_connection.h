// A connection from its first byte on: TLS or plain, then HTTP requests one after the other, until
// it becomes a WebSocket. Internal to server/net.
//
// Thread: the shard's. Ownership: held by its pending wait, or by the Responder of the request in
// hand. Bounds: one request at a time; what is pipelined waits in the socket. Errors: an HTTP
// status, a counter, and the connection is closed.
#pragma once

#include "server/net/http_reader.h"
#include "server/net/link.h"

#include <memory>
#include <string>

namespace waaft::net {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    explicit HttpConnection(std::shared_ptr<Link> link);
    void start();

private:
    class Answer;
    using Step = void (HttpConnection::*)();

    void wait_then(Step step);
    // The same for a step before it is established.
    void wait_as_newcomer(Step step);
    void on_first_byte();
    void start_tls();
    void on_handshake();
    void start_http();
    void on_readable();
    void pump();
    bool pump_once();
    void dispatch();
    void upgrade(Request request);
    bool admit_client(const Request& request);
    bool must_redirect(const Request& request) const;
    Response redirect(const Request& request) const;
    void fill_peer(Request& request);
    void respond(Response response);
    void refuse(unsigned status, std::string_view text);
    void write(const Response& response);

    std::shared_ptr<Link> link_;
    HttpReader reader_;
    std::string in_;  // bytes that no request has taken yet
    std::string forwarded_proto_;
    bool forwarded_host_ = false;
    bool overdue_ = false;  // since the last request
    bool keep_alive_ = true;
    bool head_ = false;
    bool pumping_ = false;
    bool answering_ = false;  // a request is with the handler
};

}  // namespace waaft::net
