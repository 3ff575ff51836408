#include "server/redis/session.h"

#include "server/base/id.h"
#include "server/base/log.h"

#include <algorithm>

namespace waaft::redis {
namespace {

using namespace std::chrono_literals;

constexpr auto tick_every = 200ms;
constexpr auto idle_max = 1s;  // then a PING
constexpr auto sign_every = 2s;
constexpr auto memory_every = 10s;
constexpr auto stop_within = 2s;
constexpr auto retry_first = 100ms;
constexpr auto retry_longest = 2000ms;
constexpr std::size_t channels_per_command = 512;

// Any time up to a bound that doubles: many servers do not come back at one moment.
Duration retry_after(unsigned failures) {
    const auto bound = std::min<std::int64_t>(retry_longest.count(), retry_first.count() << std::min(failures, 10U));
    return std::chrono::milliseconds(random_u64() % static_cast<std::uint64_t>(bound + 1));
}

}  // namespace

Session::Session(boost::asio::io_context& io, const RedisOptions& options, RedisUrl url, const Commands& commands,
                 SessionEvents& events)
    : io_(io),
      options_(options),
      url_(std::move(url)),
      commands_(commands),
      events_(events),
      tls_(boost::asio::ssl::context::tls_client),
      timer_(io),
      retry_(io) {}

Result<void> Session::load_authorities() { return redis::load_authorities(tls_, url_, options_.ca_file); }

void Session::start() {
    connect();
    tick();
}

std::shared_ptr<Connection> Session::make_connection(std::function<void()> on_open,
                                                     std::function<void(Reply)> on_reply) {
    step_began_ = Clock::now();
    auto connection = std::make_shared<Connection>(
        io_, tls_, url_,
        Connection::Events{std::move(on_open), std::move(on_reply), [this](Error why) { lose(std::move(why)); }});
    connection->start();
    return connection;
}

void Session::connect() {
    state_ = State::connecting;
    ++connection_number_;
    voice_ = make_connection(
        [this] {
            ask_all(sign_in(options_, url_), [this](const Replies& replies) {
                if (const auto signed_in = judge_sign_in(options_, url_, replies); !signed_in)
                    return lose(signed_in.error());
                check_kind();
            });
        },
        [this](Reply reply) { on_reply(std::move(reply)); });
}

// All at once; `done` when the last one is answered. Nothing, if the connection is lost before.
void Session::ask_all(const std::vector<Command>& commands, std::function<void(const Replies&)> done) {
    step_began_ = Clock::now();
    const auto replies = std::make_shared<Replies>();
    const std::size_t count = commands.size();
    for (const Command& command : commands) {
        voice_->send(command);
        ++requests_;
        pending_.push_back({[replies, count, done](Result<Reply, store::StoreError> reply) {
                                if (!reply) return;
                                replies->push_back(std::move(*reply));
                                if (replies->size() == count) done(*replies);
                            },
                            step_began_});
    }
}

void Session::check_kind() {
    ask_all(questions(), [this](const Replies& replies) {
        auto facts = judge_answers(options_, url_, replies);
        if (!facts) return lose(facts.error());
        if (facts->appendfsync.empty() && !started_ && options_.ack == RedisOptions::Ack::fsync) {
            log::warn("Redis does not tell its settings (CONFIG GET): whether appendfsync is always is not known.",
                      {{"redis", url_.text()}});
        }
        {
            const std::lock_guard lock(mutex_);
            status_.version = facts->version;
            status_.used_memory = facts->memory.used;
            status_.max_memory = facts->memory.max;
            status_.appendonly = facts->appendonly;
            status_.appendfsync = facts->appendfsync;
        }
        check_mark(facts->origin);
    });
}

void Session::check_mark(const Origin& origin) {
    ask_all({commands_.check(options_.server, origin, options_.secrets)}, [this](const Replies& replies) {
        const auto mark = judge_mark(options_, url_, replies[0]);
        if (!mark) return lose(mark.error());
        if (mark->replaced) {
            log::warn("The rooms in Redis were kept under another cluster secret; none of its servers is alive.",
                      {{"redis", url_.text()}});
        }
        if (started_) return connect_ear();
        try_out();
    });
}

void Session::try_out() {
    ask_all(trial(commands_, options_), [this](const Replies& replies) {
        if (const auto tried = judge_trial(options_, url_, replies); !tried) return lose(tried.error());
        connect_ear();
    });
}

void Session::connect_ear() {
    ear_ = make_connection([this] { listen(); }, [this](Reply reply) { on_ear_reply(reply); });
}

// Signs in and names every channel at once; the confirmations are counted.
void Session::listen() {
    listening_ = true;
    for (const Command& command : sign_in(options_, url_)) ear_->send(command);
    std::vector<std::string> names(channels_.begin(), channels_.end());
    names.push_back(commands_.keys().links_channel());
    unconfirmed_ = names.size();
    for (std::size_t i = 0; i < names.size(); i += channels_per_command) {
        Command subscribe("SUBSCRIBE");
        for (std::size_t j = i; j < std::min(names.size(), i + channels_per_command); ++j) subscribe.add(names[j]);
        ear_->send(subscribe);
        ++requests_;
    }
}

void Session::set_up() {
    state_ = State::up;
    failures_ = 0;
    const TimePoint now = Clock::now();
    last_sent_ = now;
    last_ear_ping_ = now;
    next_sign_ = now;
    next_memory_ = now + memory_every;
    {
        const std::lock_guard lock(mutex_);
        status_.up = true;
        status_.trouble.clear();
        if (started_) ++status_.reconnects;
    }
    if (started_) log::info("Redis is back.", {{"redis", url_.text()}});
    started_ = true;
    events_.on_up();
    if (up()) send_sign();
}

void Session::on_reply(Reply reply) {
    if (pending_.empty())
        return lose({"redis_away", "Redis answered what was not asked.", url_.text(), "see what stands between"});
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    if (up() && means_away(reply)) {
        pending.answer(store::StoreError::away);
        return lose({"redis_away", "Redis cannot be used now: " + reply.text, url_.text(), "see Redis's log"});
    }
    pending.answer(std::move(reply));
    if (state_ == State::stopping && pending_.empty()) finish_stop();
}

// ["subscribe", channel, n], ["unsubscribe", channel, n], ["message", channel, payload], ["pong", ""], OK.
void Session::on_ear_reply(const Reply& reply) {
    if (reply.is(Reply::Kind::error)) {
        const Replies replies{reply, Reply()};
        const auto refused = judge_sign_in(options_, url_, replies);
        return lose(refused ? Error{"redis_rights", "Redis refuses to tell: " + reply.text, url_.text(),
                                    "allow the channels &" + options_.prefix + ":*"}
                            : refused.error());
    }
    if (reply.items.size() != 3) return;
    const std::string& what = reply.items[0].text;
    if (what == "subscribe") return on_subscribed(reply.items[1].text);
    if (what != "message") return;
    ++told_;
    events_.on_message(reply.items[1].text, reply.items[2].text);
}

void Session::on_subscribed(const std::string& channel) {
    if (!up()) {
        if (state_ == State::connecting && unconfirmed_ > 0 && --unconfirmed_ == 0) set_up();
        return;
    }
    const auto found = subscribing_.find(channel);
    if (found == subscribing_.end()) return;
    const Subscribed done = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) subscribing_.erase(found);
    done({});
}

void Session::request(const Command& command, Answer answer) {
    if (state_ == State::stopped || state_ == State::stopping) return answer(store::StoreError::closed);
    if (!up()) return answer(store::StoreError::away);
    voice_->send(command);
    ++requests_;
    last_sent_ = Clock::now();
    pending_.push_back({std::move(answer), last_sent_});
}

void Session::subscribe(const std::string& channel, Subscribed done) {
    if (state_ == State::stopped || state_ == State::stopping) return done(store::StoreError::closed);
    if (!up()) return done(store::StoreError::away);
    channels_.insert(channel);
    subscribing_[channel].push_back(std::move(done));
    ear_->send(Command("SUBSCRIBE").add(channel));
    ++requests_;
}

void Session::unsubscribe(const std::string& channel) {
    if (channels_.erase(channel) == 0 || !listening_) return;
    ear_->send(Command("UNSUBSCRIBE").add(channel));
    ++requests_;
}

void Session::send_sign() {
    const TimePoint now = Clock::now();
    next_sign_ = now + sign_every;
    request(commands_.alive(options_.server), [this, now](Result<Reply, store::StoreError> reply) {
        if (!reply) return;
        {
            const std::lock_guard lock(mutex_);
            status_.latency_ms = std::chrono::duration<double, std::milli>(Clock::now() - now).count();
        }
        auto servers = read_list(*reply);
        if (!servers) return;
        std::sort(servers->begin(), servers->end());
        events_.on_servers(std::move(*servers));
    });
}

void Session::ask_memory() {
    next_memory_ = Clock::now() + memory_every;
    request(Command("INFO").add("memory"), [this](Result<Reply, store::StoreError> reply) {
        if (!reply || !reply->is(Reply::Kind::text)) return;
        const Memory memory = read_memory(reply->text);
        const std::lock_guard lock(mutex_);
        status_.used_memory = memory.used;
        status_.max_memory = memory.max;
    });
}

void Session::tick() {
    const TimePoint now = Clock::now();
    if (state_ == State::stopping && now >= stop_at_) return finish_stop();
    if (overdue(now)) {
        lose(silence());
    } else if (up()) {
        keep_awake(now);
    }
    if (state_ == State::stopped) return;
    timer_.expires_after(tick_every);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

bool Session::overdue(TimePoint now) const {
    if (state_ == State::connecting) return now - step_began_ > options_.deadline;
    if (!up()) return false;
    if (!pending_.empty() && now - pending_.front().sent > options_.deadline) return true;
    return now - ear_->last_received() > options_.deadline + idle_max;
}

Error Session::silence() const {
    if (voice_->shaking_hands()) {
        return {"redis_tls", "Redis does not answer with TLS.", url_.text(),
                "write redis:// if it has none, or the port where it has"};
    }
    return {"redis_away", "Redis does not answer.", url_.text(), "see whether it runs and what stands between"};
}

void Session::keep_awake(TimePoint now) {
    if (now >= next_sign_) send_sign();
    if (now >= next_memory_) ask_memory();
    if (up() && pending_.empty() && now - last_sent_ >= idle_max)
        request(Command("PING"), [](const Result<Reply, store::StoreError>&) {});
    if (up() && now - std::max(ear_->last_received(), last_ear_ping_) >= idle_max) {
        last_ear_ping_ = now;
        ear_->send(Command("PING"));
        ++requests_;
    }
}

void Session::note_trouble(const Error& why) {
    bool known = false;
    {
        const std::lock_guard lock(mutex_);
        known = status_.trouble == why.what;
        status_.up = false;
        status_.trouble = why.what;
    }
    if (!known && started_) log::warn(why.what, {{"redis", why.where}, {"code", why.code}, {"hint", why.hint}});
}

void Session::lose(Error why) {
    if (state_ == State::stopped || state_ == State::waiting) return;
    const bool was_up = up();
    const bool stopping = state_ == State::stopping;
    state_ = State::waiting;
    listening_ = false;
    if (voice_) voice_->close();
    if (ear_) ear_->close();
    note_trouble(why);
    if (stopping) {
        state_ = State::stopping;
        return finish_stop();
    }
    fail_all(store::StoreError::away);
    if (!started_) {
        state_ = State::stopped;
        timer_.cancel();
        return events_.on_start_failed(std::move(why));
    }
    if (was_up) events_.on_down();
    if (state_ == State::waiting) come_back();
}

// Answers may ask again; those are answered at once, as it isn't up.
void Session::fail_all(store::StoreError why) {
    const auto pending = std::exchange(pending_, {});
    const auto subscribing = std::exchange(subscribing_, {});
    for (const Pending& one : pending) one.answer(why);
    for (const auto& [channel, waiting] : subscribing) {
        for (const Subscribed& done : waiting) done(why);
    }
}

void Session::come_back() {
    retry_.expires_after(retry_after(failures_++));
    retry_.async_wait([this](const boost::system::error_code& error) {
        if (!error && state_ == State::waiting) connect();
    });
}

void Session::stop(std::function<void()> stopped) {
    if (state_ == State::stopped) return stopped();
    stopped_ = std::move(stopped);
    if (!up()) {
        state_ = State::stopping;
        return finish_stop();
    }
    request(commands_.leave(options_.server), [](const Result<Reply, store::StoreError>&) {});
    state_ = State::stopping;
    stop_at_ = Clock::now() + stop_within;
}

void Session::finish_stop() {
    if (state_ == State::stopped) return;
    state_ = State::stopped;
    timer_.cancel();
    retry_.cancel();
    if (voice_) voice_->close();
    if (ear_) ear_->close();
    fail_all(store::StoreError::closed);
    if (stopped_) stopped_();
}

RedisStatus Session::status() const {
    const std::lock_guard lock(mutex_);
    RedisStatus status = status_;
    status.requests = requests_;
    status.told = told_;
    return status;
}

}  // namespace waaft::redis
