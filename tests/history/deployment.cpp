#include "tests/history/deployment.h"

#include <csignal>
#include <cstdlib>

namespace waaft::history {
namespace {

class OwnDeployment final : public Deployment {
public:
    explicit OwnDeployment(const std::string& program) {
        options_.program = program;
        options_.log_file = folder_.path() + "/log";
    }

    Result<void> begin() {
        set_port(0);
        auto server = load::Server::start(options_);
        if (!server) return server.error();
        server_ = std::move(*server);
        port_ = server_->port();
        set_port(port_);
        return {};
    }

    std::string url() const override { return "http://127.0.0.1:" + std::to_string(port_); }

    Result<void> kill() override {
        if (auto alive = look(); !alive) return alive.error();
        server_->stop(SIGKILL);
        server_.reset();
        return {};
    }

    Result<void> start() override {
        auto server = load::Server::launch(options_);
        if (!server) return server.error();
        server_ = std::move(*server);
        return {};
    }

    Result<void> pause(bool on) override {
        if (auto alive = look(); !alive) return alive.error();
        ::kill(server_->pid(), on ? SIGSTOP : SIGCONT);
        return {};
    }

    Result<void> look() override {
        if (!server_ || !server_->has_ended()) return {};
        return Error{"server_ended", "the server ended by itself", {}, load::tail_of(options_.log_file)};
    }

private:
    void set_port(std::uint16_t port) {
        options_.arguments = {"serve",
                              "--listen-address",
                              "127.0.0.1",
                              "--port",
                              std::to_string(port),
                              "--ops-port",
                              "0",
                              "--data",
                              folder_.path() + "/data",
                              "--log-format",
                              "json",
                              "--limits-connections-per-address",
                              "20000",
                              "--limits-handshakes-per-second",
                              "100000",
                              "--limits-messages-per-second",
                              "10000",
                              "--chat-keep-messages",
                              "10000000"};
    }

    load::TemporaryFolder folder_;
    load::Server::Options options_;
    std::unique_ptr<load::Server> server_;
    std::uint16_t port_ = 0;
};

class CommandedDeployment final : public Deployment {
public:
    CommandedDeployment(std::string url, std::string kill, std::string start)
        : url_(std::move(url)), kill_(std::move(kill)), start_(std::move(start)) {}

    std::string url() const override { return url_; }
    Result<void> kill() override { return run(kill_); }
    Result<void> start() override { return run(start_); }
    Result<void> pause(bool) override { return Error{"pause", "a server behind a URL cannot be stopped", url_, {}}; }
    Result<void> look() override { return {}; }

private:
    static Result<void> run(const std::string& command) {
        if (command.empty()) return {};
        const int status = std::system(command.c_str());
        if (status == 0) return {};
        return Error{"command", "a command failed, status " + std::to_string(status), command, {}};
    }

    std::string url_;
    std::string kill_;
    std::string start_;
};

}  // namespace

Result<std::unique_ptr<Deployment>> own_deployment(const std::string& program) {
    auto deployment = std::make_unique<OwnDeployment>(program);
    if (auto begun = deployment->begin(); !begun) return begun.error();
    return std::unique_ptr<Deployment>(std::move(deployment));
}

std::unique_ptr<Deployment> commanded_deployment(std::string url, std::string kill, std::string start) {
    return std::make_unique<CommandedDeployment>(std::move(url), std::move(kill), std::move(start));
}

}  // namespace waaft::history
