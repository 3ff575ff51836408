// What all shards share: configuration, engines with their own threads, counters.
//
// Thread: every member may be used from any shard; how is said at each. Ownership: run_server()
// owns it and outlives the shards. Errors: those of the members.
#pragma once

#include "server/app/build_info.h"
#include "server/app/config.h"
#include "server/app/reach.h"
#include "server/app/troubles.h"
#include "server/auth/api_keys.h"
#include "server/auth/passwords.h"
#include "server/auth/tokens.h"
#include "server/base/time.h"
#include "server/redis/redis.h"
#include "server/store/store.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace waaft::app {

class PostOffice;

// Join links that were revoked before they expired. A mutex is enough: only joins ask.
class RevokedLinks {
public:
    void add(std::string id, UnixMs expires_at);
    bool contains(const std::string& id) const;
    void forget_expired(UnixMs now);
    // Whether all that were revoked are in here; until then no link may let anybody in.
    bool known() const { return known_; }
    void set_known(bool known) { known_ = known; }

private:
    mutable std::mutex mutex_;
    std::map<std::string, UnixMs> expiry_by_id_;
    std::atomic<bool> known_{false};
};

// Allows `per_period` events a period for each key; a bounded table that forgets old keys.
// Thread: any (a mutex; used for room creation and passwords, not on a hot path).
class KeyedLimit {
public:
    // `name` sets its keys apart from those of others where servers count together.
    KeyedLimit(std::string name, std::uint32_t per_period, Duration period)
        : name_(std::move(name)), per_period_(per_period), period_(period) {}
    bool allow(const std::string& key, TimePoint now);
    // What was counted shall not have been.
    void forgive(const std::string& key);
    const std::string& name() const { return name_; }
    std::uint32_t per_period() const { return per_period_; }
    Duration period() const { return period_; }

private:
    struct Window {
        TimePoint start;
        std::uint32_t used = 0;
    };
    static constexpr std::size_t keys_max = 65536;
    std::string name_;
    std::uint32_t per_period_;
    Duration period_;
    std::mutex mutex_;
    std::map<std::string, Window> windows_;
};

// How late a loop was, as a histogram. Units: seconds, microseconds.
struct LagCounters {
    static constexpr std::array bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0};
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts{};  // not cumulative; the last: longer than any
    std::atomic<std::uint64_t> sum_us{0};
    std::atomic<std::uint64_t> smoothed_us{0};  // what the shard goes by

    void add(Duration late);
};

// Written by one shard, read by the ops listener.
struct ShardCounters {
    std::atomic<std::int64_t> last_turn_ms{0};  // steady clock
    std::atomic<std::uint64_t> sessions{0};
    std::atomic<std::uint64_t> rooms{0};    // whose home this is
    std::atomic<std::uint64_t> members{0};  // in rooms whose home this is
    std::atomic<std::uint64_t> members_away{0};
    std::atomic<std::uint64_t> messages_in{0};
    std::atomic<std::uint64_t> malformed{0};
    std::atomic<std::uint64_t> rate_limited{0};
    std::atomic<std::uint64_t> signals_dropped{0};
    std::atomic<std::uint64_t> chat_acked{0};
    std::atomic<std::uint64_t> chat_failed{0};
    std::atomic<std::uint64_t> broadcasts{0};
    std::atomic<std::uint64_t> deliveries{0};
    std::atomic<std::uint64_t> closed_silent{0};
    std::atomic<std::uint64_t> late_ms{0};
    std::atomic<std::uint64_t> overruns{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> stun_answered{0};
    std::atomic<std::uint64_t> stun_dropped{0};
    std::atomic<std::uint64_t> mail_waiting{0};
    std::atomic<std::uint64_t> joins_waiting{0};  // whose room's home this is
    std::atomic<std::uint64_t> joins_refused{0};  // for too much to do
    std::atomic<std::uint64_t> rooms_refused{0};
    LagCounters lag;
};

struct Services {
    explicit Services(const Config& settings);
    ~Services();

    Config config;
    BuildInfo build;
    std::unique_ptr<store::Store> store;  // of this server alone; nullptr if rooms are shared
    std::unique_ptr<redis::RedisStore> shared;
    std::string server_id;  // another one for each start
    const TimePoint started_at = Clock::now();
    UnixMs alive_until = 0;  // of the server that had this data before; 0: not known
    std::atomic<std::size_t> servers_alive{1};
    std::optional<auth::Signer> signer;
    std::unique_ptr<auth::ApiKeys> api_keys;
    std::unique_ptr<auth::PasswordPool> passwords;
    Troubles troubles;
    std::atomic<bool> database_waits{false};  // for space; it is opened later
    std::atomic<bool> chat_failing{false};    // the last message could not be written
    std::atomic<std::uint32_t> homes_that_cannot_save{0};
    RevokedLinks revoked_links;
    KeyedLimit rooms_by_address;
    KeyedLimit rooms_by_network;
    KeyedLimit passwords_by_address;  // over all rooms
    KeyedLimit passwords_by_network;
    KeyedLimit passwords_by_room;  // over all addresses
    std::unique_ptr<PostOffice> post_office;
    std::string ca_pem;  // of the self-made or private CA, empty if there is none
    std::string turn_secret;
    std::string turn_password;
    std::uint16_t port = 0;  // the public one, once it is known
    std::atomic<std::shared_ptr<const Reach>> reach{std::make_shared<const Reach>()};
    std::atomic<std::uint64_t> rooms_open{0};
    std::atomic<std::size_t> joins_waiting{0};  // for their turn, on all shards
    std::atomic<bool> draining{false};          // people are moving to other servers
    std::atomic<bool> stopping{false};
};

// Asks the store for them; known() once it has answered well.
void read_revoked_links(Services& services);

}  // namespace waaft::app
