// One member who sends, is cut off, comes back with what it has seen, and writes everything down.
//
// Thread: the loop's. Ownership: the Run outlives it. Bounds: at most outstanding_max messages without
// an ack. Errors: none; what happens is in the history. Source: PROTOCOL.md (join, resume, seen, nonce).
#pragma once

#include "cmd/load/connection.h"
#include "server/signaling/messages.h"
#include "tests/history/history.h"

#include <deque>
#include <random>
#include <string>

namespace waaft::history {

// What the clients of one run share.
struct Run {
    load::EventLoop& loop;
    const load::Target& target;
    std::string room;
    std::string name;  // of the run, part of its messages
    std::mt19937_64 random;
    TimePoint start;
    double messages_per_second = 4;                // of one client, while it is in
    Duration cut_every = std::chrono::seconds(3);  // on average, of one client
    bool sending = false;
    bool cutting = false;

    std::int64_t ms() const;
    // Exponential, so that every moment is as likely.
    Duration wait_of(Duration mean);
    std::uint64_t below(std::uint64_t end) { return random() % end; }
};

class Client final : public load::Connection::Handler {
public:
    Client(Run& run, std::uint64_t number) : run_(run), number_(number), connection_(run.loop, run.target, *this) {}

    // Does what is due; to be called often.
    void tick(TimePoint now);
    bool settled() const { return joined_ && outstanding_.empty(); }
    const load::Connection& connection() const { return connection_; }
    const Position& position() const { return seen_; }
    const ClientHistory& history() const { return history_; }
    std::uint64_t acked() const { return acked_; }
    std::uint64_t heard() const { return heard_; }
    std::uint64_t cuts() const { return cuts_; }
    std::uint64_t resumed() const { return resumed_; }
    // The last error or reason of a close, for a run that does not come to rest.
    const std::string& trouble() const { return trouble_; }

    void on_open() override;
    void on_text(std::string_view message) override;
    void on_closed(const load::Connection::Closed& closed) override;

private:
    static constexpr std::size_t outstanding_max = 8;

    void cut(TimePoint now);
    void post_next();
    void post(const std::string& message);
    void on_welcome(const signaling::Welcome& welcome);
    void on_record(const signaling::Record& record, Event::Kind kind);
    void on_ack(const signaling::Ack& ack);
    void on_error(const signaling::ErrorMessage& error);
    void gone(TimePoint now, Duration mean_wait);
    Event& write(Event::Kind kind);

    Run& run_;
    std::uint64_t number_;
    load::Connection connection_;
    ClientHistory history_;
    std::string resume_;
    Position seen_;                        // epoch empty: nothing yet
    std::optional<Position> asked_;        // with the join that is under way
    std::deque<std::string> outstanding_;  // sent, not acked; in the order of sending
    std::uint64_t next_message_ = 1;
    TimePoint open_at_;
    TimePoint post_at_;
    TimePoint cut_at_;
    bool joined_ = false;
    std::uint64_t acked_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t cuts_ = 0;
    std::uint64_t resumed_ = 0;
    std::string trouble_;
};

}  // namespace waaft::history
