#include "tests/history/client.h"

#include "server/signaling/codec.h"

#include <algorithm>
#include <cmath>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using Kind = Event::Kind;

constexpr milliseconds back_after{150};  // on average

std::string as_json(const signaling::ClientMessage& message) { return signaling::encode(message); }

}  // namespace

std::int64_t Run::ms() const { return std::chrono::duration_cast<milliseconds>(Clock::now() - start).count(); }

Duration Run::wait_of(Duration mean) {
    std::exponential_distribution<double> wait(1.0 / static_cast<double>(mean.count()));
    return Duration(static_cast<Duration::rep>(wait(random)));
}

Event& Client::write(Kind kind) {
    auto& event = history_.events.emplace_back();
    event.kind = kind;
    event.ms = run_.ms();
    return event;
}

void Client::tick(TimePoint now) {
    if (connection_.is_closed()) {
        if (now >= open_at_) {
            cut_at_ = now + run_.wait_of(run_.cut_every);
            connection_.open();
        }
        return;
    }
    if (run_.cutting && now >= cut_at_) return cut(now);
    if (joined_ && run_.sending && now >= post_at_ && outstanding_.size() < outstanding_max) {
        post_at_ = now + run_.wait_of(std::chrono::duration_cast<Duration>(
                             std::chrono::duration<double>(1 / run_.messages_per_second)));
        post_next();
    }
}

// At whatever stage it is: a close frame, a plain end, or a reset.
void Client::cut(TimePoint now) {
    ++cuts_;
    write(Kind::cut);
    switch (run_.below(3)) {
        case 0: connection_.close(); break;
        case 1: connection_.cut(false); break;
        default: connection_.cut(true); break;
    }
    gone(now, back_after);
}

void Client::gone(TimePoint now, Duration mean_wait) {
    joined_ = false;
    open_at_ = now + run_.wait_of(mean_wait);
}

void Client::on_open() {
    signaling::Join join;
    join.room = run_.room;
    join.name = "client " + std::to_string(number_);
    if (!resume_.empty()) join.resume = resume_;
    asked_.reset();
    if (!seen_.epoch.empty()) {
        asked_ = seen_;
        join.seen = signaling::Position{seen_.epoch, seen_.seq};
    }
    connection_.send_text(as_json(join));
}

void Client::on_closed(const load::Connection::Closed& closed) {
    write(Kind::closed);
    if (!closed.reason.empty() || closed.code != 0) trouble_ = std::to_string(closed.code) + " " + closed.reason;
    gone(Clock::now(), back_after);
}

void Client::post_next() {
    outstanding_.push_back(run_.name + "-" + std::to_string(number_) + "-" + std::to_string(next_message_++));
    post(outstanding_.back());
}

// The message's name is its nonce and its text.
void Client::post(const std::string& message) {
    write(Kind::sent).message = message;
    connection_.send_text(as_json(signaling::Chat{message, message}));
}

void Client::on_text(std::string_view message) {
    const auto decoded = signaling::decode_server(message);
    if (!decoded) {
        trouble_ = "not understood: " + decoded.error().detail;
        return;
    }
    if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) return on_welcome(*welcome);
    if (const auto* added = std::get_if<signaling::RecordAdded>(&*decoded))
        return on_record(added->record, Kind::heard);
    if (const auto* ack = std::get_if<signaling::Ack>(&*decoded)) return on_ack(*ack);
    if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) return on_error(*error);
    if (std::holds_alternative<signaling::Ping>(*decoded)) connection_.send_text(as_json(signaling::Pong{}));
}

void Client::on_welcome(const signaling::Welcome& welcome) {
    joined_ = true;
    resumed_ += welcome.resumed ? 1 : 0;
    resume_ = welcome.resume;
    auto& event = write(Kind::welcomed);
    event.at = {welcome.epoch, welcome.seq};
    event.seen = asked_;
    if (welcome.gap) event.gap = Range{welcome.gap->from, welcome.gap->to};
    seen_.epoch = welcome.epoch;
    for (const auto& record : welcome.items) on_record(record, Kind::item);
    seen_.seq = welcome.seq;
    const std::deque<std::string> again = outstanding_;
    for (const auto& message : again) {
        if (joined_) post(message);
    }
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

// A refused message is sent again with the next return; a refused join comes back without its token.
void Client::on_error(const signaling::ErrorMessage& error) {
    trouble_ = std::string(signaling::to_string(error.code)) + " " + error.detail;
    if (error.code == signaling::ErrorCode::resume_bad) resume_.clear();
    if (!joined_) return;
    write(Kind::cut);
    connection_.cut(false);
    gone(Clock::now(), back_after);
}

}  // namespace waaft::history
