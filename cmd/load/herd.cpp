#include "cmd/load/herd.h"

#include "cmd/load/chat_load.h"
#include "cmd/load/lateness.h"
#include "cmd/load/wire.h"
#include "server/signaling/codec.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace waaft::load {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t herd_joining_max = 64;
constexpr Duration herd_patience = std::chrono::seconds(30);  // without anybody getting in
constexpr Duration settle = std::chrono::seconds(1);
constexpr Duration herd_turn_max = milliseconds(50);
constexpr std::uint32_t first_pause_most = 1000;
constexpr std::uint32_t pause_least = 500;
constexpr std::uint32_t pause_most = 15'000;

class Member;

struct Herd {
    Herd(EventLoop& the_loop, const HerdOptions& the_options) : loop(the_loop), options(the_options) {}

    EventLoop& loop;
    const HerdOptions& options;
    HerdReport report;
    std::multimap<TimePoint, Member*> due;  // attempts
    std::uint32_t joining = 0;
    std::optional<TimePoint> first_loss;
};

std::size_t first_server(const HerdOptions& options, std::uint32_t number) {
    const std::size_t rooms = options.rooms.size();
    return home_of(number % rooms, options.servers.size()).value_or(number / rooms);
}

class Member final : public Connection::Handler {
public:
    Member(Herd& herd, std::uint32_t number)
        : herd_(herd), number_(number), server_(first_server(herd.options, number)) {}

    void attempt();

    void on_open() override;
    void on_text(std::string_view message) override;
    void on_closed(const Connection::Closed& closed) override;

private:
    void on_welcome(const signaling::Welcome& welcome);
    Duration pause();

    Herd& herd_;
    std::uint32_t number_;
    std::size_t server_;
    std::unique_ptr<Connection> connection_;
    std::string resume_;
    bool joined_ = false;
    bool was_lost_ = false;
    unsigned attempts_ = 0;
    milliseconds asked_to_wait_{0};  // by the server that closes this connection
};

void Member::attempt() {
    const auto& servers = herd_.options.servers;
    const auto& sources = herd_.options.sources;
    if (was_lost_) ++herd_.report.attempts;
    connection_ = std::make_unique<Connection>(herd_.loop, servers[server_ % servers.size()], *this);
    connection_->open(sources.empty() ? std::nullopt : std::optional(sources[number_ % sources.size()]));
}

void Member::on_open() {
    signaling::Join join;
    join.room = herd_.options.rooms[number_ % herd_.options.rooms.size()];
    join.name = "load " + std::to_string(number_);
    if (!resume_.empty()) join.resume = resume_;
    connection_->send_text(signaling::encode(signaling::ClientMessage(join)));
}

void Member::on_text(std::string_view message) {
    const bool is_ours = message.starts_with(R"({"t":"ping")") || message.starts_with(R"({"t":"resume")") ||
                         message.starts_with(R"({"t":"bye")");
    if (joined_ && !is_ours) return;
    const auto decoded = signaling::decode_server(message);
    if (!decoded) return;
    if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) return on_welcome(*welcome);
    if (const auto* bye = std::get_if<signaling::Bye>(&*decoded)) asked_to_wait_ = milliseconds(bye->retry_ms);
    if (const auto* renewed = std::get_if<signaling::Resume>(&*decoded)) resume_ = renewed->token;
    if (std::holds_alternative<signaling::Ping>(*decoded))
        connection_->send_text(signaling::encode(signaling::ClientMessage(signaling::Pong{})));
}

void Member::on_welcome(const signaling::Welcome& welcome) {
    joined_ = true;
    attempts_ = 0;
    resume_ = welcome.resume;
    if (!was_lost_) {
        --herd_.joining;
        ++herd_.report.joined;
        return;
    }
    was_lost_ = false;
    ++herd_.report.back;
    if (!welcome.resumed) ++herd_.report.as_others;
    herd_.report.back_after.add(static_cast<std::uint64_t>((Clock::now() - *herd_.first_loss).count()));
}

void Member::on_closed(const Connection::Closed& closed) {
    const TimePoint now = Clock::now();
    if (herd_.first_loss) ++herd_.report.closes[closed.reason];
    if (joined_) {
        if (!herd_.first_loss) herd_.first_loss = now;
        ++herd_.report.lost;
        was_lost_ = true;
        joined_ = false;
    }
    const std::size_t others = herd_.options.servers.size() - 1;
    if (others > 0) server_ += 1 + herd_.loop.random() % others;
    herd_.due.emplace(now + pause(), this);
}

Duration Member::pause() {
    const unsigned attempt = attempts_++;
    if (const auto asked = std::exchange(asked_to_wait_, milliseconds(0)); asked.count() > 0) return asked;
    if (attempt == 0 && was_lost_) return milliseconds(herd_.loop.random() % first_pause_most);
    const std::uint32_t ceiling = std::min(pause_most, pause_least << std::min(attempt, 10U));
    return milliseconds(pause_least + herd_.loop.random() % (ceiling - pause_least + 1));
}

// ---- the course of a run ----

void turn(Herd& herd, TimePoint latest) {
    const TimePoint now = Clock::now();
    while (!herd.due.empty() && herd.due.begin()->first <= now) {
        auto next = herd.due.extract(herd.due.begin());
        next.mapped()->attempt();
    }
    herd.loop.turn(herd.due.empty() ? latest : std::min(latest, herd.due.begin()->first));
}

void join_all(Herd& herd, const std::vector<std::unique_ptr<Member>>& members) {
    const TimePoint start = Clock::now();
    TimePoint patience = start + herd_patience;
    std::uint32_t seen = 0;
    std::size_t begun = 0;
    while (herd.report.joined < members.size() && Clock::now() < patience) {
        for (; begun < members.size() && herd.joining < herd_joining_max; ++herd.joining) members[begun++]->attempt();
        turn(herd, Clock::now() + herd_turn_max);
        if (herd.report.joined != seen) patience = Clock::now() + herd_patience;
        seen = herd.report.joined;
    }
    herd.report.join_seconds = std::chrono::duration<double>(Clock::now() - start).count();
}

void wait_for_all(Herd& herd) {
    const TimePoint give_up = Clock::now() + herd.options.patience;
    TimePoint since = Clock::now();
    // All are back, and nobody has been lost for a while.
    Lateness lateness(since);
    while (Clock::now() < give_up && (herd.report.lost == 0 || Clock::now() < since + settle)) {
        turn(herd, lateness.due());
        lateness.look(Clock::now());
        if (herd.report.back != herd.report.lost) since = Clock::now();
    }
    herd.report.lag = lateness.lag();
}

}  // namespace

std::optional<std::size_t> home_of(std::size_t room, std::size_t servers) {
    return room % 2 == 0 ? std::nullopt : std::optional((room / 2) % servers);
}

Result<void> run_herd(EventLoop& loop, const HerdOptions& options, const HerdEvents& events) {
    if (const auto raised = raise_descriptors(options.clients); !raised) return raised.error();
    Herd herd(loop, options);
    std::vector<std::unique_ptr<Member>> members;
    for (std::uint32_t i = 0; i < options.clients; ++i) members.push_back(std::make_unique<Member>(herd, i));
    join_all(herd, members);
    if (herd.report.joined < options.clients) {
        return Error{"herd",
                     "only " + std::to_string(herd.report.joined) + " of " + std::to_string(options.clients) +
                         " clients could join",
                     {},
                     {}};
    }
    events.held();
    wait_for_all(herd);
    events.over(herd.report);
    return {};
}

}  // namespace waaft::load
