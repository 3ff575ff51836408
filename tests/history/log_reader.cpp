#include "tests/history/log_reader.h"

#include "server/signaling/codec.h"

namespace waaft::history {
namespace {

constexpr std::uint32_t page = 100;

class Reader final : public load::Connection::Handler {
public:
    Reader(load::EventLoop& loop, const load::Target& target, std::string room)
        : connection_(loop, target, *this), room_(std::move(room)) {
        connection_.open();
    }

    bool done() const { return done_; }
    const std::string& trouble() const { return trouble_; }
    Log take() { return std::move(log_); }

    void on_open() override {
        signaling::Join join;
        join.room = room_;
        join.name = "reader";
        connection_.send_text(signaling::encode(signaling::ClientMessage(join)));
    }

    void on_text(std::string_view message) override {
        const auto decoded = signaling::decode_server(message);
        if (!decoded) return;
        if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) fail(error->detail);
        if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) {
            log_.epoch = welcome->epoch;
            take_page(welcome->items, welcome->more);
        }
        if (const auto* history = std::get_if<signaling::History>(&*decoded)) take_page(history->items, history->more);
    }

    void on_closed(const load::Connection::Closed& closed) override { fail("closed: " + closed.reason); }

private:
    void fail(std::string why) {
        trouble_ = std::move(why);
        done_ = true;
    }

    void take_page(const std::vector<signaling::Record>& items, bool more) {
        for (const auto& record : items) log_.messages[record.seq] = record.text;
        done_ = !more || items.empty();
        if (done_) return connection_.close();
        connection_.send_text(
            signaling::encode(signaling::ClientMessage(signaling::HistoryRequest{log_.first(), page})));
    }

    load::Connection connection_;
    std::string room_;
    Log log_;
    bool done_ = false;
    std::string trouble_;
};

}  // namespace

Result<Log> read_log(load::EventLoop& loop, const load::Target& target, const std::string& room, Duration timeout) {
    Reader reader(loop, target, room);
    const TimePoint give_up = Clock::now() + timeout;
    while (!reader.done() && Clock::now() < give_up) loop.turn(give_up);
    if (reader.done() && reader.trouble().empty()) return reader.take();
    return Error{
        "log", "the room's log could not be read: " + (reader.done() ? reader.trouble() : "no answer in time"), {}, {}};
}

}  // namespace waaft::history
