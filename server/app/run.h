// `waaft serve`: makes the services, the shards and the ops listener, and runs until a signal.
//
// Thread: the main thread; blocks SIGINT, SIGTERM, SIGHUP and waits for them. Ownership: owns all
// of the server while it runs. Errors: printed by the caller; the exit code is the house's
// (0 after SIGINT or SIGTERM, 2 for a configuration that cannot work, 130/143 after a second signal).
#pragma once

#include "server/app/build_info.h"
#include "server/app/config.h"
#include "server/base/result.h"

namespace waaft::app {

// Returns when the server has stopped; an Error if it could not start.
Result<void> run_server(const Config& config, const BuildInfo& build);

}  // namespace waaft::app
