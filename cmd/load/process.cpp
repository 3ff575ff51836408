#include "cmd/load/process.h"

#include <boost/json.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace waaft::load {
namespace {

constexpr std::chrono::milliseconds look_again{1};

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// In the child, between fork and exec: only calls that are permitted there.
[[noreturn]] void become(const Server::Options& options, char* const* argv, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setpgid(0, 0);  // Ctrl-C is for the one who measures
    if (options.core >= 0) pin_to_core(0, static_cast<unsigned>(options.core));
    const int log = open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

pid_t spawn(const Server::Options& options) {
    std::vector<std::string> words{options.program};
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) become(options, argv.data(), parent);
    return pid;
}

std::uint16_t port_of(const boost::json::object& line, std::string_view name) {
    const auto* const value = line.if_contains(name);
    std::uint16_t port = 0;
    if (value != nullptr && value->is_string()) {
        const auto& text = value->get_string();
        std::from_chars(text.data(), text.data() + text.size(), port);
    }
    return port;
}

}  // namespace

double cpu_seconds(pid_t pid) {
    if (pid <= 0) return 0;  // 0 would be this process
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::uint64_t resident_bytes(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) * 1024;
    }
    return 0;
}

bool pin_to_core(pid_t pid, unsigned core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(pid, sizeof set, &set) == 0;
}

std::string tail_of(const std::string& file) {
    constexpr std::size_t shown_bytes = 600;
    const std::string text = read_file(file);
    return text.size() <= shown_bytes ? text : text.substr(text.size() - shown_bytes);
}

Result<std::unique_ptr<Server>> Server::launch(const Options& options) {
    std::unique_ptr<Server> server(new Server());
    server->pid_ = spawn(options);
    if (server->pid_ < 0) return Error{"server_start", "no process could be started", options.program, {}};
    return server;
}

Result<std::unique_ptr<Server>> Server::start(const Options& options) {
    std::error_code ignored;
    std::filesystem::remove(options.log_file, ignored);
    auto launched = launch(options);
    if (!launched) return launched.error();
    auto& server = *launched;
    const auto give_up = Clock::now() + options.timeout;
    while (!server->read_ports(options.log_file)) {
        const bool ended = server->has_ended();
        if (ended || Clock::now() > give_up) {
            return Error{"server_start", ended ? "the server ended at its start" : "the server did not get ready",
                         options.program, "its log ends with: " + tail_of(options.log_file)};
        }
        std::this_thread::sleep_for(look_again);
    }
    return std::move(server);
}

bool Server::has_ended() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ <= 0;
}

// {"message":"Serving.","port":"3000","ops_port":"9090",...}
bool Server::read_ports(const std::string& log_file) {
    std::ifstream log(log_file);
    std::string text;
    while (std::getline(log, text)) {
        boost::system::error_code error;
        const auto line = boost::json::parse(text, error);
        if (error || !line.is_object()) continue;
        const auto* const message = line.get_object().if_contains("message");
        if (message == nullptr || *message != "Serving.") continue;
        port_ = port_of(line.get_object(), "port");
        ops_port_ = port_of(line.get_object(), "ops_port");
    }
    return port_ != 0;
}

Server::~Server() {
    if (pid_ > 0) stop(SIGKILL);
}

int Server::stop(int signal, Duration timeout) {
    if (pid_ <= 0) return 0;
    int status = 0;
    ::kill(pid_, signal);
    const auto give_up = Clock::now() + timeout;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
        if (Clock::now() > give_up) ::kill(pid_, SIGKILL);
        std::this_thread::sleep_for(look_again);
    }
    pid_ = -1;
    return status;
}

TemporaryFolder::TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "waaft-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace waaft::load
