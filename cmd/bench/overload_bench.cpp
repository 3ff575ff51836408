#include "cmd/bench/overload_bench.h"

#include "cmd/bench/steps.h"
#include "cmd/load/burner.h"
#include "cmd/load/lateness.h"
#include "cmd/load/rest.h"

#include <boost/json.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

namespace waaft::bench {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t people_usual = 5000;
constexpr std::uint32_t people_quick = 500;
constexpr std::uint32_t seconds_between_posts = 25;  // of one person
// So large that a join costs enough for the load generator to offer four times as many for longer than people wait.
constexpr std::uint32_t storm_room_people = 2000;
constexpr std::uint32_t storm_room_people_quick = 200;
constexpr std::uint32_t storm_rooms = 3;
constexpr std::uint32_t crowd_sources = 32;
constexpr Duration person_patience = seconds(10);
constexpr Duration line_timeout = std::chrono::minutes(3);
constexpr double recovered_s_goal = 5;
constexpr double joins_ratio_goal = 0.8;
constexpr double offered_least = 0.95;  // of what was to be offered

struct Times {
    Duration calm;
    Duration burn;
    Duration stop;
    Duration watch;
    Duration step;
    Duration storm;
};
// Watched for longer than a server may take.
constexpr Times usual_times{seconds(5), seconds(30), seconds(20), seconds(12), seconds(8), seconds(20)};
constexpr Times quick_times{seconds(1), seconds(3), seconds(3), seconds(6), seconds(1), seconds(12)};

double ms_at(const load::Histogram& histogram, double fraction) {
    return static_cast<double>(histogram.percentile(fraction)) / 1e6;
}

json::object stretch_json(const Stretch& stretch) {
    return {{"acked", stretch.acked},
            {"ackedLost", stretch.acked_lost},
            {"closed", json::value_from(stretch.closed)},
            {"refused", json::value_from(stretch.refused)},
            {"recoveredSeconds", stretch.recovered_s},
            {"ackP99Ms", ms_at(stretch.acks, 0.99)},
            {"lagP99Ms", ms_at(stretch.lag, 0.99)},
            {"lagAfterP99Ms", ms_at(stretch.lag_after, 0.99)}};
}

double sum_of(const json::object& counts) {
    double sum = 0;
    for (const auto& each : counts) sum += each.value().to_number<double>();
    return sum;
}

void judge_lateness(Measured& measured, std::string_view when, double p99_ms, double p99_ms_max = load::late_ms_max) {
    if (auto reason = load::why_late(when, p99_ms, p99_ms_max)) measured.late.push_back(*std::move(reason));
}

class OverloadBench {
public:
    explicit OverloadBench(const OverloadBenchOptions& options)
        : options_(options), times_(options.quick ? quick_times : usual_times) {}

    Measured run();

private:
    std::unique_ptr<OwnServer> start_server() const;
    PeopleOptions people_of(const OwnServer& server, std::vector<std::uint32_t> sizes) const;
    void disturb(OwnServer& server, std::string_view what);
    void measure_disturbances();
    void measure_joins();
    void say(std::string_view line) const {
        if (options_.say) options_.say(line);
    }

    const OverloadBenchOptions& options_;
    const Times times_;
    Measured measured_;
    std::vector<std::unique_ptr<load::Burner>> burners_;
};

std::unique_ptr<OwnServer> OverloadBench::start_server() const {
    return bench::start_server({.program = options_.program,
                                .core = static_cast<int>(options_.server_core),
                                .ops_port = 0,
                                .limited = false,
                                .more = {}});
}

PeopleOptions OverloadBench::people_of(const OwnServer& server, std::vector<std::uint32_t> sizes) const {
    PeopleOptions people{.target = target_of(server, false), .rooms = {}, .sizes = std::move(sizes), .sources = {}};
    for (std::size_t i = 0; i < people.sizes.size(); ++i)
        people.rooms.push_back(need(load::create_room({people.target.endpoint, {}, {}})));
    for (std::uint32_t i = 1; i <= crowd_sources; ++i) people.sources.push_back({htonl(INADDR_LOOPBACK + i)});
    return people;
}

// ---- burnt cores, and a server that is stopped ----

constexpr std::array<std::string_view, 4> disturbances{"burn", "rest", "stop", "go_on"};  // as Disturb

void OverloadBench::disturb(OwnServer& server, std::string_view what) {
    if (what == "burn") {
        say("two processes burn the cores");
        for (const unsigned core : {options_.server_core, options_.load_core})
            burners_.push_back(std::make_unique<load::Burner>(static_cast<int>(core)));
    } else if (what == "rest") {
        burners_.clear();
    } else if (what == "stop") {
        say("the server is stopped");
        kill(server.process->pid(), SIGSTOP);
    } else {
        kill(server.process->pid(), SIGCONT);
    }
}

void OverloadBench::measure_disturbances() {
    const std::uint32_t people =
        options_.people != 0 ? options_.people : (options_.quick ? people_quick : people_usual);
    const auto server = start_server();
    CrowdOptions crowd{.people = people_of(*server, room_sizes(people)),
                       .messages_per_second = std::max(1U, people / seconds_between_posts),
                       .calm = times_.calm,
                       .burn = times_.burn,
                       .stop = times_.stop,
                       .watch = times_.watch,
                       .disturb = {}};
    say(std::to_string(people) + " people come to " + std::to_string(crowd.people.rooms.size()) + " rooms");
    Worker worker(options_.load_core, [&crowd](const Worker::Emit& emit) -> json::object {
        load::EventLoop loop;
        crowd.disturb = [&](Disturb what) { emit({{"disturb", disturbances[static_cast<std::size_t>(what)]}}); };
        const auto report = run_crowd(loop, crowd);
        if (!report) return {{"error", report.error().what + " " + report.error().where}};
        return crowd_json(*report);
    });
    json::object line = need(worker.next(line_timeout));
    for (; line.contains("disturb"); line = need(worker.next(line_timeout)))
        disturb(*server, line.at("disturb").as_string());
    say(json::serialize(line));
    judge_crowd(line, measured_);
}

// ---- joins ----

void OverloadBench::measure_joins() {
    const auto server = start_server();
    const std::uint32_t usual = options_.quick ? storm_room_people_quick : storm_room_people;
    const std::uint32_t each = options_.people != 0 ? std::min(options_.people / storm_rooms, usual) : usual;
    std::vector<std::uint32_t> sizes(storm_rooms, each);
    const JoinStormOptions storm{.sitting = people_of(*server, std::move(sizes)),
                                 .steps = {8, 32, 128},
                                 .step = times_.step,
                                 .storm = times_.storm,
                                 .patience = person_patience};
    say("four times more joins than it can take, to rooms of " + std::to_string(each));
    Worker worker(options_.load_core, [&storm](const Worker::Emit&) -> json::object {
        load::EventLoop loop;
        const auto report = run_join_storm(loop, storm);
        if (!report) return {{"error", report.error().what}};
        return storm_json(*report);
    });
    const auto report = need(worker.next(line_timeout));
    say(json::serialize(report));
    judge_storm(report, measured_);
}

Measured OverloadBench::run() {
    measure_disturbances();
    measure_joins();
    return std::move(measured_);
}

}  // namespace

json::object crowd_json(const CrowdReport& report) {
    return {{"people", report.people},           {"joinSeconds", report.join_seconds},
            {"calm", stretch_json(report.calm)}, {"burn", stretch_json(report.burn)},
            {"stop", stretch_json(report.stop)}, {"notSent", report.not_sent},
            {"cpuShare", report.cpu_share}};
}

json::object storm_json(const JoinStormReport& report) {
    return {{"bestPerSecond", report.best_per_s},
            {"wantedPerSecond", report.wanted_per_s},
            {"offeredPerSecond", report.offered_per_s},
            {"joinedPerSecond", report.joined_per_s},
            {"stormSeconds", report.storm_s},
            {"waitP99Ms", ms_at(report.wait, 0.99)},
            {"gaveUp", report.gave_up},
            {"refused", json::value_from(report.refused)},
            {"sittersLost", json::value_from(report.sitters_lost)},
            {"lagP99Ms", ms_at(report.lag, 0.99)},
            {"cpuShare", report.cpu_share}};
}

void judge_crowd(const json::object& report, Measured& measured) {
    const auto of = [&](std::string_view stretch) -> const json::object& { return report.at(stretch).as_object(); };
    const auto number = [&](std::string_view stretch, std::string_view name) {
        return of(stretch).at(name).to_number<double>();
    };
    const auto closed = [&](std::string_view stretch) { return sum_of(of(stretch).at("closed").as_object()); };
    measured.at_least("people", report.at("people").to_number<double>(), "", {});
    measured.at_most("ack_p99_calm", number("calm", "ackP99Ms"), "ms", {});
    measured.at_most("ack_p99_burn", number("burn", "ackP99Ms"), "ms", {});
    measured.at_most("closed_healthy", closed("calm") + closed("burn") + closed("stop"), "", 0);
    measured.at_most("recovered_s", std::max(number("burn", "recoveredSeconds"), number("stop", "recoveredSeconds")),
                     "s", recovered_s_goal);
    measured.at_most("acked_lost",
                     number("calm", "ackedLost") + number("burn", "ackedLost") + number("stop", "ackedLost"), "", 0);
    for (const std::string stretch : {"burn", "stop"}) {
        measured.at_most("closed_healthy_" + stretch, closed(stretch), "", 0);
        measured.at_most("recovered_s_" + stretch, number(stretch, "recoveredSeconds"), "s", recovered_s_goal);
        measured.at_most("acked_lost_" + stretch, number(stretch, "ackedLost"), "", 0);
        measured.at_least("acked_" + stretch, number(stretch, "acked"), "", {});
        measured.at_most("refused_" + stretch, sum_of(of(stretch).at("refused").as_object()), "", {});
    }
    const double lag = std::max({number("calm", "lagP99Ms"), number("burn", "lagAfterP99Ms"),
                                 number("stop", "lagP99Ms"), number("stop", "lagAfterP99Ms")});
    measured.at_most("crowd_lag_p99", lag, "ms", load::late_ms_max);
    measured.at_most("crowd_lag_p99_burn", number("burn", "lagP99Ms"), "ms", burnt_late_ms_max);
    measured.at_most("crowd_cpu", report.at("cpuShare").to_number<double>(), "", {});
    // A hundredth of half a minute's ticks is one pause of less than a second: nobody was late with an answer.
    judge_lateness(measured, "The crowd", lag);
    judge_lateness(measured, "The crowd while cores are burnt", number("burn", "lagP99Ms"), burnt_late_ms_max);
}

void judge_storm(const json::object& report, Measured& measured) {
    const auto number = [&](std::string_view name) { return report.at(name).to_number<double>(); };
    const double best = number("bestPerSecond");
    measured.at_least("joins_best_per_s", best, "/s", {});
    measured.at_least("joins_offered_per_s", number("offeredPerSecond"), "/s", {}, number("wantedPerSecond"));
    measured.at_least("joins_overload_per_s", number("joinedPerSecond"), "/s", {}, best);
    measured.at_least("joins_ratio", best > 0 ? number("joinedPerSecond") / best : 0, "", joins_ratio_goal);
    measured.at_least("joins_storm_s", number("stormSeconds"), "s", {});
    measured.at_most("joins_wait_p99", number("waitP99Ms") / 1000, "s", {});
    measured.at_most("joins_refused", sum_of(report.at("refused").as_object()), "", {});
    measured.at_most("joins_gave_up", number("gaveUp"), "", {});
    measured.at_most("joins_closed_healthy", sum_of(report.at("sittersLost").as_object()), "", 0);
    measured.at_most("joins_lag_p99", number("lagP99Ms"), "ms", load::late_ms_max);
    measured.at_most("joins_cpu", number("cpuShare"), "", {});
    judge_lateness(measured, "The joins", number("lagP99Ms"));
    if (number("offeredPerSecond") < offered_least * number("wantedPerSecond"))
        measured.late.push_back("The joins: the load generator could not offer as many as it should");
}

waaft::Result<Measured> run_overload_bench(const OverloadBenchOptions& options) {
    return run_steps([&] { return OverloadBench(options).run(); });
}

}  // namespace waaft::bench
