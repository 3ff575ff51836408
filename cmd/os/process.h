// Runs other programs: arguments as a list (never a shell), bounded output, a time limit, and an end
// to the whole process group when the user presses Ctrl-C.
//
// Thread: the caller's, which waits. Ownership: values; a Child is ended (SIGTERM, after 2 s SIGKILL,
// its process group with it) and waited for when it goes out of scope; a program that we cannot end any more, as we
// were killed or the thread that started it has ended, gets SIGTERM from the kernel. Units: bytes. Bounds:
// output_max for each stream; what is over is dropped from the front and `truncated` says so.
// Errors: process_not_found (`where` names the program), process_start, process_timeout, and what
// Interrupt::error() says. A program that ran and failed is no Error: see exit_code and signal.
// No secret belongs into argv: errors show it. Source: PR_SET_PDEATHSIG(2const), pidfd_open(2), poll(2).
#pragma once

#include "cmd/os/interrupt.h"
#include "cmd/os/lines.h"
#include "server/base/result.h"
#include "server/base/time.h"

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::os {

struct ProcessSpec {
    std::vector<std::string> argv;                   // argv[0] is looked up in PATH
    std::optional<std::string> input;                // its standard input; none: /dev/null
    std::map<std::string, std::string> environment;  // in addition to this process's own
    std::string directory;                           // empty: the current one
    Duration timeout = Duration::zero();             // of run(); zero: none
    OnLine on_out;
    OnLine on_err;
    std::size_t output_max = 32 * 1024 * 1024;
};

struct ProcessResult {
    int exit_code = 0;  // 128 + signal if it was killed, as in a shell
    int signal = 0;
    std::string out;
    std::string err;
    bool truncated = false;
    Duration elapsed{};
    bool ok() const { return exit_code == 0; }
};

// `interrupt` may be null: then the program stays in our process group, so that Ctrl-C ends both as the
// terminal has it, and only the program itself is ended at a timeout.
Result<ProcessResult> run(const ProcessSpec& spec, const Interrupt* interrupt);

// The absolute path of a program; empty if PATH has none.
std::string find_program(std::string_view name);

// The argv as a person would type it, quoted for a POSIX shell.
std::string shown(const std::vector<std::string>& argv);

// A program that goes on beside ours, such as `kubectl proxy` or a watch.
class Child {
public:
    static Result<std::unique_ptr<Child>> start(const ProcessSpec& spec);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Delivers lines to on_out and on_err until `until` or until one line or more were delivered, it
    // ended, or an interrupt; false: it has ended and everything was delivered.
    bool read_lines(TimePoint until, const Interrupt* interrupt);
    // Valid once read_lines() said false.
    const ProcessResult& result() const;
    pid_t pid() const;

private:
    friend Result<ProcessResult> run(const ProcessSpec& spec, const Interrupt* interrupt);
    struct State;
    explicit Child(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace waaft::os
