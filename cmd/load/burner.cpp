#include "cmd/load/burner.h"

#include "cmd/load/process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <system_error>

namespace waaft::load {
namespace {

[[noreturn]] void burn(int core, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    close_range(STDERR_FILENO + 1, UINT_MAX, 0);  // the parent's connections end when it closes them
    if (core >= 0) pin_to_core(0, static_cast<unsigned>(core));
    alarm(static_cast<unsigned>(Burner::burn_max.count()));
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

}  // namespace

Burner::Burner(int core) {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) burn(core, parent);
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

Burner::~Burner() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

}  // namespace waaft::load
