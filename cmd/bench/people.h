// Many people in rooms who do what the protocol asks of them: answer pings, believe a silent server for as long as it
// said, come back by their resume tokens, and wait when a server is busy. They post when they are told to.
//
// Thread: the loop's. Ownership: the loop and the witness outlive it. Bounds: each person awaits one answer at a time.
// Errors: of join_all(); what happens to single people later is told to the witness. Source: PROTOCOL.md.
#pragma once

#include "cmd/bench/recovery.h"
#include "cmd/load/connection.h"
#include "cmd/load/histogram.h"
#include "server/base/result.h"

#include <netinet/in.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace waaft::bench {

struct PeopleOptions {
    load::Target target;
    std::vector<std::string> rooms;
    std::vector<std::uint32_t> sizes;  // of the rooms
    std::vector<in_addr> sources;      // addresses to connect from, in turn
};

// What the people saw.
class Witness {
public:
    virtual void on_ack(AckedMessage message, Duration took) = 0;
    virtual void on_delivery(Duration took) = 0;
    virtual void on_refused(const std::string& code) = 0;
    // The server, the network, or the person by the protocol's rules ended the connection of somebody who was in.
    virtual void on_lost(const std::string& reason) = 0;

protected:
    ~Witness() = default;
};

class Person;

// What people share.
struct Company {
    load::EventLoop& loop;
    const PeopleOptions& options;
    Witness& witness;
    std::uint64_t id = 0;                   // of the run, in its messages
    std::multimap<TimePoint, Person*> due;  // attempts
    std::uint32_t joined = 0;               // who are in
    std::uint32_t joining = 0;              // who have not been in yet
};

class People {
public:
    People(load::EventLoop& loop, const PeopleOptions& options, Witness& witness);
    ~People();
    People(const People&) = delete;
    People& operator=(const People&) = delete;

    // Waits until all are in.
    Result<void> join_all();
    // Does what is due; to be called in each turn of the loop, after what has arrived was read.
    void tick(TimePoint now);
    TimePoint next_due() const;
    // Somebody who awaits nothing posts; false: nobody was found.
    bool post(TimePoint now);

    std::uint32_t joined() const { return company_.joined; }
    // Messages without an answer.
    std::size_t awaited() const;
    // The age of each message that has had no answer for longer than as_before_within.
    void add_awaited(TimePoint now, load::Histogram& ages) const;
    std::uint32_t away(TimePoint now) const;

private:
    Company company_;
    std::vector<std::unique_ptr<Person>> people_;
    TimePoint look_at_;
};

}  // namespace waaft::bench
