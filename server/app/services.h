// What all shards share: configuration, engines with their own threads, counters.
//
// Thread: every member may be used from any shard; how is said at each. Ownership: run_server()
// owns it and outlives the shards. Errors: those of the members.
#pragma once

#include "server/app/build_info.h"
#include "server/app/config.h"
#include "server/auth/api_keys.h"
#include "server/auth/passwords.h"
#include "server/auth/tokens.h"
#include "server/base/time.h"
#include "server/cluster/redis.h"
#include "server/store/store.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::app {

class PostOffice;

// Join links that were revoked before they expired. A mutex is enough: only joins ask.
class RevokedLinks {
public:
    void add(std::string id, UnixMs expires_at);
    bool contains(const std::string& id) const;
    void forget_expired(UnixMs now);

private:
    mutable std::mutex mutex_;
    std::map<std::string, UnixMs> expiry_by_id_;
};

// Allows `per_period` events a period for each key; a bounded table that forgets old keys.
// Thread: any (a mutex; used for room creation and passwords, not on a hot path).
class KeyedLimit {
public:
    KeyedLimit(std::uint32_t per_period, Duration period) : per_period_(per_period), period_(period) {}
    bool allow(const std::string& key, TimePoint now);
    std::uint32_t per_period() const { return per_period_; }
    Duration period() const { return period_; }

private:
    struct Window {
        TimePoint start;
        std::uint32_t used = 0;
    };
    static constexpr std::size_t keys_max = 65536;
    std::uint32_t per_period_;
    Duration period_;
    std::mutex mutex_;
    std::map<std::string, Window> windows_;
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
};

struct Services {
    explicit Services(const Config& settings);
    ~Services();

    Config config;
    BuildInfo build;
    std::unique_ptr<store::Store> store;  // of this server alone; nullptr if rooms are shared
    std::unique_ptr<cluster::RedisStore> shared;
    std::string server_id;  // another one for each start
    std::atomic<std::size_t> servers_alive{1};
    std::optional<auth::Signer> signer;
    std::unique_ptr<auth::ApiKeys> api_keys;
    std::unique_ptr<auth::PasswordPool> passwords;
    RevokedLinks revoked_links;
    KeyedLimit room_limit;
    KeyedLimit password_limit;
    std::unique_ptr<PostOffice> post_office;
    std::string ca_pem;  // of the self-made or private CA, empty if there is none
    std::string turn_secret;
    std::string turn_password;
    std::uint16_t port = 0;  // the public one, once it is known
    std::atomic<std::uint64_t> rooms_open{0};
    std::atomic<bool> draining{false};  // people are moving to other servers
    std::atomic<bool> stopping{false};
};

}  // namespace waaft::app
