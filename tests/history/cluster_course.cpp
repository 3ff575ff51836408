#include "tests/history/cluster_course.h"

#include "cmd/load/rest.h"
#include "tests/history/client.h"
#include "tests/history/log_reader.h"

#include <algorithm>
#include <cstdio>
#include <future>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds cluster_tick{5};
constexpr milliseconds rest_again{100};
constexpr seconds ready_within{120};
constexpr seconds cluster_log_timeout{30};
constexpr int log_tries = 5;
constexpr std::size_t evidence_max = 20;

class ClusterCourse {
public:
    ClusterCourse(Cluster& cluster, load::EventLoop& loop, const ClusterCourseOptions& options, const Fault& fault)
        : cluster_(cluster),
          options_(options),
          run_{.loop = loop,
               .name = "cluster" + std::to_string(options.seed),
               .random = std::mt19937_64(options.seed),
               .choose = [this](Run& run) { return choose(run); },
               .target = [this](std::size_t server) -> const load::Target& { return cluster_.target(server); },
               .start = Clock::now(),
               .messages_per_second = options.messages_per_second},
          plan_(fault.plan(run_.random, options.duration)) {
        run_.cut_every = plan_.cut_every;
    }

    Result<Figures> play();

private:
    std::size_t choose(Run& run) const;
    Result<void> open_rooms();
    Result<std::string> open_room(TimePoint give_up);
    Result<void> turn();
    template <class Done>
    Result<bool> turn_until(TimePoint give_up, Done done);
    Result<void> step();
    void hit();
    bool all_in() const;
    bool at_rest() const;
    std::string unrest() const;
    Result<Log> log_of(const std::string& room);
    Result<Figures> judge();
    void judge(const std::string& room, Log log, Figures& figures) const;
    std::int64_t silence_of(const Client& client) const;

    Cluster& cluster_;
    const ClusterCourseOptions& options_;
    Run run_;
    Plan plan_;
    std::vector<std::string> rooms_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<const Client*> hit_;
    TimePoint begin_;
    std::size_t next_step_ = 0;
    std::int64_t onset_ms_ = 0;
};

std::size_t ClusterCourse::choose(Run& run) const {
    std::vector<std::size_t> believed;
    for (std::size_t i = 0; i < cluster_.servers(); ++i) {
        if (cluster_.is_believed(i)) believed.push_back(i);
    }
    return believed.empty() ? 0 : believed[run.below(believed.size())];
}

// The relays need the loop meanwhile.
Result<std::string> ClusterCourse::open_room(TimePoint give_up) {
    while (true) {
        auto made = std::async(std::launch::async, [&] {
            return load::create_room({cluster_.target(rooms_.size() % 3).endpoint, {}, {}});
        });
        while (made.wait_for(seconds(0)) != std::future_status::ready) {
            if (auto turned = turn(); !turned) return turned.error();
        }
        auto room = made.get();
        if (room || Clock::now() > give_up) return room;
        run_.loop.turn(Clock::now() + rest_again);
    }
}

Result<void> ClusterCourse::open_rooms() {
    const TimePoint give_up = Clock::now() + ready_within;
    while (rooms_.size() < options_.rooms) {
        auto room = open_room(give_up);
        if (!room) return room.error();
        rooms_.push_back(*room);
    }
    for (std::uint32_t i = 0; i < options_.clients; ++i)
        clients_.push_back(std::make_unique<Client>(run_, i, rooms_[i % rooms_.size()]));
    return {};
}

Result<void> ClusterCourse::turn() {
    const TimePoint now = Clock::now();
    if (auto looked = cluster_.look(); !looked) return looked.error();
    for (const auto& client : clients_) client->tick(now);
    run_.loop.turn(now + cluster_tick);
    return {};
}

template <class Done>
Result<bool> ClusterCourse::turn_until(TimePoint give_up, Done done) {
    while (!done()) {
        if (Clock::now() > give_up) return false;
        if (auto turned = turn(); !turned) return turned.error();
    }
    return true;
}

Result<void> ClusterCourse::step() {
    while (next_step_ < plan_.steps.size() && Clock::now() >= begin_ + plan_.steps[next_step_].at) {
        if (next_step_ == 0) hit();
        if (auto done = plan_.steps[next_step_++].run(cluster_); !done) return done.error();
    }
    return {};
}

void ClusterCourse::hit() {
    onset_ms_ = run_.ms();
    const auto stalled = static_cast<std::size_t>(plan_.stalled * static_cast<double>(clients_.size()));
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        Client& client = *clients_[i];
        if (i < stalled) client.stall_until(Clock::now() + plan_.stalled_for);
        const bool is_hit = !plan_.server || (client.joined() && client.server() == *plan_.server);
        if (is_hit && (stalled == 0 || i >= stalled)) hit_.push_back(&client);
    }
}

bool ClusterCourse::all_in() const {
    return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->joined(); });
}

// Everybody is in, has its acks, and is as far as the farthest of its room.
bool ClusterCourse::at_rest() const { return cluster_.all_stopped() && unrest().empty(); }

std::string ClusterCourse::unrest() const {
    std::map<std::string, Position> farthest;
    for (const auto& client : clients_) {
        Position& position = farthest[client->room()];
        if (client->position().seq > position.seq) position = client->position();
    }
    std::string text;
    for (std::size_t i = 0; i < clients_.size() && text.size() < 500; ++i) {
        const Client& client = *clients_[i];
        if (client.settled() && client.position() == farthest[client.room()]) continue;
        text += "client " + std::to_string(i) + " on server " + std::to_string(client.server()) + " at " +
                client.position().epoch + "/" + std::to_string(client.position().seq) + ": " + client.trouble() + "\n";
    }
    return text;
}

Result<Log> ClusterCourse::log_of(const std::string& room) {
    Result<Log> log = Error{"log", "no server was asked", {}, {}};
    for (int i = 0; i < log_tries && !log; ++i)
        log = read_log(run_.loop, cluster_.target(choose(run_)), room, cluster_log_timeout);
    return log;
}

Result<Figures> ClusterCourse::play() {
    if (auto opened = open_rooms(); !opened) return opened.error();
    auto in = turn_until(Clock::now() + ready_within, [&] { return all_in(); });
    if (!in) return in.error();
    if (!*in) return Error{"clients", "not everybody came in:\n" + unrest(), {}, {}};
    begin_ = Clock::now();
    run_.sending = run_.cutting = true;
    while (Clock::now() < begin_ + options_.duration || next_step_ < plan_.steps.size()) {
        if (auto stepped = step(); !stepped) return stepped.error();
        if (auto turned = turn(); !turned) return turned.error();
    }
    run_.sending = run_.cutting = false;
    const auto rested = turn_until(Clock::now() + options_.rest_timeout, [&] { return at_rest(); });
    if (!rested) return rested.error();
    return judge();
}

Result<Figures> ClusterCourse::judge() {
    Figures figures;
    figures.clients = static_cast<std::uint32_t>(clients_.size());
    if (!at_rest()) {
        ++figures.other;
        figures.evidence.push_back("not at rest in time:\n" + unrest());
    }
    for (const std::string& room : rooms_) {
        auto log = log_of(room);
        if (!log) return log.error();
        judge(room, std::move(*log), figures);
    }
    for (const auto& client : clients_) {
        figures.acked += client->acked();
        figures.moved += client->moved();
        if (client->departures() == 0 || plan_.promises.may_lose) continue;
        figures.other += client->departures();
        figures.evidence.push_back("a client heard that somebody left");
    }
    for (const Client* client : hit_) figures.silences.push_back(silence_of(*client));
    if (figures.evidence.size() > evidence_max) figures.evidence.resize(evidence_max);
    return figures;
}

void ClusterCourse::judge(const std::string& room, Log log, Figures& figures) const {
    History history;
    history.log = std::move(log);
    for (const auto& client : clients_) {
        if (client->room() == room) history.clients.push_back(client->history());
    }
    figures.gaps += gaps_told(history);
    const std::map<std::string, std::uint64_t Figures::*> kinds{
        {"acked_lost", &Figures::lost},        {"missed", &Figures::lost},           {"doubled", &Figures::doubled},
        {"acked_twice", &Figures::doubled},    {"seq_reused", &Figures::doubled},    {"reordered", &Figures::reordered},
        {"sender_order", &Figures::reordered}, {"wrong_return", &Figures::reordered}};
    for (const Violation& violation : check(history, plan_.promises)) {
        const auto kind = kinds.find(violation.rule);
        ++(figures.*(kind == kinds.end() ? &Figures::other : kind->second));
        figures.evidence.push_back(violation.rule + ": " + violation.evidence);
    }
}

std::int64_t ClusterCourse::silence_of(const Client& client) const {
    std::int64_t longest = 0;
    std::int64_t before = -1;
    for (const Event& event : client.history().events) {
        const bool served =
            event.kind == Event::Kind::welcomed || event.kind == Event::Kind::heard || event.kind == Event::Kind::acked;
        if (!served) continue;
        if (before >= 0 && event.ms > onset_ms_) longest = std::max(longest, event.ms - before);
        before = event.ms;
    }
    return longest;
}

}  // namespace

Result<Figures> run_cluster_course(const Fault& fault, const ClusterCourseOptions& options) {
    load::EventLoop loop;
    auto cluster =
        Cluster::start(loop, {.program = options.program, .namespaces = options.namespaces, .replica = fault.replica});
    if (!cluster) return cluster.error();
    return ClusterCourse(**cluster, loop, options, fault).play();
}

}  // namespace waaft::history
