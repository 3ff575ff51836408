#include "cmd/status/statusz.h"

#include "cmd/kube/fields.h"
#include "cmd/ui/text.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

constexpr std::size_t version_max = 80;
constexpr std::size_t text_max = 200;
constexpr std::size_t troubles_max = 8;
// Two readings nearer than this say more about their own delay than about the server.
constexpr std::int64_t gap_min_ms = 200;

std::int64_t counter(const boost::json::object& object, kube::Path path) {
    return std::max<std::int64_t>(kube::number(object, path), 0);
}

LiveRedis read_redis(const boost::json::object& said) {
    const auto line = [&](std::string_view key) {
        return cmd::fit(cmd::clean_line(kube::text(said, {key})), text_max);
    };
    LiveRedis redis{.up = kube::is_true(said, {"up"}),
                    .version = line("version"),
                    .used_memory = counter(said, {"usedMemory"}),
                    .max_memory = counter(said, {"maxMemory"}),
                    .appendonly = line("appendonly"),
                    .appendfsync = line("appendfsync"),
                    .trouble = line("trouble")};
    if (const auto* latency = kube::find(said, {"latencyMs"}); latency != nullptr && latency->is_number())
        redis.latency_ms = std::max(latency->to_number<double>(), 0.0);
    return redis;
}

}  // namespace

Live read_live(const Result<boost::json::object>& statusz) {
    Live live;
    if (!statusz) {
        live.why = statusz.error().what;
        return live;
    }
    if (kube::text(*statusz, {"schema"}) != "waaft.statusz/1") {
        live.why = "something else than waaft answers there";
        return live;
    }
    live.answered = true;
    live.version = cmd::fit(cmd::clean_line(kube::text(*statusz, {"version"})), version_max);
    live.commit = cmd::fit(cmd::clean_line(kube::text(*statusz, {"commit"})), version_max);
    live.stopping = kube::is_true(*statusz, {"stopping"});
    live.draining = kube::is_true(*statusz, {"draining"});
    if (kube::has(*statusz, {"redis"})) live.redis = read_redis(kube::child(*statusz, {"redis"}));
    for (const auto& trouble : kube::list(*statusz, {"troubles"})) {
        const auto* sentence = trouble.if_string();
        if (sentence == nullptr || live.troubles.size() >= troubles_max) continue;
        live.troubles.push_back(cmd::fit(cmd::clean_line({sentence->data(), sentence->size()}), text_max));
    }
    live.rooms = counter(*statusz, {"rooms"});
    live.people = counter(*statusz, {"members"});
    live.memory_bytes = counter(*statusz, {"memoryBytes"});
    live.sent_bytes = counter(*statusz, {"totals", "sent_bytes_total"});
    live.clock_ms = counter(*statusz, {"clockMs"});
    if (const auto* cpu = kube::find(*statusz, {"cpuSeconds"}); cpu != nullptr && cpu->is_number()) {
        live.cpu_seconds = cpu->to_number<double>();
    }
    return live;
}

void add_rates(Live& now, const Live& before) {
    const auto gap_ms = now.clock_ms - before.clock_ms;
    if (!now.answered || !before.answered || gap_ms < gap_min_ms) return;
    const double seconds = static_cast<double>(gap_ms) / 1000;
    if (now.sent_bytes >= before.sent_bytes) {
        now.mbps = static_cast<double>(now.sent_bytes - before.sent_bytes) * 8 / 1e6 / seconds;
    }
    if (now.cpu_seconds && before.cpu_seconds && *now.cpu_seconds >= *before.cpu_seconds) {
        now.cpu_cores = (*now.cpu_seconds - *before.cpu_seconds) / seconds;
    }
}

}  // namespace waaft::status
