#include "cmd/bench/people.h"

#include "cmd/load/wire.h"
#include "server/base/id.h"
#include "server/signaling/codec.h"

#include <algorithm>
#include <array>
#include <optional>

namespace waaft::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t people_joining_max = 64;
constexpr Duration people_patience = seconds(30);  // without anybody getting in
constexpr Duration people_turn_max = milliseconds(10);
constexpr Duration look_every = milliseconds(100);
constexpr std::size_t people_text_bytes = 100;
constexpr int post_tries = 8;
// As web/protocol.ts.
constexpr milliseconds within_at_first = seconds(60);
constexpr Duration welcome_within = seconds(20);
constexpr unsigned welcome_within_times_max = 3;
constexpr std::uint32_t back_within_ms = 1000;
constexpr std::uint32_t pause_least_ms = 500;
constexpr std::uint32_t pause_most_ms = 15'000;
// What arrived in the last moment may not have been read yet.
constexpr Duration unread_at_most = milliseconds(500);

std::uint64_t ns_of(TimePoint time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

}  // namespace

class Person final : public load::Connection::Handler {
public:
    Person(Company& company, std::size_t room, std::uint32_t number)
        : company_(company), room_(room), number_(number), connection_(company.loop, company.options.target, *this) {}

    void attempt(TimePoint now);
    void look(TimePoint now);
    bool post(TimePoint now);
    bool is_away(TimePoint now) const { return !joined_ || now - heard_at_ > within_; }
    std::optional<TimePoint> awaited_since() const { return posted_ ? std::optional(posted_->at) : std::nullopt; }

    void on_open() override;
    void on_text(std::string_view message) override;
    void on_closed(const load::Connection::Closed& closed) override;

private:
    struct Posted {
        std::string nonce;
        std::string text;
        TimePoint at;
    };

    void on_chat(std::uint64_t seq, std::string_view message);
    void on_other(std::string_view message);
    void on_welcome(const signaling::Welcome& welcome);
    void on_ack(const signaling::Ack& ack);
    void on_error(const signaling::ErrorMessage& error);
    void lose(TimePoint now, const std::string& reason);
    Duration pause();
    void send(const signaling::ClientMessage& message) { connection_.send_text(signaling::encode(message)); }

    Company& company_;
    std::size_t room_;
    std::uint32_t number_;
    load::Connection connection_;
    std::string resume_;
    signaling::Position seen_;
    std::optional<Posted> posted_;  // and not answered
    std::uint64_t posts_ = 0;
    TimePoint heard_at_;
    TimePoint welcome_by_;
    Duration within_ = within_at_first;
    milliseconds asked_to_wait_{0};  // by the server that closes this connection
    unsigned attempts_ = 0;
    bool tries_ = false;
    bool joined_ = false;
    bool was_joined_ = false;
};

void Person::attempt(TimePoint now) {
    const auto& sources = company_.options.sources;
    tries_ = true;
    welcome_by_ = now + welcome_within * (1 + std::min(attempts_, welcome_within_times_max - 1));
    connection_.open(sources.empty() ? std::nullopt : std::optional(sources[number_ % sources.size()]));
}

void Person::on_open() {
    signaling::Join join;
    join.room = company_.options.rooms[room_];
    join.name = "person " + std::to_string(number_);
    if (!resume_.empty()) join.resume = resume_;
    if (!seen_.epoch.empty()) join.seen = seen_;
    send(join);
}

void Person::on_text(std::string_view message) {
    heard_at_ = connection_.received_at();
    if (const auto seq = load::chat_seq(message)) return on_chat(*seq, message);
    constexpr std::array<std::string_view, 4> passed_over{R"({"t":"joined")", R"({"t":"member")", R"({"t":"left")",
                                                          R"({"t":"room")"};
    const auto begins = [&](std::string_view begin) { return message.starts_with(begin); };
    if (std::none_of(passed_over.begin(), passed_over.end(), begins)) on_other(message);
}

void Person::on_chat(std::uint64_t seq, std::string_view message) {
    seen_.seq = std::max(seen_.seq, seq);
    const auto stamp = load::find_stamp(message);
    if (!stamp || stamp->run != company_.id) return;
    company_.witness.on_delivery(Duration(static_cast<Duration::rep>(ns_of(heard_at_) - stamp->sent_ns)));
}

void Person::on_other(std::string_view message) {
    const auto decoded = signaling::decode_server(message);
    if (!decoded) return;
    if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) return on_welcome(*welcome);
    if (const auto* bye = std::get_if<signaling::Bye>(&*decoded)) asked_to_wait_ = milliseconds(bye->retry_ms);
    if (const auto* ack = std::get_if<signaling::Ack>(&*decoded)) return on_ack(*ack);
    if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) return on_error(*error);
    if (const auto* renewed = std::get_if<signaling::Resume>(&*decoded)) resume_ = renewed->token;
    if (const auto* ping = std::get_if<signaling::Ping>(&*decoded)) {
        within_ = milliseconds(ping->within);
        send(signaling::Pong{});
    }
}

void Person::on_welcome(const signaling::Welcome& welcome) {
    if (!was_joined_) --company_.joining;
    ++company_.joined;
    joined_ = was_joined_ = true;
    attempts_ = 0;
    resume_ = welcome.resume;
    seen_ = {welcome.epoch, welcome.seq};
    if (posted_) send(signaling::Chat{posted_->nonce, posted_->text});
}

void Person::on_ack(const signaling::Ack& ack) {
    if (!posted_ || posted_->nonce != ack.nonce) return;
    const TimePoint at = posted_->at;
    posted_.reset();
    company_.witness.on_ack({room_, ack.epoch, ack.seq, ns_of(at), 0}, heard_at_ - at);
}

void Person::on_error(const signaling::ErrorMessage& error) {
    if (joined_) {
        if (!posted_ || posted_->nonce != error.re) return;
        posted_.reset();
        return company_.witness.on_refused(std::string(signaling::to_string(error.code)));
    }
    if (error.code == signaling::ErrorCode::resume_bad) resume_.clear();
}

void Person::on_closed(const load::Connection::Closed& closed) {
    lose(Clock::now(), closed.code != 0 ? std::to_string(closed.code) + " " + closed.reason : closed.reason);
}

void Person::lose(TimePoint now, const std::string& reason) {
    tries_ = false;
    if (joined_) {
        joined_ = false;
        --company_.joined;
        company_.witness.on_lost(reason);
    }
    company_.due.emplace(now + pause(), this);
}

// The first try to come back comes within a second, the others after pauses that grow and differ.
Duration Person::pause() {
    const unsigned attempt = attempts_++;
    if (const auto asked = std::exchange(asked_to_wait_, milliseconds(0)); asked.count() > 0) return asked;
    if (attempt == 0 && was_joined_) return milliseconds(company_.loop.random() % back_within_ms);
    const std::uint32_t ceiling = std::min(pause_most_ms, pause_least_ms << std::min(attempt, 10U));
    return milliseconds(pause_least_ms + company_.loop.random() % (ceiling - pause_least_ms + 1));
}

void Person::look(TimePoint now) {
    const bool too_silent = joined_ && now - heard_at_ > within_ + unread_at_most;
    const bool not_in = tries_ && !joined_ && now > welcome_by_;
    if (!too_silent && !not_in) return;
    connection_.cut(false);
    lose(now, "the server was silent for " + std::to_string(within_ / milliseconds(1)) + " ms");
}

bool Person::post(TimePoint now) {
    if (!joined_ || posted_) return false;
    posted_ = Posted{.nonce = "person-" + std::to_string(number_) + "-" + std::to_string(++posts_),
                     .text = load::stamped_text({company_.id, ns_of(now)}, people_text_bytes),
                     .at = now};
    send(signaling::Chat{posted_->nonce, posted_->text});
    return true;
}

// ---- all of them ----

People::People(load::EventLoop& loop, const PeopleOptions& options, Witness& witness)
    : company_{.loop = loop, .options = options, .witness = witness, .id = random_u64(), .due = {}} {
    for (std::size_t room = 0; room < options.rooms.size(); ++room) {
        for (std::uint32_t i = 0; i < options.sizes[room]; ++i) {
            const auto number = static_cast<std::uint32_t>(people_.size());
            people_.push_back(std::make_unique<Person>(company_, room, number));
        }
    }
}

People::~People() = default;

Result<void> People::join_all() {
    TimePoint give_up = Clock::now() + people_patience;
    std::uint32_t seen = 0;
    std::size_t begun = 0;
    while (company_.joined < people_.size()) {
        const TimePoint now = Clock::now();
        if (now > give_up) {
            return Error{"bench",
                         "only " + std::to_string(company_.joined) + " of " + std::to_string(people_.size()) +
                             " people could join",
                         {},
                         {}};
        }
        for (; begun < people_.size() && company_.joining < people_joining_max; ++company_.joining)
            people_[begun++]->attempt(now);
        company_.loop.turn(std::min(next_due(), now + people_turn_max));
        tick(Clock::now());
        if (company_.joined > seen) give_up = Clock::now() + people_patience;
        seen = std::max(seen, company_.joined);
    }
    return {};
}

void People::tick(TimePoint now) {
    while (!company_.due.empty() && company_.due.begin()->first <= now) {
        auto next = company_.due.extract(company_.due.begin());
        next.mapped()->attempt(now);
    }
    if (now < look_at_) return;
    look_at_ = now + look_every;
    for (const auto& person : people_) person->look(now);
}

TimePoint People::next_due() const { return company_.due.empty() ? TimePoint::max() : company_.due.begin()->first; }

bool People::post(TimePoint now) {
    for (int i = 0; i < post_tries; ++i) {
        if (people_[company_.loop.random() % people_.size()]->post(now)) return true;
    }
    return false;
}

std::size_t People::awaited() const {
    return static_cast<std::size_t>(std::count_if(
        people_.begin(), people_.end(), [](const auto& person) { return person->awaited_since().has_value(); }));
}

void People::add_awaited(TimePoint now, load::Histogram& ages) const {
    for (const auto& person : people_) {
        const auto since = person->awaited_since();
        if (since && now - *since >= as_before_within) ages.add(static_cast<std::uint64_t>((now - *since).count()));
    }
}

std::uint32_t People::away(TimePoint now) const {
    return static_cast<std::uint32_t>(
        std::count_if(people_.begin(), people_.end(), [&](const auto& person) { return person->is_away(now); }));
}

}  // namespace waaft::bench
