#include "cmd/bench/room_reading.h"

#include "cmd/load/wire.h"
#include "server/signaling/codec.h"

#include <algorithm>
#include <memory>

namespace waaft::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t page_size = 100;
constexpr milliseconds ask_again{500};
constexpr Duration page_within = std::chrono::seconds(10);
constexpr Duration reading_turn = milliseconds(20);

class RoomReader final : public load::Connection::Handler {
public:
    RoomReader(load::EventLoop& loop, const load::Target& target, std::string room)
        : connection_(loop, target, *this), room_(std::move(room)) {}

    // Does what is due.
    void tick(TimePoint now) {
        if (done_ || now < due_) return;
        log_ = {};  // the first time, or it was refused, or there was no answer
        due_ = now + page_within;
        connection_.open();
    }
    bool done() const { return done_; }
    RoomLog take() { return std::move(log_); }

    void on_open() override {
        signaling::Join join;
        join.room = room_;
        join.name = "reader";
        send(join);
    }

    void on_text(std::string_view message) override {
        const auto decoded = signaling::decode_server(message);
        if (!decoded) return;
        if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) {
            due_ = error->re == "history" ? Clock::now() + ask_again : due_;
        }
        if (const auto* bye = std::get_if<signaling::Bye>(&*decoded))
            asked_to_wait_ = std::max(ask_again, milliseconds(bye->retry_ms));
        if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) {
            log_.epoch = welcome->epoch;
            next_ = welcome->seq + 1;
            take_page(welcome->items, welcome->more);
        }
        if (const auto* history = std::get_if<signaling::History>(&*decoded)) take_page(history->items, history->more);
        if (std::holds_alternative<signaling::Ping>(*decoded)) send(signaling::Pong{});
    }

    void on_closed(const load::Connection::Closed&) override {
        due_ = Clock::now() + asked_to_wait_;
        asked_to_wait_ = ask_again;
    }

private:
    void send(const signaling::ClientMessage& message) { connection_.send_text(signaling::encode(message)); }

    void take_page(const std::vector<signaling::Record>& items, bool more) {
        due_ = Clock::now() + page_within;
        for (const auto& record : items) {
            next_ = std::min(next_, record.seq);
            if (const auto stamp = load::find_stamp(record.text)) log_.sent_ns[record.seq] = stamp->sent_ns;
        }
        done_ = !more;
        if (!done_) return send(signaling::HistoryRequest{next_, page_size});
        send(signaling::Leave{});
        connection_.close();
    }

    load::Connection connection_;
    std::string room_;
    RoomLog log_;
    std::uint64_t next_ = 0;  // older messages are asked for
    TimePoint due_;           // of the next try
    milliseconds asked_to_wait_ = ask_again;
    bool done_ = false;
};

}  // namespace

Result<std::vector<RoomLog>> read_rooms(load::EventLoop& loop, const load::Target& target,
                                        const std::vector<std::string>& rooms, Duration patience) {
    const TimePoint give_up = Clock::now() + patience;
    std::vector<std::unique_ptr<RoomReader>> readers;
    for (const auto& room : rooms) readers.push_back(std::make_unique<RoomReader>(loop, target, room));
    std::size_t first = 0;  // that is not done
    while (first < readers.size()) {
        const TimePoint now = Clock::now();
        if (now > give_up) return Error{"bench", "a room could not be read", rooms[first], {}};
        std::size_t reading = 0;
        for (std::size_t i = first; i < readers.size() && reading < reading_max; ++i) {
            readers[i]->tick(now);
            reading += readers[i]->done() ? 0 : 1;
        }
        loop.turn(now + reading_turn);
        while (first < readers.size() && readers[first]->done()) ++first;
    }
    std::vector<RoomLog> logs;
    for (const auto& reader : readers) logs.push_back(reader->take());
    return logs;
}

}  // namespace waaft::bench
