// HTTP/1.1 requests out of bytes: Beast's parser, our limits, our Request. Sans-IO, internal.
//
// Thread: one. Ownership: the bytes fed are only read during the call. Bounds: Limits::header_max
// and body_max. Errors: Step::status, the status to answer with before the connection is closed.
// Sources: RFC 9112 (framing; 6.1: Content-Length beside Transfer-Encoding), RFC 9110 (Host, 100).
#pragma once

#include "server/net/server.h"

#include <memory>
#include <optional>
#include <string_view>

namespace waaft::net {

class HttpReader {
public:
    explicit HttpReader(const Limits& limits);
    ~HttpReader();

    enum class Outcome : std::uint8_t { need_more, request, error };
    struct Step {
        Outcome outcome = Outcome::need_more;
        std::size_t consumed = 0;    // bytes that are not to be fed again
        unsigned status = 0;         // of an error
        bool send_continue = false;  // once: the client waits for 100 (Continue)
    };
    // Feed all bytes that are not yet consumed, and again with more.
    Step feed(std::string_view bytes);

    // After Outcome::request; the reader then starts afresh. `peer` is left to the caller.
    struct Whole {
        Request request;
        bool keep_alive = false;
        bool upgrade = false;  // asks for a WebSocket (Upgrade: websocket)
    };
    Whole take();
    // Nothing of a request has arrived yet.
    bool idle() const { return !begun_; }

private:
    struct Parser;
    void restart();
    static Step& refused(Step& step, unsigned status);
    bool put(std::string_view bytes, Step& step);
    bool take_header(std::string_view bytes, Step& step);
    std::size_t field_count() const;
    bool header_too_long(std::string_view rest) const;
    unsigned check_header() const;

    Limits limits_;
    std::unique_ptr<Parser> parser_;
    bool begun_ = false;
    std::size_t header_consumed_ = 0;  // bytes of the header that the parser has taken
    std::size_t header_fields_ = 0;    // fields of the header, without trailers
};

// The header of an answer. `close`: this is the last on the connection.
std::string response_header(const Response& response, bool close);
std::string_view reason_phrase(unsigned status);

// Percent-decoding; nullopt for a broken escape or a control character.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
// host[:port] as a URL may have it; what else stands in Host is refused.
bool is_host(std::string_view text);
// "example.org" of "example.org:443", "[::1]" of "[::1]:443".
std::string_view host_without_port(std::string_view host);

}  // namespace waaft::net
