// Home: finding rooms, loading them from the store, forgetting them.
#include "server/app/home_room.h"

#include "server/app/post_office.h"
#include "server/base/log.h"
#include "server/room/room.h"

namespace waaft::app {

using signaling::ErrorCode;

namespace {

constexpr std::size_t waiting_max = 4096;
// Rooms that exist are more than those that could be made: strangers who make rooms keep nobody out of theirs.
constexpr std::uint64_t loaded_over_max = 10;  // one part in so many

room::Kept kept_of(store::LoadedRoom loaded, const Services& services) {
    room::Kept kept;
    kept.reopened = true;
    kept.reopened_at = services.started_at;
    kept.alive_until = services.alive_until;
    kept.last_seq = loaded.row.last_seq;
    kept.tail = std::move(loaded.tail);
    for (store::Nonce& nonce : loaded.nonces) {
        kept.nonces.push_back({std::move(nonce.member), std::move(nonce.nonce), nonce.seq, nonce.at});
    }
    for (const store::MemberMark& mark : loaded.marks) {
        if (mark.kind == store::MemberMark::Kind::role)
            kept.roles.emplace(mark.member, mark.role);
        else
            kept.removed.insert(mark.member);
    }
    kept.ban_keys.insert(loaded.banned_addresses.begin(), loaded.banned_addresses.end());
    return kept;
}

}  // namespace

room::Settings settings_of(const store::RoomRow& row) {
    room::Settings settings;
    settings.name = row.name;
    settings.epoch = row.epoch;
    settings.kind = row.kind;
    settings.locked = row.locked;
    settings.password = !row.password_hash.empty();
    settings.members_max = row.members_max;
    settings.ended = row.ended_at != 0;
    return settings;
}

room::Options Home::room_options() const {
    const Config& config = services_.config;
    room::Options options;
    options.mesh_max = config.mesh_max;
    options.members_max = config.members_max;
    options.resume_window = config.resume_window;
    options.token_age = token_age();
    options.away_shown_after = config.away_shown_after;
    options.empty_after = config.rooms_empty_after;
    options.nonce_keep = config.chat_nonce_keep;
    options.text_bytes_max = config.chat_text_max;
    options.welcome_bytes = config.send_queue_max / 4;
    options.chat_keep = config.chat_keep_age;
    options.tail_records_max = std::min(options.tail_records_max, config.chat_keep_messages);
    return options;
}

void Home::with_room(const std::string& name, Waiting then, std::function<void(ErrorCode)> refuse) {
    if (const auto found = rooms_.find(name); found != rooms_.end()) {
        then(*found->second);
        return;
    }
    // The store may not know yet that it is over.
    if (has_unwritten_end(name)) return refuse(ErrorCode::room_ended);
    auto& loading = loading_[name];
    if (loading.waiting.size() >= waiting_max) {
        refuse(ErrorCode::busy);
        return;
    }
    loading.waiting.emplace_back(std::move(then), std::move(refuse));
    if (loading.waiting.size() == 1) load(name);
}

void Home::load(const std::string& name) {
    if (services_.shared) return load_shared(name);
    const room::Options options = room_options();
    const UnixMs nonces_since = read_clocks().wall - std::chrono::duration_cast<Millis>(options.nonce_keep).count();
    services_.store->load_room(name, options.tail_records_max, nonces_since, [this, name](auto loaded) {
        on_thread([this, name, loaded = std::move(loaded)]() mutable { on_loaded(name, std::move(loaded)); });
    });
}

void Home::on_loaded(const std::string& name, Result<std::optional<store::LoadedRoom>, store::StoreError> loaded) {
    auto node = loading_.extract(name);
    if (node.empty()) return;
    std::optional<ErrorCode> refusal;
    if (!loaded.has_value())
        refusal = ErrorCode::busy;
    else if (!*loaded)
        refusal = ErrorCode::room_unknown;
    else if ((*loaded)->row.ended_at != 0)
        refusal = ErrorCode::room_ended;
    else if (!has_space_for_loaded())
        refusal = ErrorCode::server_full;

    if (!refusal && !rooms_.contains(name)) {
        store::RoomRow row = (*loaded)->row;
        HomeRoom& opened = open_room(std::move(row), kept_of(std::move(**loaded), services_));
        drain(opened);
    }
    answer_waiting(name, node.mapped(), refusal);
}

void Home::answer_waiting(const std::string& name, Loading& loading, std::optional<ErrorCode> refusal) {
    for (auto& [then, refuse] : loading.waiting) {
        // Looked up each time: what one request does may end the room.
        const auto found = rooms_.find(name);
        if (found != rooms_.end())
            then(*found->second);
        else
            refuse(refusal.value_or(ErrorCode::room_ended));
    }
}

Home::HomeRoom& Home::open_room(store::RoomRow row, room::Kept kept) {
    auto engine = std::make_unique<room::Room>(settings_of(row), room_options(), std::move(kept), read_clocks());
    auto made = std::make_unique<HomeRoom>();
    made->own = engine.get();
    made->engine = std::move(engine);
    return keep_open(std::move(made), std::move(row));
}

Home::HomeRoom& Home::keep_open(std::unique_ptr<HomeRoom> made, store::RoomRow row) {
    HomeRoom& home_room = *made;
    home_room.row = std::move(row);
    home_room.handle = next_handle_++;
    home_room.opened_at = Clock::now();
    unentered_.insert(home_room.handle);
    home_room.attached_by_shard.resize(services_.post_office->shards());
    rooms_[home_room.row.name] = std::move(made);
    by_handle_[home_room.handle] = &home_room;
    services_.rooms_open.fetch_add(1);
    counters_.rooms.store(rooms_.size(), std::memory_order_relaxed);
    schedule(home_room);
    return home_room;
}

bool Home::has_space(std::uint64_t rooms_max, Duration unentered_for) {
    const TimePoint now = Clock::now();
    while (services_.rooms_open.load() >= rooms_max && !unentered_.empty()) {
        HomeRoom& oldest = *find(*unentered_.begin());
        if (now - oldest.opened_at < unentered_for || !oldest.arriving.empty()) break;
        if (is_to_create(oldest.row.name)) break;  // nobody would find it again
        forget(oldest);
    }
    return services_.rooms_open.load() < rooms_max;
}

bool Home::has_space_for_loaded() {
    const std::uint64_t rooms_max = services_.config.rooms_max;
    return has_space(rooms_max, Duration::zero()) ||
           services_.rooms_open.load() < rooms_max + rooms_max / loaded_over_max;
}

void Home::forget(HomeRoom& home_room) {
    if (home_room.deadline) deadlines_.erase({*home_room.deadline, home_room.handle});
    by_handle_.erase(home_room.handle);
    unentered_.erase(home_room.handle);
    services_.rooms_open.fetch_sub(1);
    const std::string name = home_room.row.name;
    if (home_room.replica != nullptr) services_.shared->close_room(name);
    rooms_.erase(name);
    counters_.rooms.store(rooms_.size(), std::memory_order_relaxed);
}

}  // namespace waaft::app
