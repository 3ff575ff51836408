#include "server/app/metrics.h"

#include "server/app/shard.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <boost/json.hpp>

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <limits>

namespace waaft::app {

namespace json = boost::json;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

using Read = std::function<double(const Shard&)>;

struct Series {
    const char* name;
    const char* help;
    MetricType type;
    Read read;
};

template <class Member>
Read of_shard(Member member) {
    return [member](const Shard& shard) {
        return static_cast<double>((shard.counters().*member).load(std::memory_order_relaxed));
    };
}
template <class Member>
Read of_net(Member member) {
    return [member](const Shard& shard) {
        return static_cast<double>((shard.net_counters().*member).load(std::memory_order_relaxed));
    };
}
template <class Member>
Read of_udp(Member member) {
    return [member](const Shard& shard) {
        return static_cast<double>((shard.udp_counters().*member).load(std::memory_order_relaxed));
    };
}

// The one list of what is measured.
const std::vector<Series>& series() {
    using S = ShardCounters;
    using N = net::Counters;
    using U = net::UdpCounters;
    constexpr auto gauge = MetricType::Gauge;
    constexpr auto counter = MetricType::Counter;
    static const std::vector<Series> list = {
        {"waaft_sessions", "WebSocket sessions that are open.", gauge, of_shard(&S::sessions)},
        {"waaft_rooms", "Rooms that are open.", gauge, of_shard(&S::rooms)},
        {"waaft_members", "People in rooms, away ones included.", gauge, of_shard(&S::members)},
        {"waaft_members_away", "People whose connection is lost and who may come back.", gauge,
         of_shard(&S::members_away)},
        {"waaft_messages_received_total", "Messages that clients sent.", counter, of_shard(&S::messages_in)},
        {"waaft_messages_malformed_total", "Messages that could not be read.", counter, of_shard(&S::malformed)},
        {"waaft_messages_rate_limited_total", "Messages over a client's rate.", counter, of_shard(&S::rate_limited)},
        {"waaft_signals_dropped_total", "Signals that were not sent to a reader that is behind.", counter,
         of_shard(&S::signals_dropped)},
        {"waaft_chat_acked_total", "Records that are durable and were acknowledged.", counter,
         of_shard(&S::chat_acked)},
        {"waaft_chat_failed_total", "Records that could not be written.", counter, of_shard(&S::chat_failed)},
        {"waaft_broadcasts_total", "Messages to a whole room.", counter, of_shard(&S::broadcasts)},
        {"waaft_deliveries_total", "Messages handed to a connection.", counter, of_shard(&S::deliveries)},
        {"waaft_closed_silent_total", "Connections closed because they were silent.", counter,
         of_shard(&S::closed_silent)},
        {"waaft_late_seconds_total", "Time in which the server's loops stood still: a busy or stopped machine.",
         counter,
         [](const Shard& shard) {
             return static_cast<double>(shard.counters().late_ms.load(std::memory_order_relaxed)) / 1000;
         }},
        {"waaft_overruns_total", "Times that a queue between threads was full.", counter, of_shard(&S::overruns)},
        {"waaft_joins_waiting", "Joins that wait for their turn.", gauge, of_shard(&S::joins_waiting)},
        {"waaft_joins_refused_total", "Joins refused because there was too much to do.", counter,
         of_shard(&S::joins_refused)},
        {"waaft_rooms_refused_total", "New rooms refused because there was too much to do.", counter,
         of_shard(&S::rooms_refused)},
        {"waaft_mail_waiting", "Messages that wait between shards.", gauge, of_shard(&S::mail_waiting)},
        {"waaft_http_requests_total", "HTTP requests.", counter, of_shard(&S::requests)},
        {"waaft_stun_answered_total", "STUN Binding requests answered.", counter, of_shard(&S::stun_answered)},
        {"waaft_stun_dropped_total", "Datagrams without an answer.", counter, of_shard(&S::stun_dropped)},
        {"waaft_udp_received_total", "Datagrams received.", counter, of_udp(&U::received)},
        {"waaft_connections_accepted_total", "TCP connections accepted.", counter, of_net(&N::accepted)},
        {"waaft_connections_open", "TCP connections that are open.", gauge, of_net(&N::open)},
        {"waaft_connections_refused_total", "Connections over a limit.", counter, of_net(&N::refused_connections)},
        {"waaft_connections_timed_out_total", "Connections without a first byte or a whole request in time.", counter,
         of_net(&N::timed_out)},
        {"waaft_tls_failed_total", "TLS handshakes that failed.", counter, of_net(&N::tls_failed)},
        {"waaft_bad_requests_total", "Malformed HTTP requests.", counter, of_net(&N::bad_requests)},
        {"waaft_closed_slow_total", "Connections closed because the reader was slow.", counter,
         of_net(&N::closed_slow)},
        {"waaft_closed_protocol_total", "Connections closed for a WebSocket protocol error.", counter,
         of_net(&N::closed_protocol)},
        {"waaft_accept_errors_total", "Failed accepts, such as no open files left.", counter,
         of_net(&N::accept_errors)},
        {"waaft_sent_bytes_total", "Bytes sent over TCP.", counter, of_net(&N::bytes_sent)},
        {"waaft_frames_queued_total", "Frames queued to connections.", counter, of_net(&N::frames_queued)},
        {"waaft_writes_total", "System calls that wrote to a connection.", counter, of_net(&N::writes)},
    };
    return list;
}

prometheus::ClientMetric metric_of(MetricType type, double value) {
    prometheus::ClientMetric metric;
    if (type == MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
    return metric;
}

MetricFamily gauge_family(const char* name, const char* help, double value) {
    return {name, help, MetricType::Gauge, {metric_of(MetricType::Gauge, value)}};
}

// A metric of each shard, as `read` gives it.
template <class Read>
MetricFamily of_each(const std::vector<const Shard*>& shards, const char* name, const char* help, MetricType type,
                     const Read& read) {
    MetricFamily family{name, help, type, {}};
    for (std::size_t i = 0; i < shards.size(); ++i) {
        family.metric.push_back(read(*shards[i]));
        family.metric.back().label.push_back({"shard", std::to_string(i)});
    }
    return family;
}

MetricFamily family_of(const Series& one, const std::vector<const Shard*>& shards) {
    return of_each(shards, one.name, one.help, one.type,
                   [&](const Shard& shard) { return metric_of(one.type, one.read(shard)); });
}

prometheus::ClientMetric lag_histogram(const Shard& shard) {
    const LagCounters& lag = shard.counters().lag;
    prometheus::ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < lag.counts.size(); ++bucket) {
        count += lag.counts[bucket].load(std::memory_order_relaxed);
        const bool last = bucket == LagCounters::bounds.size();
        metric.histogram.bucket.push_back(
            {count, last ? std::numeric_limits<double>::infinity() : LagCounters::bounds[bucket]});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = static_cast<double>(lag.sum_us.load(std::memory_order_relaxed)) / 1e6;
    return metric;
}

double smoothed_lag_ms(const Shard& shard) {
    return static_cast<double>(shard.counters().lag.smoothed_us.load(std::memory_order_relaxed)) / 1e3;
}

void add_lag(std::vector<MetricFamily>& families, const std::vector<const Shard*>& shards) {
    families.push_back(of_each(shards, "waaft_loop_lag_seconds",
                               "How late a loop's timer was: how long a socket waits that has become readable.",
                               MetricType::Histogram, lag_histogram));
    families.push_back(
        of_each(shards, "waaft_loop_lag_smoothed_seconds",
                "The lag that a shard goes by: new rooms end at 0.1, joins at 0.5, resumes at 1.", MetricType::Gauge,
                [](const Shard& shard) { return metric_of(MetricType::Gauge, smoothed_lag_ms(shard) / 1e3); }));
}

json::array lags_ms(const std::vector<const Shard*>& shards) {
    json::array lags;
    for (const Shard* shard : shards) lags.emplace_back(smoothed_lag_ms(*shard));
    return lags;
}

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

// User and system time of all threads.
double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Of the machine; only the difference of two readings says something.
std::int64_t clock_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

std::size_t calls_waiting(const Services& services) {
    return services.shared ? services.shared->queued() : services.store->queued();
}

void add_redis(std::vector<MetricFamily>& families, const redis::RedisStatus& redis) {
    families.push_back(gauge_family("waaft_redis_up", "1 while Redis answers.", redis.up ? 1 : 0));
    families.push_back(gauge_family("waaft_redis_latency_seconds", "Of the last request that was waited for.",
                                    redis.latency_ms / 1000));
    const auto counted = [&](const char* name, const char* help, std::uint64_t value) {
        families.push_back(
            {name, help, MetricType::Counter, {metric_of(MetricType::Counter, static_cast<double>(value))}});
    };
    counted("waaft_redis_requests_total", "Requests sent to Redis.", redis.requests);
    counted("waaft_redis_told_total", "Messages from Redis.", redis.told);
    counted("waaft_redis_reconnects_total", "Times that the connection was lost and came back.", redis.reconnects);
    counted("waaft_redis_unreadable_total", "Records and messages that were not understood.", redis.unreadable);
}

json::object redis_object(const redis::RedisStatus& redis) {
    return {{"up", redis.up},
            {"version", redis.version},
            {"latencyMs", redis.latency_ms},
            {"usedMemory", redis.used_memory},
            {"maxMemory", redis.max_memory},
            {"appendonly", redis.appendonly},
            {"appendfsync", redis.appendfsync},
            {"requests", redis.requests},
            {"told", redis.told},
            {"reconnects", redis.reconnects},
            {"unreadable", redis.unreadable},
            {"waiting", redis.waiting},
            {"trouble", redis.trouble}};
}

}  // namespace

std::string metrics_text(const Services& services, const std::vector<const Shard*>& shards) {
    std::vector<MetricFamily> families;
    for (const Series& one : series()) families.push_back(family_of(one, shards));
    add_lag(families, shards);
    families.push_back(gauge_family("waaft_store_queue", "Calls that wait for the store.",
                                    static_cast<double>(calls_waiting(services))));
    if (services.shared) add_redis(families, services.shared->status());
    families.push_back(
        gauge_family("process_resident_memory_bytes", "Resident memory.", static_cast<double>(resident_bytes())));
    families.push_back({"process_cpu_seconds_total",
                        "User and system time.",
                        MetricType::Counter,
                        {metric_of(MetricType::Counter, cpu_seconds())}});
    return prometheus::TextSerializer{}.Serialize(families);
}

std::string status_json(const Services& services, const std::vector<const Shard*>& shards) {
    json::object totals;
    for (const Series& one : series()) {
        double sum = 0;
        for (const Shard* shard : shards) sum += one.read(*shard);
        std::string key(one.name + sizeof("waaft_") - 1);
        totals[key] = static_cast<std::uint64_t>(sum);
    }
    json::object status{
        {"schema", "waaft.statusz/1"},
        {"version", services.build.version},
        {"commit", services.build.commit},
        {"stopping", services.stopping.load()},
        {"draining", services.draining.load()},
        {"shards", shards.size()},
        {"loopLagMs", lags_ms(shards)},
        {"port", services.port},
        {"rooms", services.rooms_open.load()},
        {"members", totals["members"]},
        {"queues", json::object{{"store", calls_waiting(services)}, {"mail", totals["mail_waiting"]}}},
        {"memoryBytes", resident_bytes()},
        {"cpuSeconds", cpu_seconds()},
        {"clockMs", clock_ms()},  // whoever asks twice makes rates of counters with it
        {"totals", totals},
        {"troubles", json::value_from(services.troubles.sentences())},
    };
    if (services.shared) {
        status["server"] = services.server_id;
        status["serversAlive"] = services.servers_alive.load();
        status["redis"] = redis_object(services.shared->status());
    }
    return json::serialize(status);
}

}  // namespace waaft::app
