#include "cmd/ui/progress.h"

#include "tests/support/catch.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using waaft::TimePoint;
using waaft::cmd::Progress;
using waaft::cmd::ProgressStyle;

namespace {

// A progress whose clock the test moves.
struct Fixture {
    std::ostringstream out;
    std::ostringstream err;
    TimePoint now{1h};
    Progress progress;

    explicit Fixture(ProgressStyle style, bool color = false)
        : progress({out, err, color}, style, [this] { return now; }) {}
    std::string said() {
        auto text = err.str();
        err.str({});
        return text;
    }
};

std::string tail(const std::string& text, std::string_view from) {
    const auto at = text.rfind(from);
    return at == std::string::npos ? text : text.substr(at);
}

// stdin and stderr are a terminal of the test's own, 40 columns wide.
class Terminal {
public:
    Terminal() {
        const winsize size{.ws_row = 24, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
        int slave = -1;
        if (openpty(&master_, &slave, nullptr, nullptr, &size) != 0) std::abort();
        stdin_ = dup(STDIN_FILENO);
        stderr_ = dup(STDERR_FILENO);
        dup2(slave, STDIN_FILENO);
        dup2(slave, STDERR_FILENO);
        close(slave);
    }
    ~Terminal() {
        dup2(stdin_, STDIN_FILENO);
        dup2(stderr_, STDERR_FILENO);
        for (const int fd : {stdin_, stderr_, master_}) close(fd);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void type(std::string_view text) const {
        REQUIRE(write(master_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    // The kernel may hand over what was written in pieces.
    void expect(std::string_view text) const {
        constexpr int deadline_ms = 20'000;
        std::string shown;
        pollfd readable{.fd = master_, .events = POLLIN, .revents = 0};
        while (shown.size() < text.size() && poll(&readable, 1, deadline_ms) > 0) {
            std::array<char, 4096> buffer{};
            const auto size = read(master_, buffer.data(), buffer.size());
            if (size <= 0) break;
            shown.append(buffer.data(), static_cast<std::size_t>(size));
        }
        CHECK(shown == text);
    }

private:
    int master_ = -1;
    int stdin_ = -1;
    int stderr_ = -1;
};

}  // namespace

TEST_CASE("plain: a line for each thing that changed, and a heartbeat") {
    Fixture f(ProgressStyle::plain);
    f.progress.step("push", "Pushing example/waaft:1.2");
    CHECK(f.said() == "push: Pushing example/waaft:1.2\n");
    f.progress.status("layer 1");
    f.progress.status("layer 1");
    CHECK(f.said() == "push: layer 1\n");
    f.now += 9s;
    f.progress.tick();
    CHECK(f.said().empty());
    f.now += 1s;
    f.progress.tick();
    f.progress.tick();
    CHECK(f.said() == "push: still at it after 10 s: layer 1\n");
    f.progress.line("from \033[31mdocker\033[0m");
    CHECK(f.said() == "  from docker\n");
    f.progress.warn("slow");
    CHECK(f.said() == "warning: slow\n");
    f.now += 2400ms;
    f.progress.done("sha256:12");
    CHECK(f.said() == "push: done after 12.4 s: sha256:12\n");
    f.now += 1min;
    f.progress.tick();
    f.progress.done("twice");
    CHECK(f.said().empty());
    CHECK(f.out.str().empty());
}

TEST_CASE("plain: bytes are told each 10 percent") {
    Fixture f(ProgressStyle::plain);
    f.progress.step("push", "Pushing");
    f.said();
    for (std::uint64_t done = 0; done <= 20'000'000; done += 100'000) f.progress.bytes(done, 20'000'000);
    const auto said = f.said();
    CHECK(std::count(said.begin(), said.end(), '\n') == 10);
    CHECK(said.starts_with("push: 10 % (2.0 of 20.0 MB)\n"));
    CHECK(said.ends_with("push: 100 % (20.0 of 20.0 MB)\n"));
    f.progress.bytes(9, 10);
    f.progress.bytes(0, 0);
    CHECK(f.said() == "push: 90 % (0.0 of 0.0 MB)\n");
}

TEST_CASE("a step ends the one before; one that nobody ended is shown as stopped; times are kept") {
    std::ostringstream out;
    std::ostringstream err;
    TimePoint now{1h};
    {
        Progress progress({out, err, false}, ProgressStyle::plain, [&now] { return now; });
        progress.step("build", "Building");
        now += 1500ms;
        progress.step("push", "Pushing");
        now += 500ms;
        progress.failed("cut off");
        progress.step("push", "Again");
        now += 1s;
        progress.done({});
        CHECK(boost::json::serialize(progress.timings()) == R"({"build":1.5E0,"push":1.5E0})");
        progress.step("watch", "Watching");
    }
    CHECK(err.str() ==
          "build: Building\nbuild: done after 1.5 s\npush: Pushing\npush: failed after 0.5 s: cut off\n"
          "push: Again\npush: done after 1.0 s\nwatch: Watching\nwatch: stopped after 0.0 s\n");
}

TEST_CASE("live: one line, redrawn in place, at most ten times a second") {
    Fixture f(ProgressStyle::live);
    f.progress.step("push", "Pushing");
    CHECK(f.said() == "\r\033[KPushing  0 s");
    f.progress.tick();
    CHECK(f.said().empty());
    f.now += 1s;
    f.progress.bytes(5'000'000, 10'000'000);
    CHECK(f.said() == "\r\033[KPushing  1 s  [##########----------] 50 % (5.0 of 10.0 MB)");
    f.progress.line("an event");
    CHECK(f.said().starts_with("\r\033[K  an event\n\r\033[KPushing"));
    f.progress.done("it is there");
    CHECK(f.said() == "\r\033[Kdone Pushing: it is there (1.0 s)\n");
    f.progress.tick();
    CHECK(f.said().empty());
}

TEST_CASE("live: colours only where they are wanted") {
    Fixture f(ProgressStyle::live, true);
    f.progress.step("push", "Pushing");
    f.progress.failed({});
    CHECK(tail(f.said(), "\r\033[K") == "\r\033[K\033[1;31mfailed\033[0m Pushing (0.0 s)\n");
}

TEST_CASE("json: one object a line") {
    Fixture f(ProgressStyle::json);
    f.progress.step("push", "Pushing");
    f.now += 250ms;
    f.progress.bytes(1, 2);
    f.progress.event("layer", {{"digest", "sha256:1"}});
    f.progress.done("ok");
    std::istringstream lines(f.said());
    std::vector<boost::json::object> objects;
    for (std::string line; std::getline(lines, line);) objects.push_back(boost::json::parse(line).as_object());
    REQUIRE(objects.size() == 4);
    for (auto& object : objects) {
        CHECK(object["time"].as_string().size() == std::string("2026-11-24T05:00:00.000Z").size());
        object.erase("time");
    }
    CHECK(objects[0] ==
          boost::json::object{{"event", "step"}, {"phase", "push"}, {"text", "Pushing"}, {"elapsed", 0.0}});
    CHECK(objects[1] ==
          boost::json::object{{"event", "bytes"}, {"phase", "push"}, {"elapsed", 0.25}, {"done", 1}, {"total", 2}});
    CHECK(objects[2]["digest"] == "sha256:1");
    CHECK(objects[3]["event"] == "done");
}

TEST_CASE("quiet says nothing; a text stream is no terminal") {
    Fixture quiet(ProgressStyle::quiet);
    quiet.progress.step("a", "A");
    quiet.progress.status("s");
    quiet.progress.line("l");
    quiet.progress.warn("w");
    quiet.progress.bytes(1, 2);
    quiet.progress.failed("f");
    CHECK(quiet.said().empty());
    CHECK(quiet.progress.timings().size() == 1);

    Fixture automatic(ProgressStyle::automatic);
    automatic.progress.step("a", "A");
    CHECK(automatic.said() == "a: A\n");
}

TEST_CASE("on a terminal the style is live and lines are cut to its width") {
    setenv("TERM", "xterm", 1);
    const Terminal terminal;
    Progress progress({std::cout, std::cerr, false}, ProgressStyle::automatic);
    progress.step("watch", "Waiting for pods");
    terminal.expect("\r\033[KWaiting for pods  0 s");
    progress.status("a text that is longer than the terminal is wide");
    terminal.expect("\r\033[KWaiting for pods  0 s  a text that i...");
    setenv("TERM", "dumb", 1);
    Progress dumb({std::cout, std::cerr, false}, ProgressStyle::automatic);
    dumb.step("watch", "Waiting");
    terminal.expect("watch: Waiting\r\n");
    dumb.done({});
    progress.done({});
}

TEST_CASE("a question is answered on the terminal alone") {
    using waaft::cmd::confirm;
    std::ostringstream out;
    std::ostringstream err;
    const waaft::cmd::Streams streams{out, err, false};
    {
        const Terminal terminal;
        CHECK(waaft::cmd::can_ask());
        terminal.type("y\nn\n\nwaaft\nWaaft\n");
        CHECK(confirm(streams, "Go on?"));
        CHECK_FALSE(confirm(streams, "Go on?"));
        CHECK_FALSE(confirm(streams, "Go on?"));
        CHECK(waaft::cmd::confirm_by_name(streams, "All goes.", "waaft"));
        CHECK_FALSE(waaft::cmd::confirm_by_name(streams, "All goes.", "waaft"));
        CHECK(err.str().starts_with("Go on? [y/N] Go on?"));
        CHECK(err.str().ends_with("All goes.\nType \"waaft\" to go on: "));
        terminal.type("\x04");  // end of input
        CHECK_FALSE(confirm(streams, "Go on?"));

        const waaft::os::Interrupt interrupt;
        std::thread later([] {
            std::this_thread::sleep_for(50ms);
            kill(getpid(), SIGINT);
        });
        CHECK_FALSE(confirm(streams, "Go on?", &interrupt));
        later.join();
        CHECK(interrupt.raised());
    }
    std::array<int, 2> nobody{};
    REQUIRE(pipe(nobody.data()) == 0);
    const int before = dup(STDIN_FILENO);
    dup2(nobody[0], STDIN_FILENO);
    err.str({});
    CHECK_FALSE(waaft::cmd::can_ask());
    CHECK_FALSE(confirm(streams, "Go on?"));
    CHECK(err.str().empty());
    dup2(before, STDIN_FILENO);
    for (const int fd : {before, nobody[0], nobody[1]}) close(fd);
}

TEST_CASE("times are read as people write them") {
    struct Row {
        std::string text;
        std::optional<waaft::Duration> duration;
    };
    const std::vector<Row> rows{{"90", 90s},
                                {"90s", 90s},
                                {"500ms", 500ms},
                                {"5m", 5min},
                                {"1h30m", 90min},
                                {"24h", 24h},
                                {"24h1s", std::nullopt},
                                {"0", std::nullopt},
                                {"", std::nullopt},
                                {"s", std::nullopt},
                                {"5 m", std::nullopt},
                                {"-5m", std::nullopt},
                                {"5d", std::nullopt},
                                {"1.5h", std::nullopt},
                                {"99999999999999999999h", std::nullopt}};
    for (const auto& row : rows) {
        INFO(row.text);
        CHECK(waaft::cmd::parse_timeout(row.text) == row.duration);
    }
}

TEST_CASE("the common options fill the common flags") {
    const auto flags = std::make_shared<waaft::cmd::CommonFlags>();
    for (const auto& option : waaft::cmd::common_options(flags)) {
        INFO(option.name);
        CHECK(option.doc.ends_with('.'));
        option.set(option.name, option.name == "--output"     ? "json"
                                : option.name == "--progress" ? "plain"
                                : option.name == "--timeout"  ? "5m"
                                                              : "x");
    }
    CHECK(flags->json());
    CHECK(flags->progress == ProgressStyle::quiet);  // --quiet came later
    CHECK(flags->yes);
    CHECK(flags->timeout == 5min);
    CHECK(flags->environment == "x");
    CHECK(flags->file == "x");
    CHECK(flags->wrong.empty());
    for (const auto& option : waaft::cmd::common_options(flags)) {
        if (option.name == "--timeout") option.set("--timeout", "soon");
    }
    REQUIRE(flags->wrong.size() == 1);
    CHECK(flags->wrong[0].code == "usage_timeout");
}
