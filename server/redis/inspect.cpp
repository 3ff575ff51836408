#include "server/redis/inspect.h"

#include "server/redis/connection.h"
#include "server/redis/start_check.h"

#include <optional>

namespace waaft::redis {
namespace {

namespace ssl = boost::asio::ssl;

// One connection, round by round: whoever asks waits until the round is answered.
class Inspection {
public:
    Inspection(const RedisOptions& options, RedisUrl url)
        : options_(options), url_(std::move(url)), tls_(ssl::context::tls_client) {}
    ~Inspection() {
        if (connection_) connection_->close();
        io_.restart();
        io_.poll();
    }
    Inspection(const Inspection&) = delete;
    Inspection& operator=(const Inspection&) = delete;

    Result<void> connect() {
        if (auto loaded = load_authorities(tls_, url_, options_.ca_file); !loaded) return loaded;
        connection_ = std::make_shared<Connection>(
            io_, tls_, url_,
            Connection::Events{[this] { open_ = true; }, [this](Reply reply) { replies_.push_back(std::move(reply)); },
                               [this](Error why) { lost_ = std::move(why); }});
        connection_->start();
        return wait([this] { return open_; });
    }

    Result<std::vector<Reply>> ask(const std::vector<Command>& commands) {
        replies_.clear();
        for (const Command& command : commands) connection_->send(command);
        if (auto waited = wait([&] { return replies_.size() >= commands.size(); }); !waited) return waited.error();
        return std::move(replies_);
    }

private:
    template <class Done>
    Result<void> wait(const Done& done) {
        const TimePoint end = Clock::now() + options_.deadline;
        io_.restart();
        while (!done()) {
            if (lost_) return *lost_;
            if (io_.run_one_until(end) == 0)
                return Error{"redis_away", "Redis does not answer.", url_.text(),
                             "see whether it runs and what stands between"};
        }
        return {};
    }

    const RedisOptions& options_;
    RedisUrl url_;
    boost::asio::io_context io_;
    ssl::context tls_;
    std::shared_ptr<Connection> connection_;
    bool open_ = false;
    std::vector<Reply> replies_;
    std::optional<Error> lost_;
};

}  // namespace

Result<RedisStatus> inspect_redis(const RedisOptions& options) {
    auto url = parse_redis_url(options.url);
    if (!url) return url.error();
    Inspection inspection(options, *url);
    if (auto connected = inspection.connect(); !connected) return connected.error();
    const auto signed_in = inspection.ask(sign_in(options, *url));
    if (!signed_in) return signed_in.error();
    if (auto judged = judge_sign_in(options, *url, *signed_in); !judged) return judged.error();
    const TimePoint asked = Clock::now();
    const auto answers = inspection.ask(questions());
    if (!answers) return answers.error();
    RedisStatus status;
    status.latency_ms = std::chrono::duration<double, std::milli>(Clock::now() - asked).count();
    const auto facts = judge_answers(options, *url, *answers);
    if (!facts) return facts.error();
    const Commands commands(Keys(options.prefix, url->database),
                            {options.tail_max, options.chat_keep_messages, options.nonce_keep});
    const auto tried = inspection.ask(trial(commands, options));
    if (!tried) return tried.error();
    if (auto judged = judge_trial(options, *url, *tried); !judged) return judged.error();
    // Nobody was here.
    Command forget("ZREM");
    if (auto forgotten = inspection.ask({forget.add(commands.keys().servers()).add(options.server)}); !forgotten)
        return forgotten.error();
    // No server by that name ever was.
    if (auto left = inspection.ask({Command("ZREM").add(commands.keys().servers()).add(options.server)}); !left)
        return left.error();
    status.up = true;
    status.version = facts->version;
    status.used_memory = facts->memory.used;
    status.max_memory = facts->memory.max;
    status.appendonly = facts->appendonly;
    status.appendfsync = facts->appendfsync;
    return status;
}

}  // namespace waaft::redis
