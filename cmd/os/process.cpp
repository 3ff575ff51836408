#include "cmd/os/process.h"

#include "cmd/os/descriptor.h"
#include "cmd/os/live_groups.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace waaft::os {
namespace {

constexpr std::chrono::seconds until_killed{2};
constexpr std::size_t read_size = 64 * 1024;
constexpr std::chrono::milliseconds look_again{20};

Error start_error(const ProcessSpec& spec, int number) {
    return {"process_start", "the program could not be started: " + std::generic_category().message(number),
            shown(spec.argv), spec.directory.empty() ? "" : "is there a folder " + spec.directory + "?"};
}

// A file in memory rather than a pipe: it never blocks, and its reader may end early.
Descriptor input_of(const ProcessSpec& spec) {
    if (!spec.input) return Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    Descriptor file(memfd_create("input", MFD_CLOEXEC));
    std::string_view rest = *spec.input;
    while (file.is_open() && !rest.empty()) {
        const auto written = write(file.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return Descriptor();
        rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    if (file.is_open() && lseek(file.get(), 0, SEEK_SET) != 0) return Descriptor();
    return file;
}

std::vector<std::string> environment_of(const ProcessSpec& spec) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (!spec.environment.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
    }
    for (const auto& [name, value] : spec.environment) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

using Streams = std::array<int, 3>;  // what becomes its stdin, stdout and stderr

// What another process becomes.
struct Image {
    const char* program;
    std::vector<char*> argv;
    std::vector<char*> environment;
    const std::string& directory;
    bool own_group;
    pid_t parent;
};

bool prepare(const Image& image, const Streams& streams) {
    // A parent that is killed or whose terminal is closed cannot end us.
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return false;
    if (getppid() != image.parent) _exit(128 + SIGTERM);  // it went before we asked
    if (image.own_group && setpgid(0, 0) != 0) return false;
    for (int fd = 0; fd < static_cast<int>(streams.size()); ++fd) {
        if (dup2(streams[static_cast<std::size_t>(fd)], fd) < 0) return false;
    }
    if (!image.directory.empty() && chdir(image.directory.c_str()) != 0) return false;
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &plain, nullptr);
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

// In the forked process: only what signal-safety(7) permits, since another thread may have held any lock.
[[noreturn]] void become(const Image& image, const Streams& streams, int tell) {
    if (prepare(image, streams)) execve(image.program, image.argv.data(), image.environment.data());
    const int number = errno;
    [[maybe_unused]] const auto written = write(tell, &number, sizeof number);
    _exit(127);
}

// One stream of the program: what is kept of it, and its lines.
struct Stream {
    Descriptor fd;
    std::string kept;
    std::size_t max = 0;
    bool truncated = false;
    LineCutter lines{nullptr};

    // Reads what is there; answers how many lines were delivered.
    std::size_t read_some() {
        std::array<char, read_size> buffer;
        const auto size = read(fd.get(), buffer.data(), buffer.size());
        if (size > 0) {
            const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
            kept += bytes;
            if (kept.size() > max + std::max(read_size, max / 8)) trim();
            return lines.add(bytes);
        }
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        return finish();
    }
    // What the program itself wrote is in the pipe when it has ended; its own children may go on writing.
    std::size_t drain() {
        std::size_t delivered = 0;
        for (pollfd ready{fd.get(), POLLIN, 0}; fd.is_open() && poll(&ready, 1, 0) == 1;) delivered += read_some();
        return delivered + (fd.is_open() ? finish() : 0);
    }
    std::size_t finish() {
        fd.reset();
        trim();
        return lines.finish();
    }
    void trim() {
        if (kept.size() <= max) return;
        kept.erase(0, kept.size() - max);
        truncated = true;
    }
};

bool runs(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

int milliseconds_until(TimePoint when) {
    if (when == TimePoint::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

std::string last_line(std::string_view text) {
    constexpr std::size_t shown_max = 300;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    const auto begin = text.find_last_of("\r\n");
    return std::string(text.substr(begin == std::string_view::npos ? 0 : begin + 1).substr(0, shown_max));
}

Error timeout_error(const ProcessSpec& spec, const ProcessResult& result) {
    const auto seconds = std::chrono::duration_cast<std::chrono::duration<double>>(spec.timeout).count();
    std::string what = spec.argv.front() + " did not end within " + std::to_string(seconds).substr(0, 5) + " s";
    if (const auto said = last_line(result.err); !said.empty()) what += "; it said last: " + said;
    return {"process_timeout", what, shown(spec.argv), {}};
}

}  // namespace

struct Child::State {
    pid_t pid = -1;
    bool own_group = true;
    std::optional<LiveGroup> group;
    // Tells its end; none before Linux 5.3 and in containers that permit no pidfd: then it is asked.
    Descriptor process;
    Stream out;
    Stream err;
    TimePoint started;
    ProcessResult result;
    bool ending = false;
    bool ended = false;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { end(); }

    Result<void> start(const ProcessSpec& spec, bool group_of_its_own);
    int spawn(const ProcessSpec& spec, const std::string& program, const Streams& streams);
    std::size_t step(TimePoint until, const Interrupt* interrupt);
    bool has_ended() const;
    std::size_t collect();
    void send(int number) const { kill(own_group ? -pid : pid, number); }
    void end();
};

// fork and not posix_spawn: the program shall end with us however we end, and only it can ask for that.
int Child::State::spawn(const ProcessSpec& spec, const std::string& program, const Streams& streams) {
    auto words = spec.argv;
    auto variables = environment_of(spec);
    const Image image{program.c_str(), pointers(words), pointers(variables), spec.directory, own_group, getpid()};
    std::array<int, 2> failed{-1, -1};
    if (pipe2(failed.data(), O_CLOEXEC) != 0) return errno;
    const Descriptor told(failed[0]);
    Descriptor tell(failed[1]);
    pid = fork();
    if (pid < 0) return errno;
    if (pid == 0) become(image, streams, tell.get());
    if (own_group) setpgid(pid, pid);  // whoever of the two comes first: from here on it can be killed as a group
    tell.reset();
    int number = 0;
    ssize_t size = 0;
    do size = read(told.get(), &number, sizeof number);
    while (size < 0 && errno == EINTR);
    if (size != sizeof number) return 0;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return number;
}

Result<void> Child::State::start(const ProcessSpec& spec, bool group_of_its_own) {
    const auto program = spec.argv.empty() ? std::string() : find_program(spec.argv.front());
    if (program.empty()) {
        const std::string name = spec.argv.empty() ? "" : spec.argv.front();
        return Error{"process_not_found", "there is no program \"" + name + "\" in PATH", name,
                     "install " + name + ", or add its folder to PATH"};
    }
    own_group = group_of_its_own;
    const auto in = input_of(spec);
    std::array<int, 2> out_pipe{-1, -1};
    std::array<int, 2> err_pipe{-1, -1};
    const bool piped = pipe2(out_pipe.data(), O_CLOEXEC) == 0 && pipe2(err_pipe.data(), O_CLOEXEC) == 0;
    out = {.fd = Descriptor(out_pipe[0]), .kept = {}, .max = spec.output_max, .lines = LineCutter(spec.on_out)};
    err = {.fd = Descriptor(err_pipe[0]), .kept = {}, .max = spec.output_max, .lines = LineCutter(spec.on_err)};
    const Descriptor out_end(out_pipe[1]);
    const Descriptor err_end(err_pipe[1]);
    if (!piped || !in.is_open()) return start_error(spec, errno);
    started = Clock::now();
    if (const int number = spawn(spec, program, {in.get(), out_end.get(), err_end.get()}); number != 0) {
        pid = -1;
        return start_error(spec, number);
    }
    if (own_group) group.emplace(pid);
    process = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // glibc 2.36 declares no C linkage
    return {};
}

// Its number stays ours: the status is taken by collect().
bool Child::State::has_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

// Waits for output, the end, an interrupt or `until`; answers how many lines were delivered.
std::size_t Child::State::step(TimePoint until, const Interrupt* interrupt) {
    std::array<pollfd, 4> waits{{{out.fd.get(), POLLIN, 0},
                                 {err.fd.get(), POLLIN, 0},
                                 {process.get(), POLLIN, 0},
                                 {interrupt == nullptr ? -1 : interrupt->fd(), POLLIN, 0}}};
    const bool asked = !process.is_open();
    if (asked) until = std::min(until, Clock::now() + look_again);
    const int ready = poll(waits.data(), waits.size(), milliseconds_until(until));
    std::size_t delivered = 0;
    if (asked && ready >= 0 && has_ended()) return collect();
    if (ready <= 0) return 0;
    if (waits[0].revents != 0) delivered += out.read_some();
    if (waits[1].revents != 0) delivered += err.read_some();
    if (waits[2].revents != 0) delivered += collect();
    return delivered;
}

// It has ended: takes the rest of its output and its status.
std::size_t Child::State::collect() {
    const auto delivered = out.drain() + err.drain();
    // What it left of its group was told to end together with it; its number is ours until waitpid.
    if (ending && own_group) send(SIGKILL);
    group.reset();
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    ended = true;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.exit_code = result.signal != 0 ? 128 + result.signal : WEXITSTATUS(status);
    result.out = std::move(out.kept);
    result.err = std::move(err.kept);
    result.truncated = out.truncated || err.truncated;
    result.elapsed = Clock::now() - started;
    return delivered;
}

void Child::State::end() {
    if (pid <= 0 || ended) return;
    ending = true;
    out.lines = LineCutter(nullptr);  // nobody is listening any more
    err.lines = LineCutter(nullptr);
    send(SIGTERM);
    const auto killed = Clock::now() + until_killed;
    while (!ended && Clock::now() < killed) step(killed, nullptr);
    if (ended) return;
    send(SIGKILL);
    collect();
}

Result<ProcessResult> run(const ProcessSpec& spec, const Interrupt* interrupt) {
    if (interrupt != nullptr && interrupt->raised()) return interrupt->error();
    const auto give_up = spec.timeout > Duration::zero() ? Clock::now() + spec.timeout : TimePoint::max();
    Child::State state;
    if (auto started = state.start(spec, interrupt != nullptr); !started) return started.error();
    while (!state.ended) {
        state.step(give_up, interrupt);
        if (state.ended) break;
        const bool interrupted = interrupt != nullptr && interrupt->raised();
        if (!interrupted && Clock::now() < give_up) continue;
        state.end();
        return interrupted ? interrupt->error() : timeout_error(spec, state.result);
    }
    return std::move(state.result);
}

std::string find_program(std::string_view name) {
    if (name.find('/') != std::string_view::npos) return runs(std::string(name)) ? std::string(name) : std::string();
    const char* const variable = std::getenv("PATH");
    std::string_view path = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
    while (!name.empty() && !path.empty()) {
        const auto end = std::min(path.find(':'), path.size());
        const auto folder = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (!folder.starts_with('/')) continue;  // what lies in the current folder is not meant
        const auto candidate = std::string(folder) + "/" + std::string(name);
        if (runs(candidate)) return candidate;
    }
    return {};
}

std::string shown(const std::vector<std::string>& argv) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    std::string text;
    for (const auto& word : argv) {
        if (!text.empty()) text += ' ';
        if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
            text += word;
            continue;
        }
        text += '\'';
        for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
        text += '\'';
    }
    return text;
}

Child::Child(std::unique_ptr<State> state) : state_(std::move(state)) {}
Child::~Child() = default;

Result<std::unique_ptr<Child>> Child::start(const ProcessSpec& spec) {
    auto state = std::make_unique<State>();
    if (auto started = state->start(spec, true); !started) return started.error();
    return std::unique_ptr<Child>(new Child(std::move(state)));
}

bool Child::read_lines(TimePoint until, const Interrupt* interrupt) {
    while (!state_->ended) {
        if (interrupt != nullptr && interrupt->raised()) return true;
        if (state_->step(until, interrupt) > 0) return true;
        if (!state_->ended && Clock::now() >= until) return true;
    }
    return false;
}

const ProcessResult& Child::result() const { return state_->result; }
pid_t Child::pid() const { return state_->pid; }

}  // namespace waaft::os
