// Waits until a port takes connections.
//
// Thread: the caller's, which waits. Ownership: none. Units: in the types. Errors: usage_await for a text that is no
// HOST:PORT; await_timeout, with what the last attempt said. Bounds: one connection at a time, closed at once.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"

#include <string>

namespace waaft::pod {

// `place`: "host:port".
Result<void> await_listener(const std::string& place, Duration patience);

}  // namespace waaft::pod
