#include "tests/history/course.h"

#include "cmd/load/burner.h"
#include "cmd/load/lateness.h"
#include "cmd/load/rest.h"
#include "tests/history/client.h"
#include "tests/history/log_reader.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds tick_every{5};
constexpr milliseconds down_for_at_most{300};
constexpr seconds log_timeout{60};
constexpr seconds calm_before{1};

class Course {
public:
    Course(Deployment& deployment, const CourseOptions& options, const load::Target& target, Run& run, std::string room)
        : deployment_(deployment), options_(options), target_(target), run_(run), room_(std::move(room)) {
        for (std::uint32_t i = 0; i < options.clients; ++i) clients_.push_back(std::make_unique<Client>(run, i, room_));
    }

    Result<Outcome> play();

private:
    void plan();
    Result<void> turn();
    Result<void> kill_or_start(TimePoint now);
    Result<void> burn_or_stop(TimePoint now);
    void burn_all_cores();
    bool at_rest() const;
    std::string unrest() const;
    Outcome outcome(Log log) const;

    Deployment& deployment_;
    const CourseOptions& options_;
    const load::Target& target_;
    Run& run_;
    std::string room_;
    std::vector<std::unique_ptr<Client>> clients_;
    struct Step {
        TimePoint at;
        std::function<Result<void>()> run;
    };

    std::vector<TimePoint> kills_;  // to come, the last first
    std::deque<Step> steps_;        // to come
    std::vector<std::unique_ptr<load::Burner>> burners_;
    load::Lateness lateness_{Clock::now()};
    TimePoint start_at_;
    bool down_ = false;
    std::uint32_t killed_ = 0;
};

// Each kill somewhere in its own part of the time, so that the server serves in between.
void Course::plan() {
    const Duration part = options_.duration / std::max(1u, options_.kills);
    for (std::uint32_t i = options_.kills; i-- > 0;) {
        kills_.push_back(run_.start + part * i + Duration(run_.below(static_cast<std::uint64_t>(part.count()))));
    }
    TimePoint at = run_.start + calm_before;
    if (options_.burn > Duration::zero()) {
        steps_.push_back({at, [this]() -> Result<void> {
                              burn_all_cores();
                              return {};
                          }});
        steps_.push_back({at += options_.burn, [this]() -> Result<void> {
                              burners_.clear();
                              return {};
                          }});
    }
    if (options_.stop > Duration::zero()) {
        steps_.push_back({at, [this] { return deployment_.pause(true); }});
        steps_.push_back({at + options_.stop, [this] { return deployment_.pause(false); }});
    }
}

void Course::burn_all_cores() {
    cpu_set_t permitted;
    sched_getaffinity(0, sizeof permitted, &permitted);
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &permitted)) burners_.push_back(std::make_unique<load::Burner>(core));
    }
}

Result<void> Course::burn_or_stop(TimePoint now) {
    while (!steps_.empty() && now >= steps_.front().at) {
        if (auto done = steps_.front().run(); !done) return done.error();
        steps_.pop_front();
    }
    return {};
}

Result<void> Course::kill_or_start(TimePoint now) {
    if (down_) {
        if (now < start_at_) return {};
        down_ = false;
        return deployment_.start();
    }
    if (kills_.empty() || now < kills_.back()) return deployment_.look();
    kills_.pop_back();
    ++killed_;
    down_ = true;
    start_at_ = now + milliseconds(run_.below(down_for_at_most.count()));
    if (options_.say) options_.say("kill " + std::to_string(killed_) + " at " + std::to_string(run_.ms()) + " ms");
    return deployment_.kill();
}

Result<void> Course::turn() {
    const TimePoint now = Clock::now();
    lateness_.look(now);
    if (auto done = kill_or_start(now); !done) return done.error();
    if (auto done = burn_or_stop(now); !done) return done.error();
    for (const auto& client : clients_) client->tick(now);
    run_.loop.turn(now + tick_every);
    return {};
}

// Everybody is in, has its acks, and is as far as the farthest.
bool Course::at_rest() const {
    const auto& farthest = (*std::max_element(clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
                               return a->position().seq < b->position().seq;
                           }))->position();
    return !down_ && std::all_of(clients_.begin(), clients_.end(), [&](const auto& client) {
        return client->settled() && client->position() == farthest;
    });
}

std::string Course::unrest() const {
    if (at_rest()) return {};
    std::string text;
    for (std::size_t i = 0; i < clients_.size() && text.size() < 500; ++i) {
        const auto& client = *clients_[i];
        if (client.settled()) continue;
        text += "client " + std::to_string(i) + " at " + std::to_string(client.position().seq) + ": " +
                client.trouble() + "\n";
    }
    return text.empty() ? "the clients are not all as far\n" : text;
}

Result<Outcome> Course::play() {
    run_.start = Clock::now();
    plan();
    run_.sending = true;
    run_.cutting = options_.cuts;
    const TimePoint end = run_.start + options_.duration;
    while (Clock::now() < end || down_ || !kills_.empty() || !steps_.empty()) {
        if (auto turned = turn(); !turned) return turned.error();
    }
    run_.sending = run_.cutting = false;
    const TimePoint give_up = Clock::now() + options_.rest_timeout;
    while (!at_rest() && Clock::now() < give_up) {
        if (auto turned = turn(); !turned) return turned.error();
    }
    if (options_.say) options_.say("at rest after " + std::to_string(run_.ms()) + " ms; reading the log");
    auto log = read_log(run_.loop, target_, room_, log_timeout);
    if (!log) return log.error();
    return outcome(std::move(*log));
}

Outcome Course::outcome(Log log) const {
    Outcome outcome;
    outcome.history.log = std::move(log);
    outcome.unrest = unrest();
    outcome.kills = killed_;
    outcome.latest = Duration(lateness_.lag().max());
    for (const auto& client : clients_) {
        outcome.history.clients.push_back(client->history());
        outcome.acked += client->acked();
        outcome.heard += client->heard();
        outcome.cuts += client->cuts();
        outcome.resumed += client->resumed();
    }
    return outcome;
}

Result<load::Target> make_target(const Deployment& deployment, const CourseOptions& options) {
    auto endpoint = load::parse_url(deployment.url());
    if (!endpoint) return endpoint.error();
    auto address = load::resolve(*endpoint);
    if (!address) return address.error();
    load::Target target{*endpoint, *address, options.key, {}};
    if (endpoint->tls) {
        auto context = load::make_tls_client({.insecure = options.insecure, .ca_file = {}});
        if (!context) return context.error();
        target.context = *context;
    }
    return target;
}

std::string run_name(std::uint64_t seed) {
    char text[24];
    std::snprintf(text, sizeof text, "history%08llx", static_cast<unsigned long long>(seed & 0xffffffff));
    return text;
}

}  // namespace

Result<Outcome> run_course(Deployment& deployment, const CourseOptions& options) {
    const auto target = make_target(deployment, options);
    if (!target) return target.error();
    std::string room = options.room;
    if (room.empty()) {
        auto made = load::create_room({target->endpoint, options.key, {.insecure = options.insecure, .ca_file = {}}});
        if (!made) return made.error();
        room = *made;
    }
    load::EventLoop loop;
    Run run{.loop = loop,
            .name = run_name(options.seed),
            .random = std::mt19937_64(options.seed),
            .choose = [](Run&) { return std::size_t{0}; },
            .target = [&target](std::size_t) -> const load::Target& { return *target; },
            .start = {},
            .messages_per_second = options.messages_per_second};
    return Course(deployment, options, *target, run, room).play();
}

}  // namespace waaft::history
