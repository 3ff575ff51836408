// Whether the deployed server serves people from outside: page, WebSocket, chat, UDP on its public address.
//
// Thread: main; waits. Ownership: borrows the Work. Errors: what keeps us from asking the cluster, interrupted; a proof
// that failed is in the answer. `automatic`: that this machine cannot connect there at all is no failure, because the
// way from here may be closed while people come in.
#pragma once

#include "cmd/deploy/watch.h"
#include "cmd/load/prove.h"
#include "cmd/project/project.h"

#include <cstdint>
#include <optional>

namespace waaft::deploy {

enum class ProbeMode : std::uint8_t { automatic, require, off };

struct Proven {
    load::Proof proof;
    bool asked = false;
    bool failed = false;
};

// `address` is that of the Service with UDP.
Result<Proven> prove_outside(Work& work, const project::Project& project, const std::string& address, ProbeMode mode);

kube::Cause cause_of(const Proven& proven, const std::string& name);
boost::json::object to_json(const Proven& proven);

}  // namespace waaft::deploy
