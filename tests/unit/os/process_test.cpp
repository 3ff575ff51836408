#include "cmd/os/process.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>
#include <utility>

using namespace std::chrono_literals;
using waaft::Clock;
using waaft::os::Child;
using waaft::os::Interrupt;
using waaft::os::ProcessSpec;
using waaft::os::run;

namespace {

ProcessSpec shell(const std::string& script) {
    ProcessSpec spec;
    spec.argv = {"sh", "-c", script};
    return spec;
}

// Whether the process goes on; a zombie does not.
bool runs(pid_t pid) {
    const auto stat = waaft::testing::read_file("/proc/" + std::to_string(pid) + "/stat");
    const auto name_end = stat.rfind(')');
    return name_end != std::string::npos && stat.size() > name_end + 2 && stat[name_end + 2] != 'Z';
}

bool ends_soon(pid_t pid) {
    for (const auto give_up = Clock::now() + 60s; Clock::now() < give_up; std::this_thread::sleep_for(5ms)) {
        if (!runs(pid)) return true;
    }
    return false;
}

// Makes this process one of a kernel before 5.3.
bool forget_pidfds() {
    std::array<sock_filter, 4> steps{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program{steps.size(), steps.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Answers which step went wrong, 0: none.
int run_without_pidfds() {
    if (!forget_pidfds()) return 1;
    const Interrupt interrupt;
    const auto ran = run(shell("echo out; sleep 0.1; echo err >&2; exit 3"), &interrupt);
    if (!ran || ran->exit_code != 3 || ran->out != "out\n" || ran->err != "err\n") return 2;
    auto endless = shell("trap '' TERM; while :; do sleep 1; done");
    endless.timeout = 100ms;
    const auto late = run(endless, &interrupt);
    return !late && late.error().code == "process_timeout" ? 0 : 3;
}

}  // namespace

TEST_CASE("an old kernel, that has no pidfd, is asked whether a program has ended") {
    const pid_t pid = fork();
    if (pid == 0) _exit(run_without_pidfds());
    int status = -1;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(WIFEXITED(status));
}

TEST_CASE("a program's output, error output and exit code come back apart") {
    const auto result = run(shell("printf out; printf err >&2; exit 3"), nullptr);
    REQUIRE(result.has_value());
    CHECK(result->out == "out");
    CHECK(result->err == "err");
    CHECK(result->exit_code == 3);
    CHECK_FALSE(result->ok());
    CHECK(result->elapsed > 0s);
}

TEST_CASE("a killed program has the exit code of a shell") {
    const auto result = run(shell("kill -9 $$"), nullptr);
    REQUIRE(result.has_value());
    CHECK(result->exit_code == 137);
    CHECK(result->signal == SIGKILL);
}

TEST_CASE("what cannot be started is an error that says what to do") {
    ProcessSpec missing;
    missing.argv = {"waaft-no-such-program", "x"};
    const auto result = run(missing, nullptr);
    REQUIRE(result.has_error());
    CHECK(result.error().code == "process_not_found");
    CHECK(result.error().where == "waaft-no-such-program");
    CHECK(result.error().hint.find("PATH") != std::string::npos);

    auto nowhere = shell("true");
    nowhere.directory = "/no/such/folder";
    CHECK(run(nowhere, nullptr).error().code == "process_start");
    CHECK(run(ProcessSpec{}, nullptr).error().code == "process_not_found");
}

TEST_CASE("input larger than a pipe reaches the program, and one that does not read it ends well") {
    ProcessSpec spec;
    spec.argv = {"cat"};
    spec.input = std::string(1 << 20, 'x') + "end";
    CHECK(run(spec, nullptr).value().out == *spec.input);
    spec.argv = {"true"};
    CHECK(run(spec, nullptr).value().ok());
    spec.argv = {"cat"};
    spec.input.reset();
    CHECK(run(spec, nullptr).value().out.empty());
}

TEST_CASE("environment and directory are the program's") {
    const waaft::testing::TemporaryDirectory folder;
    auto spec = shell("pwd; echo \"$HOME $WAAFT_TEST\"");
    spec.directory = folder.path().string();
    spec.environment = {{"HOME", "/elsewhere"}, {"WAAFT_TEST", "a b"}};
    CHECK(run(spec, nullptr).value().out == folder.path().string() + "\n/elsewhere a b\n");
}

TEST_CASE("output is bounded: the end is kept") {
    auto spec = shell("head -c 3000000 /dev/zero | tr '\\0' a; printf last; printf short >&2");
    spec.output_max = 1000;
    const auto result = run(spec, nullptr).value();
    CHECK(result.out == std::string(996, 'a') + "last");
    CHECK(result.err == "short");
    CHECK(result.truncated);
    spec.argv.back() = "printf 123";
    CHECK_FALSE(run(spec, nullptr).value().truncated);
}

TEST_CASE("lines arrive while the program runs, whatever pieces they come in") {
    std::vector<std::string> lines;
    auto spec = shell("printf 'on'; sleep 0.05; printf 'e\\r'; sleep 0.05; printf '\\ntwo\\rthree\\n\\nrest'");
    spec.on_out = [&lines](std::string_view line) { lines.emplace_back(line); };
    REQUIRE(run(spec, nullptr).value().ok());
    CHECK(lines == std::vector<std::string>{"one", "two", "three", "", "rest"});

    lines.clear();
    spec.argv.back() = "head -c 100000 /dev/zero | tr '\\0' a";
    REQUIRE(run(spec, nullptr).value().ok());
    CHECK((lines.size() == 2 && lines[0].size() == waaft::os::LineCutter::line_max));
}

TEST_CASE("a time limit ends the program and all of its group") {
    const Interrupt interrupt;
    auto spec = shell("echo $$ >&2; sleep 600 & echo $! >&2; wait");
    std::vector<pid_t> pids;
    spec.on_err = [&pids](std::string_view line) { pids.push_back(std::stoi(std::string(line))); };
    // Until a limit is long enough for a busy machine to start both.
    for (int ms = 200; pids.size() < 2; ms *= 2) {
        for (const pid_t pid : std::exchange(pids, {})) CHECK(ends_soon(pid));
        spec.timeout = std::chrono::milliseconds(ms);
        const auto result = run(spec, &interrupt);
        REQUIRE(result.has_error());
        CHECK(result.error().code == "process_timeout");
        const std::string what = "sh did not end within " + std::to_string(ms / 1000.0).substr(0, 5) + " s";
        CHECK(result.error().what.find(what + (pids.empty() ? "" : "; it said last: ")) == 0);
    }
    CHECK(ends_soon(pids[0]));
    CHECK(ends_soon(pids[1]));
}

TEST_CASE("who ignores SIGTERM is killed two seconds later") {
    auto spec = shell("trap '' TERM; echo up; while :; do sleep 0.1; done");
    spec.timeout = 100ms;
    const Interrupt interrupt;
    const auto begin = Clock::now();
    CHECK(run(spec, &interrupt).error().code == "process_timeout");
    CHECK(Clock::now() - begin >= 2s);
    CHECK(Clock::now() - begin < 4s);
}

TEST_CASE("without an interrupt the program shares our group and a timeout ends it alone") {
    auto spec = shell("ps -o pgid= -p $$ | tr -d ' '");
    CHECK(run(spec, nullptr).value().out == std::to_string(getpgrp()) + "\n");
    spec.argv = {"sleep", "60"};
    spec.timeout = 100ms;
    CHECK(run(spec, nullptr).error().code == "process_timeout");
}

TEST_CASE("a program that leaves something behind does not keep us waiting") {
    const auto result = run(shell("sleep 600 & echo $!"), nullptr).value();
    const pid_t left = std::stoi(result.out);
    CHECK(runs(left));
    kill(left, SIGKILL);
}

TEST_CASE("an interrupt ends the program, its group, and every run after it") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const Interrupt interrupt;
        CHECK_FALSE(interrupt.raised());
        pid_t sleeper = 0;
        auto spec = shell("sleep 600 & echo $!; wait");
        spec.on_out = [&sleeper, number](std::string_view line) {
            sleeper = std::stoi(std::string(line));
            raise(number);
        };
        const auto result = run(spec, &interrupt);
        REQUIRE(result.has_error());
        CHECK(result.error().code == (number == SIGINT ? "interrupted" : "terminated"));
        CHECK(waaft::os::is_interrupt(result.error()));
        CHECK(interrupt.signal() == number);
        CHECK(ends_soon(sleeper));
        CHECK(run(shell("true"), &interrupt).has_error());
    }
}

TEST_CASE("the second signal ends the process and kills what it runs") {
    const waaft::testing::TemporaryDirectory folder;
    const auto pid_file = folder.file("pid");
    const pid_t child = fork();
    if (child == 0) {
        const Interrupt interrupt;
        auto spec = shell("trap '' TERM INT; echo $$ >" + pid_file + "; echo up; while :; do sleep 0.1; done");
        spec.on_out = [](std::string_view) {
            raise(SIGINT);
            raise(SIGTERM);
        };
        static_cast<void>(run(spec, &interrupt));
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
    CHECK(ends_soon(std::stoi(waaft::testing::read_file(pid_file))));
}

TEST_CASE("nohup is heeded") {
    REQUIRE(std::signal(SIGHUP, SIG_IGN) != SIG_ERR);
    {
        const Interrupt interrupt;
        raise(SIGHUP);
        CHECK_FALSE(interrupt.raised());
    }
    CHECK(std::signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

TEST_CASE("what runs for a process ends with it, however that ends") {
    for (const int number : {SIGKILL, SIGSEGV}) {
        const waaft::testing::TemporaryDirectory folder;
        const auto pid_file = folder.file("pid");
        const pid_t parent = fork();
        if (parent == 0) {
            auto spec = shell("echo $$ >" + pid_file + "; echo up; while :; do sleep 0.1; done");
            spec.on_out = [number](std::string_view) {
                std::signal(number, SIG_DFL);
                kill(getpid(), number);
            };
            const auto child = Child::start(spec);
            while (child && (*child)->read_lines(Clock::now() + 60s, nullptr)) {
            }
            _exit(0);
        }
        int status = 0;
        REQUIRE(waitpid(parent, &status, 0) == parent);
        CHECK(WIFSIGNALED(status));
        CHECK(ends_soon(std::stoi(waaft::testing::read_file(pid_file))));
    }
}

TEST_CASE("a child goes on beside us, line by line") {
    std::string line;
    auto spec = shell("for i in 1 2; do echo $i; sleep 0.1; done; exit 4");
    spec.on_out = [&line](std::string_view text) { line = text; };
    auto child = Child::start(spec).value();
    const auto soon = [] { return Clock::now() + 5s; };
    CHECK(child->read_lines(soon(), nullptr));
    CHECK(line == "1");
    CHECK(child->read_lines(Clock::now(), nullptr));
    CHECK(line == "1");
    CHECK(child->read_lines(soon(), nullptr));
    CHECK(line == "2");
    CHECK_FALSE(child->read_lines(soon(), nullptr));
    CHECK(child->result().exit_code == 4);
    CHECK(child->result().out == "1\n2\n");
}

TEST_CASE("a child is ended when it goes out of scope") {
    pid_t pid = 0;
    {
        auto child = Child::start(shell("sleep 60")).value();
        pid = child->pid();
        CHECK(runs(pid));
    }
    CHECK_FALSE(runs(pid));
    ProcessSpec missing;
    missing.argv = {"waaft-no-such-program"};
    CHECK(Child::start(missing).error().code == "process_not_found");
}

TEST_CASE("programs are looked up in PATH") {
    CHECK(waaft::os::find_program("sh").starts_with('/'));
    CHECK(waaft::os::find_program("/bin/sh") == "/bin/sh");
    CHECK(waaft::os::find_program("").empty());
    CHECK(waaft::os::find_program("/etc/passwd").empty());
    CHECK(waaft::os::find_program("waaft-no-such-program").empty());
}

TEST_CASE("an argv is shown as it can be typed") {
    CHECK(waaft::os::shown({"kubectl", "-n", "a b", "", "it's", "x=1"}) == "kubectl -n 'a b' '' 'it'\\''s' x=1");
}
