// What two members say to each other to make a peer connection: checked, and copied field by field.
//
// Thread: any, no state. Ownership: values. Units: bytes. Errors: go to the fields' problem.
// Source: PROTOCOL.md `signal`; W3C webrtc-pc, RTCSessionDescriptionInit and RTCIceCandidateInit.
#pragma once

#include "server/signaling/json_fields.h"

#include <string>

namespace waaft::signaling {

// The known fields of a `signal` as a JSON object, without "t", "to" and "from".
std::string read_signal_payload(JsonFields& message, JsonFields::Problem& problem);

}  // namespace waaft::signaling
