// A whole run: clients send and are cut off while the server is killed and started again, or stay while it has too
// little time (others burn all cores, then it is stopped for a while); then all come to rest and the log is read.
//
// Thread: main. Ownership: values. Errors: Error when the run could not be carried out; broken promises
// are for check(). The same seed gives the same plan of kills and cuts, though not the same races.
#pragma once

#include "server/base/result.h"
#include "tests/history/deployment.h"
#include "tests/history/history.h"

#include <functional>
#include <string>
#include <string_view>

namespace waaft::history {

struct CourseOptions {
    std::uint32_t clients = 50;
    std::uint32_t kills = 6;
    Duration duration = std::chrono::seconds(15);
    Duration rest_timeout = std::chrono::seconds(60);  // for all to come back and to hear everything
    double messages_per_second = 4;                    // of one client
    bool cuts = true;                                  // clients are cut off now and then
    // One after the other, each beginning when the one before is over; zero: not at all.
    Duration burn = Duration::zero();
    Duration stop = Duration::zero();
    std::uint64_t seed = 0;
    std::string room;  // empty: a new one
    std::string key;
    bool insecure = false;
    std::function<void(std::string_view)> say;
};

struct Outcome {
    History history;
    std::string unrest;  // who had not come to rest at the end; empty: all had
    std::uint32_t kills = 0;
    std::uint64_t acked = 0;
    std::uint64_t heard = 0;
    std::uint64_t cuts = 0;
    std::uint64_t resumed = 0;
    Duration latest{};  // how late the clients themselves were at most
};

Result<Outcome> run_course(Deployment& deployment, const CourseOptions& options);

}  // namespace waaft::history
