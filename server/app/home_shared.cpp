// Home: rooms that several servers share. A Replica decides, the shared store puts all changes in one order.
#include "server/app/home_room.h"

#include "server/app/post_office.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/cluster/room_codec.h"
#include "server/room/replica.h"
#include "server/store/page.h"

namespace waaft::app {

using signaling::ErrorCode;

namespace {

constexpr Duration look_after_every = std::chrono::seconds(15);
constexpr std::uint32_t idle_rounds_max = 2;

room::Answer::Outcome outcome_of(store::StoreError error) {
    switch (error) {
        case store::StoreError::away:
        case store::StoreError::closed: return room::Answer::Outcome::away;
        case store::StoreError::full: return room::Answer::Outcome::full;
        default: return room::Answer::Outcome::failed;
    }
}

room::Answer::Outcome outcome_of(store::Committed::Outcome outcome) {
    switch (outcome) {
        case store::Committed::Outcome::done: return room::Answer::Outcome::done;
        case store::Committed::Outcome::gone: return room::Answer::Outcome::gone;
        case store::Committed::Outcome::conflict:
        // Somebody else came in first; the room decides again who is let in.
        case store::Committed::Outcome::full: break;
    }
    return room::Answer::Outcome::conflict;
}

room::Answer answer_of(const Result<store::Committed, store::StoreError>& result) {
    room::Answer answer;
    if (!result.has_value()) {
        answer.outcome = outcome_of(result.error());
        return answer;
    }
    answer.outcome = outcome_of(result->outcome);
    answer.revision = result->revision;
    answer.rules = result->rules;
    for (const store::Written& written : result->records) answer.records.push_back({written.seq, written.repeated});
    return answer;
}

store::Change change_of(const room::Change& change, const store::RoomRow* new_row) {
    store::Change result;
    result.number = change.number;
    result.rules = change.rules;
    result.raises_rules = change.raises_rules;
    result.members_max = change.members_max;
    for (const auto& member : change.members) {
        std::optional<std::string> value;
        if (member.now) value = cluster::encode_member(*member.now);
        result.members.push_back({member.id, member.version, std::move(value)});
    }
    if (new_row != nullptr) result.row = *new_row;
    result.bans = change.bans;
    for (const room::Persist& persist : change.records) result.records.push_back({persist.record, persist.nonce});
    result.message = cluster::encode_change(change, new_row);
    result.ends = change.ends;
    return result;
}

// Somebody else writes under our keys, or a newer server does.
void warn_not_understood(const std::string& name, std::string_view what, bool newer) {
    log::warn(newer ? "A newer server wrote about a room what this one does not understand."
                    : "Something about a room cannot be understood.",
              {{"room", name}, {"what", std::string(what)}});
}

}  // namespace

std::string Home::token_epoch(const HomeRoom& home_room) const {
    // A shared log gets a new epoch when its store lost something; that is no reason to lose one's place.
    return home_room.replica != nullptr ? std::to_string(home_room.row.created_at) : home_room.row.epoch;
}

std::string Home::host_key_generation(const HomeRoom& home_room) {
    return auth::sha256_hex(home_room.row.host_key_hash).substr(0, 16);
}

void Home::read_history(const std::string& name, signaling::Seq before, std::uint32_t limit,
                        store::Done<store::Page> done) {
    // On the store's thread: what is too long does not even travel between threads.
    auto bounded = [done = std::move(done)](Result<store::Page, store::StoreError> page) {
        if (page.has_value()) store::bound_page(*page);
        done(std::move(page));
    };
    if (services_.shared)
        services_.shared->history(name, before, limit, std::move(bounded));
    else
        services_.store->history(name, before, limit, std::move(bounded));
}

store::LinkStore& Home::link_store() const {
    if (services_.shared) return *services_.shared;
    return *services_.store;
}

void Home::revoke(const std::string& id, UnixMs until, store::Done<void> done) {
    if (services_.shared)
        services_.shared->revoke_link(id, until, std::move(done));
    else
        services_.store->revoke_link(id, until, std::move(done));
}

void Home::within_limits(std::vector<Limited> limits, std::function<void()> then, std::function<void()> refuse) {
    if (limits.empty()) return then();
    const Limited next = std::move(limits.back());
    limits.pop_back();
    if (!next.limit->allow(next.key, Clock::now())) return refuse();
    auto rest = [this, limits = std::move(limits), then = std::move(then), refuse] {
        within_limits(limits, then, refuse);
    };
    if (!services_.shared) return rest();
    services_.shared->allow(next.limit->name() + "\n" + next.key, next.limit->per_period(), next.limit->period(),
                            [this, rest = std::move(rest), refuse](const auto& allowed) {
                                // Without the store this server's own count has to do.
                                const bool refused = allowed.has_value() && !*allowed;
                                on_thread(refused ? std::function<void()>(refuse) : std::function<void()>(rest));
                            });
}

// ---- opening and forgetting ----

void Home::load_shared(const std::string& name) {
    services_.shared->open_room(name, [this, name](auto loaded) {
        on_thread([this, name, loaded = std::move(loaded)]() mutable { on_shared_loaded(name, std::move(loaded)); });
    });
}

void Home::on_shared_loaded(const std::string& name, Result<std::optional<store::Snapshot>, store::StoreError> loaded) {
    auto node = loading_.extract(name);
    if (node.empty()) return;
    std::optional<ErrorCode> refusal;
    std::optional<room::Snapshot> snapshot;
    if (!loaded.has_value())
        refusal = ErrorCode::busy;
    else if (!*loaded)
        refusal = ErrorCode::room_unknown;
    else if (!has_space_for_loaded())
        refusal = ErrorCode::server_full;
    else if (snapshot = understood(**loaded); !snapshot)
        refusal = ErrorCode::busy;

    if (!refusal && !rooms_.contains(name)) drain(open_replica((*loaded)->row, *std::move(snapshot)));
    if (refusal && loaded.has_value() && *loaded) services_.shared->close_room(name);
    answer_waiting(name, node.mapped(), refusal);
}

Home::HomeRoom& Home::open_replica(store::RoomRow row, room::Snapshot snapshot) {
    const auto epoch = [] { return to_hex(as_bytes(random_bytes(8))); };
    auto engine = std::make_unique<room::Replica>(services_.server_id, room_options(), std::move(snapshot),
                                                  room::Replica::Randoms{random_key, epoch}, read_clocks());
    auto made = std::make_unique<HomeRoom>();
    made->replica = engine.get();
    made->engine = std::move(engine);
    made->kept_at = Clock::now();
    return keep_open(std::move(made), std::move(row));
}

std::optional<room::Snapshot> Home::understood(const store::Snapshot& snapshot) const {
    room::Snapshot result;
    result.revision = snapshot.revision;
    result.rules = snapshot.rules;
    result.settings = settings_of(snapshot.row);
    for (const store::SharedMember& member : snapshot.members) {
        auto decoded = cluster::decode_member(member.id, member.value);
        if (!decoded) {
            warn_not_understood(snapshot.row.name, "member " + member.id, cluster::is_newer(member.value));
            return std::nullopt;
        }
        result.members.emplace_back(*std::move(decoded), member.version);
    }
    result.bans = snapshot.bans;
    result.last_seq = snapshot.row.last_seq;
    result.tail = snapshot.tail;
    result.end_may_be_lost = snapshot.end_may_be_lost;
    for (const store::Nonce& nonce : snapshot.nonces) {
        result.nonces.push_back({nonce.member, nonce.nonce, nonce.seq, nonce.at});
    }
    return result;
}

Duration Home::keep_of(const HomeRoom&) const {
    return services_.config.rooms_empty_after + services_.config.resume_window;
}

void Home::look_after_replicas() {
    std::vector<HomeRoom*> unused;
    for (const auto& [name, home_room] : rooms_) {
        HomeRoom& room = *home_room;
        const bool idle = room.replica->idle() && room.arriving.empty();
        room.idle_rounds = idle ? room.idle_rounds + 1 : 0;
        if (room.idle_rounds >= idle_rounds_max) {
            unused.push_back(&room);
        } else if (!idle && Clock::now() - room.kept_at >= keep_of(room) / 4) {
            room.kept_at = Clock::now();
            const UnixMs since = read_clocks().wall - services_.config.chat_keep_age.count();
            services_.shared->keep_room(name, keep_of(room), since);
        }
    }
    for (HomeRoom* room : unused) forget(*room);
    replica_timer_.expires_after(look_after_every);
    replica_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look_after_replicas();
    });
}

// ---- what a Replica asks for ----

void Home::perform(HomeRoom& home_room, room::Commit request) {
    const room::Change& change = request.change;
    home_room.committing_row.reset();
    home_room.committing_people = !change.members.empty();
    if (change.settings || !change.host_key.empty()) {
        store::RoomRow row = home_room.row;
        if (change.settings) {
            row.locked = change.settings->locked;
            row.epoch = change.settings->epoch;
        }
        if (!change.host_key.empty()) row.host_key_hash = auth::sha256_hex(change.host_key);
        row.last_active_at = read_clocks().wall;
        home_room.committing_row = std::move(row);
    }
    store::Change wanted = change_of(change, home_room.committing_row ? &*home_room.committing_row : nullptr);
    wanted.room = home_room.row.name;
    wanted.epoch = change.epoch;
    wanted.server = services_.server_id;
    wanted.keep = keep_of(home_room);
    home_room.kept_at = Clock::now();
    services_.shared->commit(std::move(wanted), [this, handle = home_room.handle](auto result) {
        on_thread([this, handle, result = std::move(result)] { on_committed(handle, result); });
    });
}

void Home::on_committed(RoomHandle handle, Result<store::Committed, store::StoreError> result) {
    HomeRoom* home_room = find(handle);
    if (home_room == nullptr) return;
    room::Answer answer = answer_of(result);
    const bool done = answer.outcome == room::Answer::Outcome::done;
    if (answer.outcome == room::Answer::Outcome::full || answer.outcome == room::Answer::Outcome::failed) {
        counters_.chat_failed.fetch_add(1, std::memory_order_relaxed);
    }
    if (done && home_room->committing_row) home_room->row = *std::move(home_room->committing_row);
    if (answer.outcome != room::Answer::Outcome::away) home_room->committing_row.reset();
    const People people = home_room->committing_people || !done ? People::maybe_changed : People::same;
    home_room->replica->on_answer(std::move(answer), read_clocks());
    drain(*home_room, people);
}

void Home::perform(HomeRoom& home_room, const room::Whisper& request) {
    services_.shared->tell(home_room.row.name, cluster::encode_word(request.word));
}

void Home::perform(HomeRoom& home_room, const room::ReadAgain&) {
    services_.shared->read_room(home_room.row.name, [this, handle = home_room.handle](auto result) {
        on_thread([this, handle, result = std::move(result)]() mutable { on_read_again(handle, std::move(result)); });
    });
}

void Home::on_read_again(RoomHandle handle, Result<std::optional<store::Snapshot>, store::StoreError> result) {
    HomeRoom* home_room = find(handle);
    if (home_room == nullptr) return;
    if (!result.has_value()) {
        home_room->replica->on_read_failed(read_clocks());
        return drain(*home_room);
    }
    std::optional<room::Snapshot> snapshot;
    if (*result) {
        snapshot = understood(**result);
        if (!snapshot) {
            home_room->replica->on_read_failed(read_clocks());
            return drain(*home_room);
        }
        home_room->row = (*result)->row;
    }
    refuse_revoked(*home_room);
    home_room->replica->on_read(std::move(snapshot), read_clocks());
    drain(*home_room);
}

void Home::refuse_revoked(HomeRoom& home_room) {
    std::vector<std::pair<ConnectionId, ErrorCode>> refused;
    for (const auto& [connection, arriving] : home_room.arriving) {
        const auto refusal = check_link_again(home_room, connection);
        if (refusal && home_room.replica->withdraw(connection)) refused.emplace_back(connection, *refusal);
    }
    for (const auto& [connection, code] : refused) {
        home_room.arriving.erase(connection);
        refuse(connection, code);
    }
}

// ---- what others did ----

void Home::on_told(const store::Told& told) {
    const auto found = rooms_.find(told.room);
    if (found == rooms_.end()) return;
    HomeRoom& home_room = *found->second;
    auto decoded = cluster::decode_change(told);
    if (!decoded) {
        warn_not_understood(told.room, "change " + std::to_string(told.revision), cluster::is_newer(told.message));
        home_room.replica->on_missed(read_clocks());
        return drain(home_room);
    }
    if (decoded->row && told.server != services_.server_id) {
        home_room.row.locked = decoded->row->locked;
        home_room.row.epoch = decoded->row->epoch;
        home_room.row.host_key_hash = decoded->row->host_key_hash;
        decoded->told.settings = settings_of(home_room.row);
    }
    home_room.replica->on_told(std::move(decoded->told), read_clocks());
    drain(home_room, decoded->told.members.empty() ? People::same : People::maybe_changed);
}

void Home::on_whisper(const std::string& name, const std::string& message) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end()) return;
    const auto word = cluster::decode_word(message);
    if (!word) return warn_not_understood(name, "message", cluster::is_newer(message));
    found->second->replica->on_whisper(*word);
    drain(*found->second, People::same);
}

void Home::on_missed(const std::string& name) {
    counters_.overruns.fetch_add(1, std::memory_order_relaxed);
    const auto found = rooms_.find(name);
    if (found == rooms_.end()) return;
    found->second->replica->on_missed(read_clocks());
    drain(*found->second);
}

void Home::on_servers(const std::set<std::string>& alive) {
    const Now now = read_clocks();
    std::vector<HomeRoom*> all;
    for (const auto& [name, home_room] : rooms_) all.push_back(home_room.get());
    for (HomeRoom* home_room : all) {
        home_room->replica->on_servers(alive, now);
        drain(*home_room);
    }
}

void Home::on_connection(bool up) {
    const Now now = read_clocks();
    std::vector<HomeRoom*> all;
    for (const auto& [name, home_room] : rooms_) all.push_back(home_room.get());
    for (HomeRoom* home_room : all) {
        home_room->replica->on_connection(up, now);
        drain(*home_room);
    }
}

}  // namespace waaft::app
