// What is said of the reports of a crowd and of a storm of joins.
#include "cmd/bench/overload_bench.h"
#include "cmd/bench/steps.h"
#include "tests/support/catch.h"

#include <boost/json.hpp>

#include <algorithm>

using namespace waaft;
using namespace waaft::bench;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t ms = 1'000'000;

CrowdReport good_crowd() {
    CrowdReport report;
    report.people = 5000;
    for (Stretch* stretch : {&report.calm, &report.burn, &report.stop}) {
        stretch->acked = 1000;
        stretch->acks.add(20 * ms);
        stretch->lag.add(1 * ms);
        stretch->lag_after.add(1 * ms);
    }
    report.burn.recovered_s = 0.5;
    report.stop.recovered_s = 2.5;
    return report;
}

JoinStormReport good_storm() {
    JoinStormReport report;
    report.best_per_s = 300;
    report.wanted_per_s = 1200;
    report.offered_per_s = 1199;
    report.joined_per_s = 270;
    report.storm_s = 20;
    report.lag.add(1 * ms);
    return report;
}

Measured judged(const CrowdReport& report) {
    Measured measured;
    judge_crowd(crowd_json(report), measured);
    return measured;
}

Measured judged(const JoinStormReport& report) {
    Measured measured;
    judge_storm(storm_json(report), measured);
    return measured;
}

const Figure& figure(const Measured& measured, std::string_view name) {
    const auto found = std::find_if(measured.figures.begin(), measured.figures.end(),
                                    [&](const Figure& each) { return each.name == name; });
    REQUIRE(found != measured.figures.end());
    return *found;
}

// Of the figures with a goal, those that miss it.
std::vector<std::string> missed(const Measured& measured) {
    std::vector<std::string> names;
    for (const auto& each : measured.figures) {
        if (each.met() == false) names.push_back(each.name);
    }
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a crowd that is served well meets every goal, and the run counts") {
    const auto measured = judged(good_crowd());
    CHECK(measured.counts());
    CHECK(missed(measured).empty());
    CHECK(figure(measured, "recovered_s").value == 2.5);
    CHECK(figure(measured, "closed_healthy").value == 0);
}

TEST_CASE("what the server did to the crowd is told for each disturbance and altogether") {
    auto report = good_crowd();
    report.burn.closed["4002 silent"] = 2;
    report.burn.closed["reset"] = 1;
    report.calm.closed["reset"] = 1;
    CHECK(figure(judged(report), "closed_healthy_burn").value == 3);
    CHECK(figure(judged(report), "closed_healthy").value == 4);
    CHECK(missed(judged(report)) == Names{"closed_healthy", "closed_healthy_burn"});

    report = good_crowd();
    report.stop.acked_lost = 1;
    report.stop.recovered_s = 5.5;
    CHECK(missed(judged(report)) == Names{"recovered_s", "acked_lost", "recovered_s_stop", "acked_lost_stop"});
    CHECK(judged(report).counts());
}

TEST_CASE("a crowd that was late itself counts for nothing; while cores are burnt it may be later") {
    auto report = good_crowd();
    report.burn.lag.add(400 * ms);
    CHECK(judged(report).counts());
    report.burn.lag.add(600 * ms);
    CHECK(judged(report).late.size() == 1);
    for (load::Histogram* lag : {&report.calm.lag, &report.burn.lag_after, &report.stop.lag, &report.stop.lag_after}) {
        report = good_crowd();
        lag->add(150 * ms);
        CHECK_FALSE(judged(report).counts());
    }
}

TEST_CASE("joins: the goodput, and whether the generator could offer what it should") {
    auto report = good_storm();
    CHECK(judged(report).counts());
    CHECK(missed(judged(report)).empty());
    CHECK(figure(judged(report), "joins_ratio").value == 0.9);

    report.joined_per_s = 200;
    report.sitters_lost["4001 slow"] = 1;
    CHECK(missed(judged(report)) == Names{"joins_ratio", "joins_closed_healthy"});

    report = good_storm();
    report.offered_per_s = 1000;
    CHECK_FALSE(judged(report).counts());
    report = good_storm();
    report.lag.add(150 * ms);
    CHECK_FALSE(judged(report).counts());
}

TEST_CASE("a storm ends before more people wait than the generator can hold") {
    CHECK(storm_that_fits(300, 4, seconds(20), seconds(10), seconds(3)) == seconds(20));
    CHECK(storm_that_fits(1000, 4, seconds(20), seconds(10), seconds(3)) == std::chrono::milliseconds(3250));
    CHECK(storm_that_fits(100'000, 4, seconds(20), seconds(10), seconds(3)) == seconds(3));
    CHECK(storm_that_fits(100'000, 4, seconds(2), seconds(10), seconds(3)) == seconds(2));
}

TEST_CASE("a load that sent too late is named, one in time is not") {
    const auto report = [](double behind) {
        return boost::json::object{
            {"phases", boost::json::array{boost::json::object{{"deliveries", 7}, {"behindP99Ms", 3.0}},
                                          boost::json::object{{"deliveries", 9}, {"behindP99Ms", behind}}}}};
    };
    std::vector<std::string> late;
    judge_load(report(100), late);
    CHECK(late.empty());
    judge_load(report(101), late);
    REQUIRE(late.size() == 1);
    CHECK(late[0] == "A load with 9 deliveries: the load generator was late by 101 ms (p99), more than 100 ms");
}
