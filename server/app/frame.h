// A message as the WebSocket frame that all its readers share.
//
// Thread: any. Ownership: shared and never changed. Errors: none.
#pragma once

#include "server/base/bytes.h"
#include "server/net/server.h"
#include "server/signaling/codec.h"

#include <memory>
#include <string>

namespace waaft::app {

inline SharedBytes frame_of(const signaling::ServerMessage& message) {
    return std::make_shared<const std::string>(net::text_frame(signaling::encode(message)));
}

}  // namespace waaft::app
