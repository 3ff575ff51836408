#include "cmd/load/chat_load.h"

#include "cmd/load/process.h"
#include "cmd/load/wire.h"
#include "server/base/id.h"
#include "server/signaling/codec.h"

#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <utility>

namespace waaft::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t joining_max = 64;          // clients on their way in at a time
constexpr Duration join_patience = seconds(20);  // without anybody getting in
constexpr Duration drain_patience = seconds(10);
constexpr Duration turn_max = milliseconds(100);
constexpr milliseconds busy_pause{1000};  // where a busy server does not say how long
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr rlim_t descriptors_kept_back = 64;

std::uint64_t nanoseconds(TimePoint time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

double cpu_seconds_of(const std::vector<pid_t>& pids) {
    return std::accumulate(pids.begin(), pids.end(), 0.0, [](double sum, pid_t pid) { return sum + cpu_seconds(pid); });
}

std::uint64_t resident_bytes_of(const std::vector<pid_t>& pids) {
    return std::accumulate(pids.begin(), pids.end(), std::uint64_t{0},
                           [](std::uint64_t sum, pid_t pid) { return sum + resident_bytes(pid); });
}

struct RoomState {
    std::string name;
    SendTimes times;
};

class Client;

// What the clients share.
struct Run {
    Run(EventLoop& the_loop, const Target& the_target, const ChatLoadOptions& the_options)
        : loop(the_loop), target(the_target), options(the_options) {}

    EventLoop& loop;
    const Target& target;
    const ChatLoadOptions& options;
    std::uint64_t id = random_u64();
    std::deque<RoomState> rooms;
    ChatLoadReport report;
    ChatLoadReport::Phase* measured = nullptr;  // nullptr: between the measured times
    std::uint32_t messages_per_second = 0;      // of one client, as the server says
    std::size_t joining = 0;
    std::multimap<TimePoint, Client*> again;  // who were refused because the server was busy
    std::uint32_t alive = 0;
    bool over = false;  // what ends now was ended by us
};

// Each room has people on each server, and so have those who come first.
const Target& server_of(const Run& run, std::uint32_t number) {
    const auto& others = run.options.others;
    const std::size_t dealt = number / run.rooms.size() + number % run.rooms.size();
    const std::size_t at = dealt % (others.size() + 1);
    return at == 0 ? run.target : others[at - 1];
}

class Client final : public Connection::Handler {
public:
    Client(Run& run, RoomState& room, std::uint32_t number)
        : run_(run), room_(room), number_(number), connection_(run.loop, server_of(run, number), *this) {}

    void join() {
        ++run_.joining;
        open();
    }
    void open() {
        const auto& sources = run_.options.sources;
        connection_.open(sources.empty() ? std::nullopt : std::optional(sources[number_ % sources.size()]));
    }
    void leave() {
        connection_.send_text(signaling::encode(signaling::ClientMessage(signaling::Leave{})));
        connection_.close();
    }
    bool post();
    bool joined() const { return joined_; }
    std::uint64_t behind() const { return room_.times.newest() - std::min(position_.last(), room_.times.newest()); }
    std::uint64_t unanswered() const { return sent_ - answered_; }

    void on_open() override;
    void on_text(std::string_view message) override;
    void on_closed(const Connection::Closed& closed) override;

private:
    void on_chat(std::uint64_t seq, std::string_view message);
    void on_other(std::string_view message);
    void on_welcome(const signaling::Welcome& welcome);
    void on_error(const signaling::ErrorMessage& error);

    Run& run_;
    RoomState& room_;
    std::uint32_t number_;
    Connection connection_;
    Position position_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    bool joined_ = false;
    bool was_joining_ = true;
    std::string refusal_;  // the error that came before the close
    std::optional<Duration> busy_for_;
};

void Client::on_open() {
    signaling::Join join;
    join.room = room_.name;
    join.name = "load " + std::to_string(number_);
    connection_.send_text(signaling::encode(signaling::ClientMessage(join)));
}

bool Client::post() {
    if (!joined_) return false;
    signaling::Chat chat;
    chat.nonce = "load-" + random_key().substr(0, 16);
    chat.text = stamped_text({run_.id, nanoseconds(Clock::now())}, run_.options.text_bytes);
    connection_.send_text(signaling::encode(signaling::ClientMessage(std::move(chat))));
    ++sent_;
    ++run_.report.sent;
    return true;
}

void Client::on_text(std::string_view message) {
    if (const auto seq = chat_seq(message)) return on_chat(*seq, message);
    if (message.starts_with(R"({"t":"ack")")) {
        ++answered_;
        ++run_.report.acked;
        return;
    }
    for (const std::string_view ignored :
         {R"({"t":"joined")", R"({"t":"member")", R"({"t":"left")", R"({"t":"room")"}) {
        if (message.starts_with(ignored)) return;
    }
    on_other(message);
}

void Client::on_chat(std::uint64_t seq, std::string_view message) {
    auto sent = room_.times.find(seq);
    if (!sent) {
        const auto stamp = find_stamp(message);
        sent = stamp && stamp->run == run_.id ? stamp->sent_ns : 0;
        room_.times.put(seq, *sent);
    }
    position_.take(seq, run_.report.disorder);
    if (run_.measured == nullptr) return;
    ++run_.measured->deliveries;
    const std::uint64_t now = nanoseconds(connection_.received_at());
    if (*sent != 0) run_.measured->latency.add(now > *sent ? now - *sent : 0);
}

void Client::on_other(std::string_view message) {
    const auto decoded = signaling::decode_server(message);
    if (!decoded) {
        ++run_.report.closes["a message that is not understood: " + decoded.error().detail];
        return;
    }
    if (const auto* welcome = std::get_if<signaling::Welcome>(&*decoded)) return on_welcome(*welcome);
    if (const auto* error = std::get_if<signaling::ErrorMessage>(&*decoded)) return on_error(*error);
    if (const auto* bye = std::get_if<signaling::Bye>(&*decoded); bye != nullptr && busy_for_)
        busy_for_ = std::max(*busy_for_, Duration(std::chrono::milliseconds(bye->retry_ms)));
    if (const auto* record = std::get_if<signaling::RecordAdded>(&*decoded)) {
        room_.times.put(record->record.seq, 0);
        position_.take(record->record.seq, run_.report.disorder);
    }
    if (std::holds_alternative<signaling::Ping>(*decoded)) {
        connection_.send_text(signaling::encode(signaling::ClientMessage(signaling::Pong{})));
    }
}

void Client::on_welcome(const signaling::Welcome& welcome) {
    position_.start(welcome.seq);
    run_.messages_per_second = welcome.limits.messages_per_second;
    joined_ = true;
    was_joining_ = false;
    --run_.joining;
    ++run_.report.joined;
    ++run_.alive;
}

void Client::on_error(const signaling::ErrorMessage& error) {
    const std::string code(signaling::to_string(error.code));
    if (!joined_) {
        if (error.code == signaling::ErrorCode::busy) busy_for_ = busy_pause;
        refusal_ = code;
        return;
    }
    ++answered_;
    ++run_.report.refused[code];
}

void Client::on_closed(const Connection::Closed& closed) {
    if (run_.over) return;
    if (was_joining_ && busy_for_) {
        run_.again.emplace(Clock::now() + *std::exchange(busy_for_, std::nullopt), this);
        refusal_.clear();
        return;
    }
    std::string reason = closed.code != 0 ? std::to_string(closed.code) + " " + closed.reason : closed.reason;
    if (!refusal_.empty()) reason = "join refused: " + refusal_;
    ++run_.report.closes[reason];
    if (was_joining_) --run_.joining;
    if (joined_) --run_.alive;
    was_joining_ = joined_ = false;
}

// ---- the course of a run ----

class Course {
public:
    Course(Run& run, const ChatLoadEvents& events) : run_(run), events_(events) {
        const std::size_t slots = SendTimes::slots_for(run.options.rooms.size());
        for (const auto& name : run.options.rooms) run.rooms.push_back({name, SendTimes(slots)});
        for (std::uint32_t i = 0; i < run.options.clients; ++i) {
            clients_.push_back(std::make_unique<Client>(run, run.rooms[i % run.rooms.size()], i));
        }
    }

    void join_all();
    void send_all();
    void drain();
    void finish();

private:
    bool interrupted() {
        run_.report.interrupted = run_.loop.interrupts() > 0;
        return run_.report.interrupted;
    }
    void say(const std::string& line) const {
        if (events_.say) events_.say(line);
    }
    void hold(TimePoint until);
    void send(const ChatLoadOptions::Phase& phase);
    std::uint64_t post_due(std::uint64_t rate, std::uint64_t elapsed_ns, std::uint64_t posted);
    void begin_measuring();
    void end_measuring();
    bool all_arrived() const;

    Run& run_;
    const ChatLoadEvents& events_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::uint64_t next_sender_ = 0;
    TimePoint measuring_since_;
    double cpu_before_ = 0;
};

void Course::join_all() {
    auto& report = run_.report;
    report.server_rss_before = resident_bytes_of(run_.options.server_pids);
    const TimePoint start = Clock::now();
    TimePoint patience = start + join_patience;
    std::size_t begun = 0;
    std::uint32_t seen = 0;
    while ((begun < clients_.size() || run_.joining > 0) && Clock::now() < patience && !interrupted()) {
        while (begun < clients_.size() && run_.joining < joining_max) clients_[begun++]->join();
        run_.loop.turn(Clock::now() + turn_max);
        while (!run_.again.empty() && run_.again.begin()->first <= Clock::now())
            run_.again.extract(run_.again.begin()).mapped()->open();
        if (report.joined != seen) patience = Clock::now() + join_patience;
        seen = report.joined;
    }
    report.join_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    report.clients = run_.options.clients;
    say(std::to_string(report.joined) + " of " + std::to_string(report.clients) + " clients joined");
    if (!run_.options.server_pids.empty()) hold(Clock::now() + seconds(1));  // what is freed late is freed
    report.server_rss_joined = resident_bytes_of(run_.options.server_pids);
    if (events_.held) events_.held(report);
}

void Course::hold(TimePoint until) {
    while (Clock::now() < until && !interrupted()) run_.loop.turn(std::min(until, Clock::now() + turn_max));
}

// Everything whose time has come; a message's time is its place in an even schedule.
std::uint64_t Course::post_due(std::uint64_t rate, std::uint64_t elapsed_ns, std::uint64_t posted) {
    const std::uint64_t due = elapsed_ns * rate / second_ns + 1;
    for (; posted < due; ++posted, ++next_sender_) {
        const std::uint64_t due_ns = std::min(elapsed_ns, posted * second_ns / rate);
        if (run_.measured != nullptr) run_.measured->behind.add(elapsed_ns - due_ns);
        // A sender that is gone is passed over.
        for (std::uint32_t tries = 0; tries < run_.options.senders; ++tries) {
            if (clients_[next_sender_ % run_.options.senders]->post()) break;
            ++next_sender_;
        }
    }
    return posted;
}

void Course::begin_measuring() {
    measuring_since_ = Clock::now();
    cpu_before_ = cpu_seconds_of(run_.options.server_pids);
    run_.measured = &run_.report.phases.emplace_back();
}

void Course::end_measuring() {
    auto& phase = *std::exchange(run_.measured, nullptr);
    phase.server_cpu_seconds = cpu_seconds_of(run_.options.server_pids) - cpu_before_;
    phase.measured_seconds = std::chrono::duration<double>(Clock::now() - measuring_since_).count();
}

void Course::send_all() {
    for (const auto& phase : run_.options.phases) {
        if (run_.alive > 0 && !interrupted()) send(phase);
    }
}

void Course::send(const ChatLoadOptions::Phase& phase) {
    const TimePoint start = Clock::now();
    const TimePoint end = start + phase.warm_up + phase.duration;
    const bool sends = run_.options.senders > 0 && phase.rate > 0;
    std::uint64_t posted = 0;
    for (TimePoint now = start; now < end && run_.alive > 0 && !interrupted(); now = Clock::now()) {
        if (run_.measured == nullptr && now >= start + phase.warm_up) begin_measuring();
        TimePoint until = std::min(end, now + turn_max);
        if (sends) {
            posted = post_due(phase.rate, static_cast<std::uint64_t>((now - start).count()), posted);
            until = std::min(until, start + Duration(posted * second_ns / phase.rate));
        }
        run_.loop.turn(until);
    }
    if (run_.measured != nullptr) end_measuring();
}

bool Course::all_arrived() const {
    return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) {
        return !client->joined() || (client->unanswered() == 0 && client->behind() == 0);
    });
}

// What was sent last is still on its way.
void Course::drain() {
    const TimePoint give_up = Clock::now() + drain_patience;
    while (!all_arrived() && Clock::now() < give_up && run_.loop.interrupts() < 2) {
        run_.loop.turn(Clock::now() + milliseconds(20));
    }
}

void Course::finish() {
    run_.over = true;
    for (const auto& client : clients_) {
        if (!client->joined()) continue;
        run_.report.disorder.lost += client->behind();
        run_.report.unacked += client->unanswered();
        client->leave();
    }
}

}  // namespace

Result<void> raise_descriptors(std::uint32_t clients) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= clients + descriptors_kept_back) return {};
    return Error{"usage_clients",
                 "this process may open only " + std::to_string(limit.rlim_cur) + " files",
                 {},
                 "fewer --clients, or raise the limit: ulimit -n " + std::to_string(clients + descriptors_kept_back)};
}

bool ChatLoadReport::good() const {
    return joined == clients && closes.empty() && unacked == 0 && refused.empty() && disorder.lost == 0 &&
           disorder.duplicated == 0 && disorder.reordered == 0;
}

Result<ChatLoadReport> run_chat_load(EventLoop& loop, const Target& target, const ChatLoadOptions& options,
                                     const ChatLoadEvents& events) {
    if (auto raised = raise_descriptors(options.clients); !raised) return raised.error();
    const auto run = std::make_unique<Run>(loop, target, options);
    Course course(*run, events);
    course.join_all();
    if (run->alive > 0 && !run->report.interrupted) course.send_all();
    course.drain();
    course.finish();
    return std::move(run->report);
}

}  // namespace waaft::load
