#include "cmd/bench/crowd.h"

#include "cmd/bench/room_reading.h"
#include "cmd/load/chat_load.h"
#include "cmd/load/lateness.h"
#include "cmd/load/process.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace waaft::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration window_length = milliseconds(500);
constexpr Duration answers_within = seconds(20);  // to what was sent last
constexpr Duration rooms_within = seconds(60);
constexpr std::uint32_t newcomers = 64;  // more descriptors than the people's

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

class Crowd final : private Witness {
public:
    Crowd(load::EventLoop& loop, const CrowdOptions& options)
        : loop_(loop), options_(options), people_(loop, options.people, *this) {}

    Result<CrowdReport> run();

private:
    struct Part {
        Stretch& stretch;
        load::Histogram& lag;
        bool is_watched = false;
    };

    void spend(Part part, Duration time);
    void turn(TimePoint latest);
    void post_due(TimePoint now);
    void end_window(TimePoint now);
    void disturb(Stretch& stretch, Duration time, Disturb begin, Disturb end);
    void wait_for_answers();
    Result<void> look_for_acked();

    void on_ack(AckedMessage message, Duration took) override;
    void on_delivery(Duration took) override;
    void on_refused(const std::string& code) override;
    void on_lost(const std::string& reason) override { ++stretch_->closed[reason]; }

    load::EventLoop& loop_;
    const CrowdOptions& options_;
    CrowdReport report_;
    std::array<Stretch*, 3> stretches_{&report_.calm, &report_.burn, &report_.stop};
    Stretch* stretch_ = &report_.calm;
    People people_;
    std::vector<AckedMessage> acked_;
    bool is_watched_ = false;
    TimePoint posting_since_;
    std::uint64_t posted_ = 0;
    std::vector<Window> windows_;
    TimePoint window_end_;
    load::Histogram acks_;        // of this window
    load::Histogram deliveries_;  // of this window
};

void Crowd::on_ack(AckedMessage message, Duration took) {
    const auto ns = static_cast<std::uint64_t>(took.count());
    message.stretch =
        static_cast<std::size_t>(std::find(stretches_.begin(), stretches_.end(), stretch_) - stretches_.begin());
    acked_.push_back(std::move(message));
    ++stretch_->acked;
    if (!is_watched_) stretch_->acks.add(ns);
    acks_.add(ns);
}

void Crowd::on_delivery(Duration took) { deliveries_.add(static_cast<std::uint64_t>(took.count())); }

// Whoever is told no has not been served in time.
void Crowd::on_refused(const std::string& code) {
    ++stretch_->refused[code];
    acks_.add(static_cast<std::uint64_t>(as_before_within.count()));
}

void Crowd::turn(TimePoint latest) {
    loop_.turn(std::min(latest, people_.next_due()));
    people_.tick(Clock::now());
}

// A message's time is its place in an even schedule.
void Crowd::post_due(TimePoint now) {
    const double due = in_seconds(now - posting_since_) * options_.messages_per_second;
    for (; static_cast<double>(posted_) < due; ++posted_) {
        if (!people_.post(now)) ++report_.not_sent;
    }
}

void Crowd::end_window(TimePoint now) {
    people_.add_awaited(now, acks_);
    const auto p99 = [](const load::Histogram& of) { return Duration(of.percentile(0.99)); };
    windows_.push_back({now, p99(acks_), p99(deliveries_), people_.away(now)});
    acks_.clear();
    deliveries_.clear();
    window_end_ = now + window_length;
}

void Crowd::spend(Part part, Duration time) {
    const TimePoint begin = Clock::now();
    stretch_ = &part.stretch;
    is_watched_ = part.is_watched;
    window_end_ = begin + window_length;
    windows_.clear();
    acks_.clear();
    deliveries_.clear();
    load::Lateness lateness(begin);
    for (TimePoint now = begin; now < begin + time; now = Clock::now()) {
        lateness.look(now);
        post_due(now);
        if (now >= window_end_) end_window(now);
        turn(lateness.due());
    }
    part.lag = lateness.lag();
    if (part.is_watched) part.stretch.recovered_s = in_seconds(recovered_after(begin, windows_));
}

void Crowd::disturb(Stretch& stretch, Duration time, Disturb begin, Disturb end) {
    options_.disturb(begin);
    spend({stretch, stretch.lag}, time);
    options_.disturb(end);
    spend({stretch, stretch.lag_after, true}, options_.watch);
}

void Crowd::wait_for_answers() {
    const TimePoint give_up = Clock::now() + answers_within;
    while (people_.awaited() > 0 && Clock::now() < give_up) turn(Clock::now() + load::Lateness::tick);
}

Result<void> Crowd::look_for_acked() {
    const auto rooms = read_rooms(loop_, options_.people.target, options_.people.rooms, rooms_within);
    if (!rooms) return rooms.error();
    const auto lost = count_lost(acked_, *rooms, stretches_.size());
    for (std::size_t i = 0; i < lost.size(); ++i) stretches_[i]->acked_lost = lost[i];
    return {};
}

Result<CrowdReport> Crowd::run() {
    const TimePoint begin = Clock::now();
    if (auto joined = people_.join_all(); !joined) return joined.error();
    report_.people = people_.joined();
    report_.join_seconds = in_seconds(Clock::now() - begin);
    posting_since_ = Clock::now();
    const double cpu_before = load::cpu_seconds(getpid());
    spend({report_.calm, report_.calm.lag}, options_.calm);
    disturb(report_.burn, options_.burn, Disturb::burn, Disturb::rest);
    disturb(report_.stop, options_.stop, Disturb::stop, Disturb::go_on);
    report_.cpu_share = (load::cpu_seconds(getpid()) - cpu_before) / in_seconds(Clock::now() - posting_since_);
    wait_for_answers();
    if (auto looked = look_for_acked(); !looked) return looked.error();
    return std::move(report_);
}

}  // namespace

Result<CrowdReport> run_crowd(load::EventLoop& loop, const CrowdOptions& options) {
    std::uint32_t people = newcomers;
    for (const auto size : options.people.sizes) people += size;
    if (auto raised = load::raise_descriptors(people); !raised) return raised.error();
    return std::make_unique<Crowd>(loop, options)->run();
}

}  // namespace waaft::bench
