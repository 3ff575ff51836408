// The few REST calls that a load needs.
//
// Thread: any; waits for the answer, 10 s at most. Ownership: values. Errors: Error{"rest"} with what
// the server said. Source: server/app/openapi.json.
#pragma once

#include "cmd/load/endpoint.h"
#include "cmd/load/tls_client.h"

#include <cstdint>
#include <string>

namespace waaft::load {

struct Rest {
    Endpoint endpoint;
    std::string key;  // API key; empty: the Origin suffices
    TlsOptions tls;
};

// A new call with a name of the server's choice; answers the name. `members_max` 0: the server's limit.
Result<std::string> create_room(const Rest& rest, std::uint32_t members_max = 0);

// The status of GET `path` of a plain listener on this machine, 0 if there is no answer.
int get_status(std::uint16_t port, const std::string& path);
// The body of GET `path` of a plain listener on this machine, empty if there is no answer.
std::string get_body(std::uint16_t port, const std::string& path);

}  // namespace waaft::load
