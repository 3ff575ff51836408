// TURN credentials for a member: time-limited HMAC ones or the long-term ones that were configured.
//
// Thread: any. Ownership: values. Units: UnixMs, ttl in milliseconds.
// Source: draft-uberti-behave-turn-rest-00 (username = "expiry-seconds:user", base64(HMAC-SHA1)).
#pragma once

#include "server/base/time.h"

#include <string>
#include <string_view>

namespace waaft::auth {

struct TurnCredential {
    std::string username;
    std::string password;
};
TurnCredential turn_rest_credential(std::string_view secret, std::string_view user, UnixMs now, UnixMs ttl_ms);

}  // namespace waaft::auth
