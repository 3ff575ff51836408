#include "tests/history/faults.h"

#include <algorithm>
#include <array>

namespace waaft::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Random = std::mt19937_64;

constexpr std::size_t servers = 3;

Duration between(Random& random, Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(random() % static_cast<std::uint64_t>((most - least).count())));
}

Duration onset_of(Random& random) { return between(random, seconds(1), seconds(3)); }

Plan on_server(Random& random) {
    Plan plan;
    plan.server = random() % servers;
    return plan;
}

// Begins, and is over after a time.
void add(Plan& plan, Duration from, Duration to, std::function<Result<void>(Cluster&, bool on)> run) {
    plan.steps.push_back({from, [run](Cluster& cluster) { return run(cluster, true); }});
    plan.steps.push_back({to, [run](Cluster& cluster) { return run(cluster, false); }});
}

Plan kill_server(Random& random, Duration length) {
    Plan plan = on_server(random);
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 10, length / 3),
        [server = *plan.server](Cluster& cluster, bool on) {
            return on ? cluster.kill_server(server) : cluster.start_server(server);
        });
    return plan;
}

Plan pause_server(Random& random, Duration length) {
    Plan plan = on_server(random);
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 3, length),
        [server = *plan.server](Cluster& cluster, bool on) { return cluster.pause_server(server, on); });
    return plan;
}

Plan vanish_server(Random& random, Duration) {
    Plan plan = on_server(random);
    plan.steps.push_back(
        {onset_of(random), [server = *plan.server](Cluster& cluster) { return cluster.lose_packets(server, true); }});
    return plan;
}

Plan lose_packets(Random& random, Duration length) {
    Plan plan = on_server(random);
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 10, length / 2),
        [server = *plan.server](Cluster& cluster, bool on) { return cluster.lose_packets(server, on); });
    return plan;
}

Plan cut_from_redis(Random& random, Duration length) {
    Plan plan = on_server(random);
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 5, length * 2 / 3),
        [server = *plan.server](Cluster& cluster, bool on) { return cluster.lose_redis(server, on); });
    return plan;
}

Plan kill_redis(Random& random, Duration length) {
    Plan plan;
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, milliseconds(1), length / 4), [](Cluster& cluster, bool on) -> Result<void> {
        if (!on) return cluster.start_redis();
        cluster.kill_redis();
        return {};
    });
    return plan;
}

// On both sides of the time after which servers count it as away.
Plan pause_redis(Random& random, Duration length) {
    Plan plan;
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 10, length / 2), [](Cluster& cluster, bool on) -> Result<void> {
        cluster.pause_redis(on);
        return {};
    });
    return plan;
}

Plan full_redis(Random& random, Duration length) {
    Plan plan;
    const Duration from = onset_of(random);
    add(plan, from, from + between(random, length / 5, length / 2), [](Cluster& cluster, bool on) {
        return cluster.ask_redis(std::string("CONFIG SET maxmemory ") + (on ? "1" : "0"));
    });
    return plan;
}

// With appendfsync always Redis does nothing else while it waits for its disk: it stands still again and again.
Plan slow_disk(Random& random, Duration length) {
    Plan plan;
    const Duration from = onset_of(random);
    const Duration to = from + between(random, length / 3, length / 2);
    for (Duration at = from; at < to;) {
        const Duration waits = between(random, milliseconds(20), milliseconds(400));
        add(plan, at, at + waits, [](Cluster& cluster, bool on) -> Result<void> {
            cluster.pause_redis(on);
            return {};
        });
        at += waits + between(random, milliseconds(5), milliseconds(50));
    }
    return plan;
}

// In every other run the replica lacks what was acknowledged last: then people are told.
Plan fail_over(Random& random, Duration length) {
    Plan plan;
    plan.promises = {.may_lose = true, .may_tell_gaps = true};
    Duration from = onset_of(random);
    if (random() % 2 == 0) {
        plan.steps.push_back({from, [](Cluster& cluster) -> Result<void> {
                                  cluster.lose_replication();
                                  return {};
                              }});
        from += between(random, milliseconds(50), seconds(1));
    }
    add(plan, from, from + between(random, milliseconds(1), length / 5), [](Cluster& cluster, bool on) -> Result<void> {
        if (!on) return cluster.fail_over();
        cluster.kill_redis();
        return {};
    });
    return plan;
}

Plan roll_out(Random& random, Duration length) {
    Plan plan;
    Duration at = onset_of(random);
    for (std::size_t server = 0; server < servers; ++server) {
        plan.steps.push_back({at, [server](Cluster& cluster) { return cluster.add_server(server); }});
        plan.steps.push_back({at + length / 10, [server](Cluster& cluster) { return cluster.stop_server(server); }});
        at += length / 5;
    }
    return plan;
}

Plan cut_clients(Random& random, Duration) {
    Plan plan;
    plan.cut_every = milliseconds(2500);
    plan.steps.push_back({onset_of(random), [](Cluster&) { return Result<void>{}; }});
    return plan;
}

Plan stall_readers(Random& random, Duration length) {
    Plan plan;
    plan.stalled = 0.2;
    plan.stalled_for = between(random, length / 3, length);
    plan.steps.push_back({onset_of(random), [](Cluster&) { return Result<void>{}; }});
    return plan;
}

// One of a server and one of Redis.
Plan two_faults(Random& random, Duration length) {
    using Make = Plan (*)(Random&, Duration);
    constexpr std::array<Make, 4> of_server{kill_server, pause_server, lose_packets, cut_from_redis};
    constexpr std::array<Make, 4> of_redis{kill_redis, pause_redis, full_redis, slow_disk};
    Plan plan = of_server[random() % of_server.size()](random, length);
    const Plan other = of_redis[random() % of_redis.size()](random, length);
    plan.server.reset();
    plan.steps.insert(plan.steps.end(), other.steps.begin(), other.steps.end());
    std::sort(plan.steps.begin(), plan.steps.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return plan;
}

constexpr std::array<Fault, 14> faults{{
    {"kill_server", "kill -9 of a server, which is started again", kill_server},
    {"pause_server", "SIGSTOP of a server, SIGCONT later", pause_server},
    {"vanish_server", "a server's packets are lost from then on, no FIN", vanish_server},
    {"lose_packets", "a server's packets are lost for a while", lose_packets},
    {"cut_from_redis", "packets between a server and Redis are lost for a while", cut_from_redis},
    {"kill_redis", "kill -9 of Redis, which is started again", kill_redis},
    {"pause_redis", "SIGSTOP of Redis, SIGCONT later", pause_redis},
    {"full_redis", "Redis has no memory left for a while", full_redis},
    {"slow_disk", "Redis waits for its disk, up to 0.4 s again and again", slow_disk},
    {"fail_over", "kill -9 of Redis, its replica takes its address over", fail_over, true},
    {"roll_out", "each server is replaced: a new one, then SIGTERM", roll_out},
    {"cut_clients", "each client is cut off every 2.5 s", cut_clients},
    {"stall_readers", "a fifth of the clients reads nothing for a while", stall_readers},
    {"two_faults", "one of a server and one of Redis together", two_faults},
}};

}  // namespace

std::span<const Fault> all_faults() { return faults; }

const Fault* find_fault(std::string_view name) {
    const auto found =
        std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.name == name; });
    return found == faults.end() ? nullptr : &*found;
}

}  // namespace waaft::history
