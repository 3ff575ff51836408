#include "tests/history/checker.h"

#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace waaft::history {
namespace {

using Kind = Event::Kind;

std::string place(const Position& at) { return at.epoch + "/" + std::to_string(at.seq); }

std::string at_ms(const Event& event) { return " at " + std::to_string(event.ms) + " ms"; }

class Checker {
public:
    Checker(const History& history, const Promises& promises) : history_(history), promises_(promises) {}

    std::vector<Violation> run() {
        find_refused();
        check_log();
        for (client_ = 0; client_ < history_.clients.size(); ++client_) check_client();
        return std::move(violations_);
    }

private:
    void find_refused();
    void check_log();
    void check_client();
    void on_sent(const Event& event);
    void on_acked(const Event& event);
    void on_ended(const Event& event);
    void on_welcomed(const Event& event);
    void on_record(const Event& event);
    void end_welcome();
    void place_message(const Event& event);
    void expect_none_between(std::uint64_t after, std::uint64_t before, const Event& event);
    bool in_log_range(const Position& at) const {
        return at.epoch == history_.log.epoch && at.seq >= history_.log.first();
    }
    std::string who() const { return "client " + std::to_string(client_) + ": "; }
    void violate(const char* rule, std::string evidence) { violations_.push_back({rule, std::move(evidence)}); }

    const History& history_;
    const Promises promises_;
    std::vector<Violation> violations_;
    std::set<std::string> refused_;
    std::map<Position, std::string> message_at_;
    std::map<std::pair<std::string, std::string>, Position> place_of_;  // by epoch and message

    // Of the client that is checked now.
    std::size_t client_ = 0;
    std::map<std::string, std::int64_t> sent_;  // when first
    std::map<std::string, Position> acked_;
    std::optional<Position> heard_;   // the last record that it has
    const Event* welcome_ = nullptr;  // whose items are being read
    bool is_in_ = false;
};

void Checker::find_refused() {
    for (const ClientHistory& client : history_.clients) {
        for (const Event& event : client.events) {
            if (event.kind == Kind::refused) refused_.insert(event.message);
        }
    }
}

void Checker::check_log() {
    std::map<std::uint64_t, std::uint64_t> newest;  // of each sender
    for (const auto& [seq, message] : history_.log.messages) {
        const Position at{history_.log.epoch, seq};
        message_at_[at] = message;
        const auto [known, is_new] = place_of_.emplace(std::pair(at.epoch, message), at);
        if (!is_new) violate("doubled", "log: " + message + " is at " + place(known->second) + " and at " + place(at));
        const auto name = parse_message_name(message);
        if (!name || refused_.contains(message)) continue;
        auto& before = newest[name->client];
        if (is_new && name->number < before) {
            violate("sender_order", "log: " + message + " at " + place(at) + " comes after number " +
                                        std::to_string(before) + " of the same sender");
        }
        before = std::max(before, name->number);
    }
}

void Checker::check_client() {
    sent_.clear();
    acked_.clear();
    heard_.reset();
    welcome_ = nullptr;
    is_in_ = false;
    for (const Event& event : history_.clients[client_].events) {
        if (event.kind != Kind::item) end_welcome();
        switch (event.kind) {
            case Kind::sent: on_sent(event); break;
            case Kind::acked: on_acked(event); break;
            case Kind::welcomed: on_welcomed(event); break;
            case Kind::item:
            case Kind::heard: on_record(event); break;
            case Kind::cut:
            case Kind::closed: on_ended(event); break;
            case Kind::refused: break;
        }
    }
    end_welcome();
    for (const auto& [message, when] : sent_) {
        if (!acked_.contains(message)) {
            violate("never_acked", who() + message + ", first sent at " + std::to_string(when) + " ms");
        }
    }
    if (heard_ && heard_->epoch == history_.log.epoch) {
        expect_none_between(heard_->seq, history_.log.last() + 1, {});
    } else {
        violate("missed", who() + "it never came to the epoch of the log, " + history_.log.epoch);
    }
}

void Checker::on_sent(const Event& event) { sent_.emplace(event.message, event.ms); }

void Checker::on_acked(const Event& event) {
    if (!sent_.contains(event.message)) {
        violate("acked_twice", who() + "an ack for " + event.message + ", which it did not send," + at_ms(event));
    }
    const auto [known, is_new] = acked_.emplace(event.message, event.at);
    if (!is_new && known->second != event.at) {
        violate("acked_twice", who() + event.message + " was acked as " + place(known->second) + " and as " +
                                   place(event.at) + at_ms(event));
    }
    if (event.at.epoch == history_.log.epoch && event.at.seq < history_.log.first()) return;  // no longer kept
    if (event.at.epoch != history_.log.epoch && promises_.may_lose) return;                   // on_welcomed() looks
    const auto found = history_.log.messages.find(event.at.seq);
    if (event.at.epoch != history_.log.epoch || found == history_.log.messages.end() ||
        found->second != event.message) {
        violate("acked_lost", who() + event.message + " was acked as " + place(event.at) + at_ms(event) +
                                  "; the log has " +
                                  (found == history_.log.messages.end() ? "nothing" : found->second) +
                                  " there, epoch " + history_.log.epoch);
    }
}

// Who was not in has only been refused.
void Checker::on_ended(const Event& event) {
    if (is_in_ && !promises_.may_close) violate("closed_healthy", who() + event.message + at_ms(event));
    is_in_ = false;
}

// Until end_welcome() heard_ is what the client had, so that the items continue it.
void Checker::on_welcomed(const Event& event) {
    is_in_ = true;
    welcome_ = &event;
    const bool continues = event.seen && event.seen->epoch == event.at.epoch;
    if (event.seen && !continues && !event.gap) {
        violate("wrong_return", who() + "the epoch went from " + event.seen->epoch + " to " + event.at.epoch +
                                    " and it was not told of a gap" + at_ms(event));
    }
    if (event.gap && !promises_.may_tell_gaps) {
        violate("gap", who() + "a gap from " + std::to_string(event.gap->from) + " to " +
                           std::to_string(event.gap->to) + " was told" + at_ms(event));
    }
    heard_ = continues ? event.seen : std::nullopt;
    if (!continues || !event.gap) return;
    // Told: what is in the gap is not missed.
    if (event.gap->from <= heard_->seq || event.gap->to < event.gap->from) {
        violate("wrong_return", who() + "a gap from " + std::to_string(event.gap->from) + " to " +
                                    std::to_string(event.gap->to) + " after seen " + place(*event.seen) + at_ms(event));
    }
    expect_none_between(heard_->seq, event.gap->from, event);
    heard_->seq = std::max(heard_->seq, event.gap->to);
}

// The items must reach the position that the welcome names.
void Checker::end_welcome() {
    if (welcome_ == nullptr) return;
    const Event& event = *std::exchange(welcome_, nullptr);
    if (heard_) expect_none_between(heard_->seq, event.at.seq + 1, event);
    if (heard_ && heard_->seq > event.at.seq) {
        violate("wrong_return",
                who() + "items up to " + place(*heard_) + " beyond the welcome's " + place(event.at) + at_ms(event));
    }
    heard_ = event.at;
}

void Checker::on_record(const Event& event) {
    place_message(event);
    if (!heard_ || heard_->epoch != event.at.epoch) {
        if (event.kind == Kind::heard) violate("missed", who() + "a record before any welcome" + at_ms(event));
        heard_ = event.at;
        return;
    }
    if (event.at.seq <= heard_->seq) {
        const bool return_again = event.kind == Kind::item;
        violate(return_again ? "wrong_return" : "reordered",
                who() + event.message + " at " + place(event.at) + " after " + place(*heard_) + at_ms(event));
        return;
    }
    expect_none_between(heard_->seq, event.at.seq, event);
    heard_->seq = event.at.seq;
}

void Checker::place_message(const Event& event) {
    const auto [there, free] = message_at_.emplace(event.at, event.message);
    if (!free && there->second != event.message) {
        violate("seq_reused", who() + "saw " + event.message + at_ms(event) + " at " + place(event.at) + ", where " +
                                  there->second + " is");
    }
    const auto [known, is_new] = place_of_.emplace(std::pair(event.at.epoch, event.message), event.at);
    if (!is_new && known->second != event.at) {
        violate("doubled", who() + "saw " + event.message + " at " + place(event.at) + at_ms(event) +
                               "; it is also at " + place(known->second));
    }
    if (in_log_range(event.at) && !history_.log.messages.contains(event.at.seq)) {
        violate("unlogged", who() + "saw " + event.message + " at " + place(event.at) + at_ms(event) +
                                ", which the log does not have");
    }
}

// Records of the log after `after` and before `before` should have come.
void Checker::expect_none_between(std::uint64_t after, std::uint64_t before, const Event& event) {
    if (!heard_ || heard_->epoch != history_.log.epoch) return;
    const auto missed = history_.log.messages.upper_bound(after);
    if (missed == history_.log.messages.end() || missed->first >= before) return;
    violate("missed", who() + "between " + std::to_string(after) + " and " + std::to_string(before) +
                          " it did not get " + missed->second + " at " + std::to_string(missed->first) +
                          " nor was told" + (event.ms == 0 ? " until the end" : at_ms(event)));
}

}  // namespace

std::optional<MessageName> parse_message_name(const std::string& message) {
    const auto last = message.rfind('-');
    const auto middle = last == std::string::npos || last == 0 ? std::string::npos : message.rfind('-', last - 1);
    if (middle == std::string::npos) return std::nullopt;
    MessageName name;
    const char* const end = message.data() + message.size();
    const auto client = std::from_chars(message.data() + middle + 1, message.data() + last, name.client);
    const auto number = std::from_chars(message.data() + last + 1, end, name.number);
    if (client.ec != std::errc{} || number.ec != std::errc{} || number.ptr != end) return std::nullopt;
    return name;
}

std::vector<Violation> check(const History& history, const Promises& promises) {
    return Checker(history, promises).run();
}

std::size_t gaps_told(const History& history) {
    std::size_t count = 0;
    for (const ClientHistory& client : history.clients) {
        for (const Event& event : client.events) count += event.kind == Kind::welcomed && event.gap ? 1 : 0;
    }
    return count;
}

}  // namespace waaft::history
