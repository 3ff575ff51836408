// What of sound and pictures is on the air, as both directions of the wire say it.
//
// Thread: any. Ownership: values. Errors: none. Source: PROTOCOL.md.
#pragma once

#include "server/signaling/json_writer.h"
#include "server/signaling/messages.h"

namespace waaft::signaling {

inline void write_live(JsonWriter& json, const Live& live) {
    json.flag("mic", live.mic);
    json.flag("cam", live.cam);
    json.flag("screen", live.screen);
}

}  // namespace waaft::signaling
