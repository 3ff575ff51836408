// A WebSocket: Beast reads and speaks the closing handshake, Link writes. Internal to server/net.
//
// Thread: the shard's. Ownership: held by its pending read. Bounds: Limits::message_max,
// send_queue_max. Errors: ClosedBy and a close code. Source: RFC 6455.
#pragma once

#include "server/net/link.h"

#include <memory>

namespace waaft::net {

// Answers the handshake in `request`, then tells the handler. If the connection ends before that
// the handler is destroyed without a call.
void start_websocket(std::shared_ptr<Link> link, Request request, Handler::Upgrade upgrade);

}  // namespace waaft::net
