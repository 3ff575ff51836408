// The server that is killed and started again: a process of this machine, or whatever two commands do.
//
// Thread: main. Ownership: the process ends with it. Errors: Error when a command or the server fails
// by itself. Neither kill() nor start() waits: clients knock meanwhile.
#pragma once

#include "cmd/load/process.h"
#include "server/base/result.h"

#include <memory>
#include <string>

namespace waaft::history {

class Deployment {
public:
    virtual ~Deployment() = default;
    virtual std::string url() const = 0;
    virtual Result<void> kill() = 0;
    virtual Result<void> start() = 0;
    // It stands still (SIGSTOP) until it may go on.
    virtual Result<void> pause(bool on) = 0;
    // An error if it ended though nobody killed it.
    virtual Result<void> look() = 0;
};

// `program serve`, on a free port and with a data directory of its own.
Result<std::unique_ptr<Deployment>> own_deployment(const std::string& program);
// A server at `url`; the commands are for sh(1).
std::unique_ptr<Deployment> commanded_deployment(std::string url, std::string kill, std::string start);

}  // namespace waaft::history
