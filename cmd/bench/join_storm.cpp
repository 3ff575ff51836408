#include "cmd/bench/join_storm.h"

#include "cmd/load/chat_load.h"
#include "cmd/load/lateness.h"
#include "cmd/load/process.h"
#include "cmd/load/wire.h"
#include "server/signaling/codec.h"

#include <unistd.h>

#include <algorithm>
#include <deque>

namespace waaft::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t first_pause_least_ms = 500;
constexpr std::uint32_t first_pause_most_ms = 1000;
constexpr Duration calm_between = std::chrono::seconds(1);

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

class Newcomer;

// Somebody who comes; the same newcomer comes again and again.
struct Visit {
    Newcomer* newcomer = nullptr;
    std::uint64_t number = 0;
};

// What the newcomers share.
struct Door {
    load::EventLoop& loop;
    const JoinStormOptions& options;
    std::multimap<TimePoint, Visit> due;  // further tries
    std::vector<Newcomer*> idle;
    std::uint32_t trying = 0;
    std::uint64_t joined = 0;
    std::uint64_t gave_up = 0;
    load::Histogram wait;
    std::map<std::string, std::uint64_t> refused;
};

// One connection at a time, for one person after the other.
class Newcomer final : public load::Connection::Handler {
public:
    Newcomer(Door& door, std::uint32_t number)
        : door_(door), number_(number), connection_(door.loop, door.options.sitting.target, *this) {}

    void arrive(TimePoint now) {
        ++visit_;
        arrived_ = now;
        tries_ = 0;
        ++door_.trying;
        attempt();
    }
    std::uint64_t visit() const { return visit_; }
    void attempt_again(std::uint64_t visit) {
        if (visit == visit_ && stage_ == Stage::pausing) attempt();
    }
    // Their patience is over.
    void go_away(std::uint64_t visit);

    void on_open() override;
    void on_text(std::string_view message) override;
    void on_closed(const load::Connection::Closed& closed) override;

private:
    enum class Stage : std::uint8_t { idle, trying, pausing, leaving };

    void attempt();
    void on_welcome();
    Duration pause();
    void rest() {
        stage_ = Stage::idle;
        door_.idle.push_back(this);
    }

    Door& door_;
    std::uint32_t number_;
    load::Connection connection_;
    Stage stage_ = Stage::idle;
    std::uint64_t visit_ = 0;
    TimePoint arrived_;
    unsigned tries_ = 0;
    std::string refusal_;
    milliseconds asked_to_wait_{0};  // by the server that closes this connection
};

void Newcomer::attempt() {
    stage_ = Stage::trying;
    refusal_.clear();
    const auto& sources = door_.options.sitting.sources;
    connection_.open(sources.empty() ? std::nullopt : std::optional(sources[(number_ + visit_) % sources.size()]));
}

void Newcomer::on_open() {
    const auto& rooms = door_.options.sitting.rooms;
    signaling::Join join;
    join.room = rooms[(number_ + visit_) % rooms.size()];
    join.name = "newcomer " + std::to_string(number_);
    connection_.send_text(signaling::encode(signaling::ClientMessage(join)));
}

void Newcomer::on_text(std::string_view message) {
    if (stage_ != Stage::trying) return;
    if (message.starts_with(R"({"t":"welcome")")) return on_welcome();
    const auto decoded = signaling::decode_server(message);
    if (!decoded) return;
    if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded))
        refusal_ = signaling::to_string(error->code);
    if (const auto* bye = std::get_if<signaling::Bye>(&*decoded)) asked_to_wait_ = milliseconds(bye->retry_ms);
}

// The server closes, once it has taken note.
void Newcomer::on_welcome() {
    const Duration waited = connection_.received_at() - arrived_;
    --door_.trying;
    stage_ = Stage::leaving;
    if (waited <= door_.options.patience) {
        ++door_.joined;
        door_.wait.add(static_cast<std::uint64_t>(waited.count()));
    }
    connection_.send_text(signaling::encode(signaling::ClientMessage(signaling::Leave{})));
}

void Newcomer::on_closed(const load::Connection::Closed& closed) {
    if (stage_ == Stage::leaving) return rest();
    if (refusal_.empty())
        refusal_ = closed.code != 0 ? std::to_string(closed.code) + " " + closed.reason : closed.reason;
    ++door_.refused[refusal_];
    stage_ = Stage::pausing;
    door_.due.emplace(Clock::now() + pause(), Visit{this, visit_});
}

Duration Newcomer::pause() {
    const unsigned tries = tries_++;
    if (const auto asked = std::exchange(asked_to_wait_, milliseconds(0)); asked.count() > 0) return asked;
    const std::uint32_t most = first_pause_most_ms << std::min(tries, 4U);
    return milliseconds(first_pause_least_ms + door_.loop.random() % (most - first_pause_least_ms + 1));
}

void Newcomer::go_away(std::uint64_t visit) {
    if (visit != visit_ || stage_ == Stage::idle) return;
    if (stage_ != Stage::leaving) {
        --door_.trying;
        ++door_.gave_up;
    }
    connection_.cut(false);
    rest();
}

// ---- the course of a run ----

class JoinStorm final : private Witness {
public:
    JoinStorm(load::EventLoop& loop, const JoinStormOptions& options)
        : options_(options),
          door_{.loop = loop, .options = options, .due = {}, .idle = {}, .wait = {}, .refused = {}},
          sitting_(loop, options.sitting, *this),
          lateness_(Clock::now()) {}

    Result<JoinStormReport> run();

private:
    struct Patience {
        TimePoint until;
        Visit visit;
    };

    bool arrive(TimePoint now);
    void turn();
    double best_of(std::uint32_t on_their_way);
    void storm();
    void empty_the_door();

    void on_ack(AckedMessage, Duration) override {}
    void on_delivery(Duration) override {}
    void on_refused(const std::string&) override {}
    void on_lost(const std::string& reason) override { ++report_.sitters_lost[reason]; }

    const JoinStormOptions& options_;
    JoinStormReport report_;
    Door door_;
    People sitting_;
    load::Lateness lateness_;
    std::vector<std::unique_ptr<Newcomer>> newcomers_;
    std::deque<Patience> patience_;  // the first to lose it first
};

// False: more cannot be held.
bool JoinStorm::arrive(TimePoint now) {
    if (door_.idle.empty()) {
        if (newcomers_.size() >= JoinStormOptions::trying_max) return false;
        newcomers_.push_back(std::make_unique<Newcomer>(door_, static_cast<std::uint32_t>(newcomers_.size())));
        door_.idle.push_back(newcomers_.back().get());
    }
    Newcomer* const newcomer = door_.idle.back();
    door_.idle.pop_back();
    newcomer->arrive(now);
    patience_.push_back({now + options_.patience, {newcomer, newcomer->visit()}});
    return true;
}

void JoinStorm::turn() {
    TimePoint until = std::min(lateness_.due(), sitting_.next_due());
    if (!door_.due.empty()) until = std::min(until, door_.due.begin()->first);
    door_.loop.turn(until);
    const TimePoint now = Clock::now();
    lateness_.look(now);
    sitting_.tick(now);
    while (!door_.due.empty() && door_.due.begin()->first <= now) {
        auto next = door_.due.extract(door_.due.begin());
        next.mapped().newcomer->attempt_again(next.mapped().number);
    }
    for (; !patience_.empty() && patience_.front().until <= now; patience_.pop_front()) {
        const Visit visit = patience_.front().visit;
        visit.newcomer->go_away(visit.number);
    }
}

double JoinStorm::best_of(std::uint32_t on_their_way) {
    const TimePoint begin = Clock::now();
    const TimePoint counted_from = begin + options_.step / 5;
    std::optional<std::uint64_t> before;
    TimePoint since = begin;
    for (TimePoint now = begin; now < begin + options_.step; now = Clock::now()) {
        if (!before && now >= counted_from) {
            before = door_.joined;
            since = now;
        }
        while (door_.trying < on_their_way && arrive(now)) {
        }
        turn();
    }
    return static_cast<double>(door_.joined - before.value_or(0)) / seconds_of(Clock::now() - since);
}

// Until nobody is on their way any more, and a moment longer.
void JoinStorm::empty_the_door() {
    while (door_.trying > 0) turn();
    for (const TimePoint until = Clock::now() + calm_between; Clock::now() < until;) turn();
}

void JoinStorm::storm() {
    report_.wanted_per_s = report_.best_per_s * options_.times;
    door_.wait.clear();
    door_.refused.clear();
    const std::uint64_t joined_before = door_.joined;
    const std::uint64_t gave_up_before = door_.gave_up;
    const double cpu_before = load::cpu_seconds(getpid());
    const Duration length =
        storm_that_fits(report_.best_per_s, options_.times, options_.storm, options_.patience, options_.step);
    const TimePoint begin = Clock::now();
    std::uint64_t came = 0;
    std::uint64_t offered = 0;
    for (TimePoint now = begin; now < begin + length; now = Clock::now()) {
        for (; static_cast<double>(came) < seconds_of(now - begin) * report_.wanted_per_s; ++came)
            offered += arrive(now) ? 1 : 0;
        turn();
    }
    const double lasted = seconds_of(Clock::now() - begin);
    report_.storm_s = lasted;
    report_.offered_per_s = static_cast<double>(offered) / lasted;
    report_.joined_per_s = static_cast<double>(door_.joined - joined_before) / lasted;
    report_.gave_up = door_.gave_up - gave_up_before;
    report_.cpu_share = (load::cpu_seconds(getpid()) - cpu_before) / lasted;
}

Result<JoinStormReport> JoinStorm::run() {
    if (auto joined = sitting_.join_all(); !joined) return joined.error();
    lateness_ = load::Lateness(Clock::now());
    for (const auto on_their_way : options_.steps) {
        report_.best_per_s = std::max(report_.best_per_s, best_of(on_their_way));
        empty_the_door();
    }
    if (report_.best_per_s <= 0) return Error{"bench", "nobody could join", {}, {}};
    storm();
    report_.lag = lateness_.lag();
    report_.wait = door_.wait;
    report_.refused = door_.refused;
    return std::move(report_);
}

}  // namespace

Duration storm_that_fits(double best_per_s, double times, Duration wanted, Duration patience, Duration least) {
    const double each_second = best_per_s * times;
    if (each_second * seconds_of(patience) <= JoinStormOptions::trying_max) return wanted;
    const auto full = std::chrono::duration<double>(JoinStormOptions::trying_max / each_second);
    return std::clamp(std::chrono::duration_cast<Duration>(full), std::min(least, wanted), wanted);
}

Result<JoinStormReport> run_join_storm(load::EventLoop& loop, const JoinStormOptions& options) {
    std::uint32_t people = JoinStormOptions::trying_max;
    for (const auto size : options.sitting.sizes) people += size;
    if (auto raised = load::raise_descriptors(people); !raised) return raised.error();
    return std::make_unique<JoinStorm>(loop, options)->run();
}

}  // namespace waaft::bench
