#include "tests/history/client.h"

#include "server/signaling/codec.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using Kind = Event::Kind;

constexpr milliseconds back_after{150};  // on average
constexpr milliseconds move_again_after{500};
constexpr milliseconds post_again_after{1000};
constexpr milliseconds within_at_first{60000};
// As web/protocol.ts: openTimeoutMin, openTimeoutSame, joinTimeout.
constexpr milliseconds open_timeout{1500};
constexpr unsigned open_timeout_same = 3;
constexpr milliseconds join_timeout{12000};

std::string as_json(const signaling::ClientMessage& message) { return signaling::encode(message); }

}  // namespace

std::int64_t Run::ms() const { return std::chrono::duration_cast<milliseconds>(Clock::now() - start).count(); }

Duration Run::wait_of(Duration mean) {
    std::exponential_distribution<double> wait(1.0 / static_cast<double>(mean.count()));
    return Duration(static_cast<Duration::rep>(wait(random)));
}

Client::Line::Line(Client& of, std::size_t to)
    : client(of), server(to), connection(of.run_.loop, of.run_.target(to), *this) {}

Event& Client::write(Kind kind) {
    auto& event = history_.events.emplace_back();
    event.kind = kind;
    event.ms = run_.ms();
    return event;
}

std::unique_ptr<Client::Line> Client::open_line() {
    auto line = std::make_unique<Line>(*this, run_.choose(run_));
    const auto patience =
        milliseconds(open_timeout * (1 << (std::clamp(attempt_, open_timeout_same, 6u) - open_timeout_same)));
    line->open_by = Clock::now() + (resume_.empty() ? join_timeout : std::min(patience, join_timeout));
    return line;
}

void Client::retire(std::unique_ptr<Line>& line) {
    if (line) retired_.push_back(std::move(line));
}

void Client::tick(TimePoint now) {
    retired_.clear();
    if (now < stalled_until_) return;
    if (!line_) {
        if (now < open_at_) return;
        cut_at_ = now + run_.wait_of(run_.cut_every);
        line_ = open_line();
        line_->connection.open();  // may be refused at once
        return;
    }
    if (stalled_until_ != TimePoint{}) {
        stalled_until_ = {};
        silent_at_ = now + within_;
        line_->connection.set_reading(true);
    }
    look_at_line(now);
    if (line_) look_at_move(now);
    if (!joined_) return;
    if (repost_at_) {
        if (now < *repost_at_) return;
        repost_at_.reset();
        post_outstanding();
    }
    if (joined_ && run_.sending && now >= post_at_ && outstanding_.size() < outstanding_max) {
        post_at_ = now + run_.wait_of(std::chrono::duration_cast<Duration>(
                             std::chrono::duration<double>(1 / run_.messages_per_second)));
        post_next();
    }
}

void Client::look_at_line(TimePoint now) {
    if (run_.cutting && now >= cut_at_) return cut(now);
    const bool too_silent = joined_ && now >= silent_at_;
    const bool not_in = !joined_ && now >= line_->open_by;
    if (!too_silent && !not_in) return;
    if (too_silent && !pinged_) within_ = within_at_first;
    trouble_ = too_silent ? "the server was silent" : "no connection in time";
    write(Kind::cut).message = trouble_;
    line_->connection.cut(false);
    ++attempt_;
    gone(now, too_silent ? Duration::zero() : Duration(back_after));
}

void Client::look_at_move(TimePoint now) {
    if (candidate_ && now >= candidate_->open_by) {
        candidate_->connection.cut(false);
        retire(candidate_);
        move_at_ = now + move_again_after;
    }
    if (candidate_ || !move_at_ || now < *move_at_ || !joined_) return;
    move_at_.reset();
    candidate_ = open_line();
    candidate_->connection.open();
}

void Client::stall_until(TimePoint until) {
    if (!line_ || !joined_) return;
    stalled_until_ = until;
    line_->connection.set_reading(false);
}

// At whatever stage it is: a close frame, a plain end, or a reset.
void Client::cut(TimePoint now) {
    ++cuts_;
    write(Kind::cut);
    switch (run_.below(3)) {
        case 0: line_->connection.close(); break;
        case 1: line_->connection.cut(false); break;
        default: line_->connection.cut(true); break;
    }
    gone(now, back_after);
}

void Client::gone(TimePoint now, Duration mean_wait) {
    joined_ = false;
    move_at_.reset();
    repost_at_.reset();
    if (candidate_) candidate_->connection.cut(false);
    retire(candidate_);
    retire(line_);
    open_at_ = mean_wait == Duration::zero() ? now : now + run_.wait_of(mean_wait);
}

void Client::on_open(Line& line) {
    line.open_by = Clock::now() + join_timeout;
    if (&line == line_.get()) {
        pinged_ = false;
        asked_to_wait_ = {};
    }
    signaling::Join join;
    join.room = room_;
    join.name = "client " + std::to_string(number_);
    if (!resume_.empty()) join.resume = resume_;
    if (!seen_.epoch.empty()) {
        line.asked = seen_;
        join.seen = signaling::Position{seen_.epoch, seen_.seq};
    }
    line.connection.send_text(as_json(join));
}

void Client::on_closed(Line& line, const load::Connection::Closed& closed) {
    if (&line == candidate_.get()) {
        retire(candidate_);
        move_at_ = Clock::now() + move_again_after;
        return;
    }
    if (&line != line_.get()) return;
    write(Kind::closed).message = std::to_string(closed.code) + " " + closed.reason;
    if (!closed.reason.empty() || closed.code != 0) trouble_ = std::to_string(closed.code) + " " + closed.reason;
    // The server that takes it over has told this one already; its welcome is on the way.
    const bool replaced = closed.code == static_cast<std::uint16_t>(signaling::CloseCode::replaced);
    if (candidate_ && replaced) return take_candidate();
    if (!joined_) ++attempt_;
    gone(Clock::now(), back_after * (1 << std::min(attempt_, 4u)));
    open_at_ = std::max(open_at_, Clock::now() + asked_to_wait_);
}

void Client::take_candidate() {
    joined_ = false;
    retire(line_);
    line_ = std::move(candidate_);
    ++moved_;
}

void Client::post_next() {
    outstanding_.push_back(run_.name + "-" + std::to_string(number_) + "-" + std::to_string(next_message_++));
    post(outstanding_.back());
}

// The message's name is its nonce and its text.
void Client::post(const std::string& message) {
    write(Kind::sent).message = message;
    line_->connection.send_text(as_json(signaling::Chat{message, message}));
}

void Client::post_outstanding() {
    const std::deque<std::string> again = outstanding_;
    for (const auto& message : again) {
        if (joined_) post(message);
    }
}

void Client::on_text(Line& line, std::string_view message) {
    const auto decoded = signaling::decode_server(message);
    if (!decoded) {
        trouble_ = "not understood: " + decoded.error().detail;
        return;
    }
    if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) return on_welcome(line, *welcome);
    if (&line != line_.get()) return;
    silent_at_ = Clock::now() + within_;
    if (const auto* added = std::get_if<signaling::RecordAdded>(&*decoded))
        return on_record(added->record, Kind::heard);
    if (const auto* ack = std::get_if<signaling::Ack>(&*decoded)) return on_ack(*ack);
    if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) return on_error(*error);
    if (const auto* renewed = std::get_if<signaling::Resume>(&*decoded)) resume_ = renewed->token;
    if (std::holds_alternative<signaling::Left>(*decoded)) ++departures_;
    if (const auto* restarting = std::get_if<signaling::Restarting>(&*decoded); restarting && restarting->move)
        move_at_ = Clock::now() + milliseconds(restarting->retry_ms);
    if (const auto* bye = std::get_if<signaling::Bye>(&*decoded)) asked_to_wait_ = milliseconds(bye->retry_ms);
    if (const auto* ping = std::get_if<signaling::Ping>(&*decoded)) {
        within_ = milliseconds(ping->within);
        pinged_ = true;
        silent_at_ = Clock::now() + within_;
        line.connection.send_text(as_json(signaling::Pong{}));
    }
}

void Client::on_welcome(Line& line, const signaling::Welcome& welcome) {
    const bool moves = &line == candidate_.get();
    if (moves) {
        line_->connection.close();
        take_candidate();
    } else if (&line != line_.get()) {
        return;
    }
    joined_ = true;
    attempt_ = 0;
    silent_at_ = Clock::now() + within_;
    resumed_ += welcome.resumed ? 1 : 0;
    resume_ = welcome.resume;
    auto& event = write(Kind::welcomed);
    event.at = {welcome.epoch, welcome.seq};
    event.seen = line.asked;
    // While it asked it went on hearing, on the connection that it had.
    const bool heard_more = line.asked && line.asked->epoch == seen_.epoch && seen_.epoch == welcome.epoch;
    if (heard_more) event.seen = seen_;
    const std::uint64_t asked_seq = line.asked ? line.asked->seq : 0;
    const std::uint64_t had = heard_more ? seen_.seq : 0;
    if (welcome.gap) event.gap = Range{welcome.gap->from, welcome.gap->to};
    seen_.epoch = welcome.epoch;
    for (const auto& record : welcome.items) {
        if (record.seq > had || record.seq <= asked_seq || !heard_more) on_record(record, Kind::item);
    }
    seen_.seq = std::max(welcome.seq, had);
    post_outstanding();
}

void Client::on_record(const signaling::Record& record, Kind kind) {
    auto& event = write(kind);
    event.message = record.text;
    event.at = {seen_.epoch, record.seq};
    seen_.seq = record.seq;
    ++heard_;
}

void Client::on_ack(const signaling::Ack& ack) {
    auto& event = write(Kind::acked);
    event.message = ack.nonce;
    event.at = {ack.epoch, ack.seq};
    const auto waiting = std::find(outstanding_.begin(), outstanding_.end(), ack.nonce);
    if (waiting == outstanding_.end()) return;
    outstanding_.erase(waiting);
    ++acked_;
}

// A refused message is sent again after a while; a refused join comes back without its token.
void Client::on_error(const signaling::ErrorMessage& error) {
    trouble_ = std::string(signaling::to_string(error.code)) + " " + error.detail;
    if (error.code == signaling::ErrorCode::resume_bad) resume_.clear();
    if (!joined_) return;
    if (std::find(outstanding_.begin(), outstanding_.end(), error.re) != outstanding_.end()) {
        write(Kind::refused).message = error.re;
        if (!repost_at_) repost_at_ = Clock::now() + post_again_after;
        return;
    }
    write(Kind::cut);
    line_->connection.cut(false);
    gone(Clock::now(), back_after);
}

}  // namespace waaft::history
