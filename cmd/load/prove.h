// Joins a server once, as a visitor from outside would: page, WebSocket, a chat message and its echo, STUN over UDP.
//
// Thread: one; waits, at most about a minute. Ownership: values. Units: none. Errors: Proof::failure, one sentence;
// a server that cannot be connected to at all is told apart, because the way there may be closed to this machine
// alone. Leaves a room behind that goes by itself. Source: PROTOCOL.md, RFC 8489.
#pragma once

#include "cmd/load/tls_client.h"

#include <cstdint>
#include <functional>
#include <string>

namespace waaft::load {

struct ProveOptions {
    std::string url;  // "https://203.0.113.10"
    TlsOptions tls;
    std::string udp_host;  // an address; empty: UDP is not asked
    std::uint16_t udp_port = 3000;
    std::function<bool()> stop;  // asked now and then; true ends it
};

struct Proof {
    bool connected = false;  // to our server: TCP, and a certificate that is trusted
    bool page = false;
    bool websocket = false;
    bool chat = false;  // stays false without a failure where only keys make rooms
    bool udp = false;
    std::string failure;  // empty: all that was asked is proven
};

Proof prove(const ProveOptions& options);

}  // namespace waaft::load
