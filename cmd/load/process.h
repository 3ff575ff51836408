// A server process of one's own, started from this program's file or another, and what a process uses.
//
// Thread: main. Ownership: a Server is killed (SIGKILL) and waited for when it goes out of scope.
// Units: seconds of CPU time (user and system), bytes of resident memory. Errors: Error{"server_start"}
// with the last lines of its log. Source: proc(5), clock_getcpuclockid(3).
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace waaft::load {

// Of all threads since the start; 0 when there is no such process.
double cpu_seconds(pid_t pid);
std::uint64_t resident_bytes(pid_t pid);

// Binds this process to one core; false where that is not permitted.
bool pin_to_core(pid_t pid, unsigned core);

// The last lines of a file, for an error's hint.
std::string tail_of(const std::string& file);

class Server {
public:
    struct Options {
        std::string program;
        std::vector<std::string> arguments;  // "serve", ...
        std::string log_file;                // takes its standard error
        int core = -1;                       // which it may use; -1: all
        Duration timeout = std::chrono::seconds(20);
    };
    // Waits until it says on which ports it serves.
    static Result<std::unique_ptr<Server>> start(const Options& options);
    // Does not wait; port() and ops_port() stay 0.
    static Result<std::unique_ptr<Server>> launch(const Options& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    pid_t pid() const { return pid_; }
    std::uint16_t port() const { return port_; }
    std::uint16_t ops_port() const { return ops_port_; }
    // It ended by itself.
    bool has_ended();
    // Sends the signal and waits for the end; SIGKILL follows after `timeout`. Answers wait(2)'s status.
    int stop(int signal, Duration timeout = std::chrono::seconds(10));

private:
    Server() = default;
    bool read_ports(const std::string& log_file);

    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
    std::uint16_t ops_port_ = 0;
};

// A folder below the system's for temporary files, removed with all its contents.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace waaft::load
