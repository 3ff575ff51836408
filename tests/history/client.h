// One member who sends, is cut off, comes back with what it has seen, and writes everything down.
//
// It does as the page does (web/protocol.ts): it goes from a server that is silent for longer than that promised, gives
// a new connection little time to open at first, and moves when it is asked to: onto a second connection before it
// leaves the first.
//
// Thread: the loop's. Ownership: the Run outlives it. Bounds: at most outstanding_max messages without
// an ack. Errors: none; what happens is in the history. Source: PROTOCOL.md (join, resume, seen, nonce).
#pragma once

#include "cmd/load/connection.h"
#include "server/signaling/messages.h"
#include "tests/history/history.h"

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace waaft::history {

// What the clients of one run share.
struct Run {
    load::EventLoop& loop;
    std::string name;  // of the run, part of its messages
    std::mt19937_64 random;
    // Where the next connection leads, as a balancer would choose.
    std::function<std::size_t(Run&)> choose;
    std::function<const load::Target&(std::size_t)> target;
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

class Client {
public:
    Client(Run& run, std::uint64_t number, std::string room) : run_(run), number_(number), room_(std::move(room)) {}

    // Does what is due; to be called often.
    void tick(TimePoint now);
    // Reads nothing and does nothing until then, as a program that hangs.
    void stall_until(TimePoint until);

    bool settled() const { return joined_ && outstanding_.empty(); }
    bool joined() const { return joined_; }
    // Of the connection in use; what `choose` said.
    std::size_t server() const { return line_ ? line_->server : 0; }
    const std::string& room() const { return room_; }
    const Position& position() const { return seen_; }
    const ClientHistory& history() const { return history_; }
    std::uint64_t acked() const { return acked_; }
    std::uint64_t heard() const { return heard_; }
    std::uint64_t cuts() const { return cuts_; }
    std::uint64_t resumed() const { return resumed_; }
    std::uint64_t moved() const { return moved_; }
    // How often it heard that somebody left.
    std::uint64_t departures() const { return departures_; }
    // The last error or reason of a close, for a run that does not come to rest.
    const std::string& trouble() const { return trouble_; }

private:
    static constexpr std::size_t outstanding_max = 8;

    // A connection, and what it asked for.
    struct Line final : load::Connection::Handler {
        Line(Client& of, std::size_t to);
        void on_open() override { client.on_open(*this); }
        void on_text(std::string_view message) override { client.on_text(*this, message); }
        void on_closed(const load::Connection::Closed& closed) override { client.on_closed(*this, closed); }

        Client& client;
        std::size_t server;
        std::optional<Position> asked;
        TimePoint open_by;
        load::Connection connection;
    };

    void on_open(Line& line);
    void on_text(Line& line, std::string_view message);
    void on_closed(Line& line, const load::Connection::Closed& closed);

    std::unique_ptr<Line> open_line();
    void retire(std::unique_ptr<Line>& line);
    void look_at_line(TimePoint now);
    void look_at_move(TimePoint now);
    void cut(TimePoint now);
    void take_candidate();
    void post_next();
    void post(const std::string& message);
    void post_outstanding();
    void on_welcome(Line& line, const signaling::Welcome& welcome);
    void on_record(const signaling::Record& record, Event::Kind kind);
    void on_ack(const signaling::Ack& ack);
    void on_error(const signaling::ErrorMessage& error);
    void gone(TimePoint now, Duration mean_wait);
    Event& write(Event::Kind kind);

    Run& run_;
    std::uint64_t number_;
    std::string room_;
    std::unique_ptr<Line> line_;
    std::unique_ptr<Line> candidate_;             // to move to
    std::vector<std::unique_ptr<Line>> retired_;  // may still be on the stack
    ClientHistory history_;
    std::string resume_;
    Position seen_;                        // epoch empty: nothing yet
    std::deque<std::string> outstanding_;  // sent, not acked; in the order of sending
    std::uint64_t next_message_ = 1;
    TimePoint open_at_;
    TimePoint post_at_;
    TimePoint cut_at_;
    TimePoint silent_at_;
    std::optional<TimePoint> repost_at_;  // something was refused
    std::optional<TimePoint> move_at_;
    TimePoint stalled_until_;
    Duration within_ = std::chrono::seconds(60);  // as promised last, on this connection or the one before
    bool pinged_ = false;                         // on this one
    std::uint32_t attempt_ = 0;
    Duration asked_to_wait_{0};  // by the server that closes this connection
    bool joined_ = false;
    std::uint64_t acked_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t cuts_ = 0;
    std::uint64_t resumed_ = 0;
    std::uint64_t moved_ = 0;
    std::uint64_t departures_ = 0;
    std::string trouble_;
};

}  // namespace waaft::history
