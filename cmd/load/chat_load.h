// Load on a server's chat: many members, some of whom send at a given rate; measures what arrives.
//
// Thread: the one that calls run_chat_load, which returns when the run is over. Ownership: values.
// Units: in the names; latency is from the send of a message to each receipt, nanoseconds.
// Bounds: the options' ranges below. Errors: Error for what keeps a run from beginning (no address,
// too few open files); what happens to single clients is counted in the report. Source: PROTOCOL.md.
#pragma once

#include "cmd/load/connection.h"
#include "cmd/load/histogram.h"
#include "cmd/load/order.h"
#include "server/base/result.h"

#include <netinet/in.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::load {

struct ChatLoadOptions {
    static constexpr std::uint32_t clients_max = 20000;
    static constexpr std::uint32_t rate_max = 100000;
    static constexpr std::chrono::hours duration_max{1};
    static constexpr std::uint32_t text_max = 65536;

    std::uint32_t clients = 100;
    std::uint32_t senders = 0;  // 0: none, the clients only hold their connections
    // One after the other, with the same clients.
    struct Phase {
        std::uint32_t rate = 0;                // messages a second, of all senders together
        std::chrono::milliseconds warm_up{0};  // sends at this rate before the measured time
        std::chrono::milliseconds duration{0};
    };
    std::vector<Phase> phases;
    std::uint32_t text_bytes = 200;
    std::vector<std::string> rooms;  // clients are dealt to them in turn
    std::vector<in_addr> sources;    // addresses to connect from, in turn; empty: the system's choice
    std::vector<Target> others;      // more servers that have the same rooms; each room's clients are dealt to all
    std::vector<pid_t> server_pids;  // measure these processes too, all together
};

struct ChatLoadReport {
    std::uint32_t clients = 0;
    std::uint32_t joined = 0;
    double join_seconds = 0;
    std::uint64_t sent = 0;
    std::uint64_t acked = 0;
    std::map<std::string, std::uint64_t> refused;  // messages answered by an error, by its code
    std::uint64_t unacked = 0;                     // neither, though the sender stayed connected
    struct Phase {
        double measured_seconds = 0;
        std::uint64_t deliveries = 0;  // in the measured time
        Histogram latency;             // of those
        Histogram behind;              // how late each send was against its schedule
        double server_cpu_seconds = 0;
        double deliveries_per_second() const {
            return measured_seconds > 0 ? static_cast<double>(deliveries) / measured_seconds : 0;
        }
    };
    std::vector<Phase> phases;
    Disorder disorder;
    std::map<std::string, std::uint64_t> closes;  // connections that ended, by the reason
    bool interrupted = false;
    std::uint64_t server_rss_before = 0;  // bytes, before the first client
    std::uint64_t server_rss_joined = 0;  // bytes, when all had joined

    // Nothing lost, doubled or reordered, everybody joined and stayed.
    bool good() const;
};

// `say` gets one line for each step; `held` is called when everybody has joined (or cannot).
struct ChatLoadEvents {
    std::function<void(std::string_view)> say;
    std::function<void(const ChatLoadReport&)> held;
};

Result<ChatLoadReport> run_chat_load(EventLoop& loop, const Target& target, const ChatLoadOptions& options,
                                     const ChatLoadEvents& events);

// Lets this process have one descriptor for each client.
Result<void> raise_descriptors(std::uint32_t clients);

}  // namespace waaft::load
