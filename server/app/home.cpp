#include "server/app/home.h"

#include "server/app/frame.h"
#include "server/app/home_room.h"
#include "server/app/post_office.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/room/replica.h"
#include "server/room/room.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace waaft::app {

using signaling::ErrorCode;

namespace {

constexpr std::size_t reading_max = 16;      // pages of history that one shard waits for
constexpr std::uint64_t renewal_turns = 16;  // in which everybody's resume token is renewed

}  // namespace

Home::Home(Services& services, ShardIndex self, boost::asio::io_context& io, ShardCounters& counters, ShardLoad& load)
    : services_(services),
      self_(self),
      io_(io),
      counters_(counters),
      load_(load),
      timer_(io),
      alive_timer_(io),
      replica_timer_(io),
      renewal_timer_(io),
      saving_timer_(io),
      // Each shard counts in a range of its own, so that a handle is unique in the process.
      next_handle_((static_cast<RoomHandle>(self) << connection_shard_shift) + 1) {}

Home::~Home() = default;

void Home::start() {
    renew_tokens();
    if (services_.shared)
        look_after_replicas();
    else
        keep_rooms_alive();
}

void Home::stop() {
    stopping_ = true;
    save_rest();
    timer_.cancel();
    alive_timer_.cancel();
    replica_timer_.cancel();
    renewal_timer_.cancel();
    saving_timer_.cancel();
}

void Home::keep_rooms_alive() {
    for (const auto& [name, home_room] : rooms_) {
        if (home_room->engine->counts().members > 0) save_row(*home_room);
    }
    alive_timer_.expires_after(std::chrono::hours(1));
    alive_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) keep_rooms_alive();
    });
}

void Home::on_thread(std::function<void()> task) { boost::asio::post(io_, std::move(task)); }

void Home::post(ShardIndex to, Mail mail) {
    PostOffice& office = *services_.post_office;
    // After an overrun nothing more may pass until the shard has dropped its connections.
    if (office.overrun(self_, to)) return;
    if (!office.post(self_, to, std::move(mail))) {
        counters_.overruns.fetch_add(1, std::memory_order_relaxed);
        office.mark_overrun(self_, to);
    }
}

void Home::send(ConnectionId to, const signaling::ServerMessage& message) {
    post(shard_of(to), FrameMail{to, frame_of(message), std::holds_alternative<signaling::SignalFrom>(message)});
}

Home::HomeRoom* Home::find(RoomHandle handle) {
    const auto found = by_handle_.find(handle);
    return found == by_handle_.end() ? nullptr : found->second;
}

void Home::on_mail(ClientMail mail) {
    HomeRoom* home_room = find(mail.room);
    if (!home_room || stopping_) return;
    if (std::holds_alternative<signaling::Going>(*mail.message)) {
        if (home_room->attached.contains(mail.connection)) home_room->closing.insert(mail.connection);
        return;
    }
    home_room->closing.erase(mail.connection);  // it is still there
    const People people = concerns_people(*mail.message);
    home_room->engine->handle(mail.connection, std::move(*mail.message), read_clocks());
    drain(*home_room, people);
}

void Home::on_mail(const GoneMail& mail) {
    present_.erase(mail.connection);
    verifying_.erase(mail.connection);
    HomeRoom* found = find(mail.handle);
    if (const auto named = rooms_.find(mail.room); found == nullptr && named != rooms_.end())
        found = named->second.get();
    if (found == nullptr) return;
    HomeRoom& home_room = *found;
    detach(home_room, mail.connection);
    home_room.arriving.erase(mail.connection);
    const room::Away why = home_room.closing.erase(mail.connection) > 0 ? room::Away::closed : room::Away::lost;
    home_room.engine->disconnected(mail.connection, why, read_clocks());
    drain(home_room);
}

Home::People Home::concerns_people(const signaling::ClientMessage& message) {
    const bool talk =
        std::holds_alternative<signaling::Chat>(message) || std::holds_alternative<signaling::Signal>(message) ||
        std::holds_alternative<signaling::React>(message) || std::holds_alternative<signaling::HistoryRequest>(message);
    return talk ? People::same : People::maybe_changed;
}

void Home::drain(HomeRoom& home_room, People people) {
    while (auto output = home_room.engine->poll_output()) {
        std::visit([&](auto& what) { perform(home_room, std::move(what)); }, *output);
    }
    while (auto request = home_room.replica != nullptr ? home_room.replica->poll_request() : std::nullopt) {
        std::visit([&](auto& what) { perform(home_room, std::move(what)); }, *request);
    }
    // Counting looks at every member: not for each line of chat.
    if (people == People::maybe_changed || home_room.over) count(home_room);
    if (home_room.over) {
        forget(home_room);
        return;
    }
    schedule(home_room);
}

void Home::perform(HomeRoom& home_room, room::Send output) {
    if (auto* welcome = std::get_if<signaling::Welcome>(&output.message)) {
        auto arriving = home_room.arriving.extract(output.to);
        if (arriving.empty()) return;  // it went away meanwhile
        const Config& config = services_.config;
        welcome->resume = std::move(arriving.mapped().resume_token);
        welcome->ice = std::move(arriving.mapped().ice);
        welcome->limits = {config.chat_text_max, config.message_max, config.messages_per_second};
    } else if (std::holds_alternative<signaling::Ack>(output.message)) {
        counters_.chat_acked.fetch_add(1, std::memory_order_relaxed);
    }
    send(output.to, output.message);
}

void Home::perform(HomeRoom& home_room, const room::SendAll& output) {
    counters_.broadcasts.fetch_add(1, std::memory_order_relaxed);
    const SharedBytes frame = frame_of(output.message);
    for (ShardIndex shard = 0; shard < home_room.attached_by_shard.size(); ++shard) {
        if (home_room.attached_by_shard[shard] == 0) continue;
        post(shard, BroadcastMail{home_room.handle, output.except, frame});
    }
}

void Home::perform(HomeRoom& home_room, const room::Attach& output) {
    if (const auto refusal = check_link_again(home_room, output.connection)) {
        // Let in by what was known then; it hears nothing of the room.
        home_room.arriving.erase(output.connection);
        refuse(output.connection, *refusal);
        return home_room.engine->handle(output.connection, signaling::Leave{}, read_clocks());
    }
    unentered_.erase(home_room.handle);
    const auto [entry, is_new] = home_room.attached.try_emplace(output.connection);
    if (is_new) ++home_room.attached_by_shard[shard_of(output.connection)];
    const bool role_changed = !is_new && entry->second.role != output.role;
    entry->second = {output.member, output.name, output.role, output.joined};
    if (const auto arriving = home_room.arriving.find(output.connection); arriving != home_room.arriving.end())
        arriving->second.resume_token = resume_token(home_room, entry->second);
    else if (role_changed)
        send(output.connection, signaling::Resume{resume_token(home_room, entry->second)});
    post(shard_of(output.connection), AttachMail{output.connection, home_room.handle, output.on_air});
}

std::string Home::resume_token(const HomeRoom& home_room, const Attached& who) const {
    return services_.signer->sign(auth::ResumeToken{home_room.row.name, token_epoch(home_room), who.member, who.name,
                                                    who.role, who.joined, read_clocks().wall});
}

// A fraction of resume.window, which is what it must tell apart.
Duration Home::token_age() const {
    return std::clamp<Duration>(services_.config.resume_window / 2, std::chrono::milliseconds(500),
                                std::chrono::seconds(30));
}

void Home::renew_tokens() {
    const std::uint64_t turn = renewal_turn_++ % renewal_turns;
    for (const auto& [name, home_room] : rooms_) {
        for (const auto& [connection, who] : home_room->attached) {
            if (connection % renewal_turns == turn) send(connection, signaling::Resume{resume_token(*home_room, who)});
        }
    }
    renewal_timer_.expires_after(token_age() / renewal_turns);
    renewal_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) renew_tokens();
    });
}

void Home::detach(HomeRoom& home_room, ConnectionId connection) {
    if (home_room.attached.erase(connection) > 0) --home_room.attached_by_shard[shard_of(connection)];
}

void Home::perform(HomeRoom& home_room, const room::Close& output) {
    detach(home_room, output.connection);
    home_room.arriving.erase(output.connection);
    post(shard_of(output.connection), CloseMail{output.connection, output.code});
}

void Home::perform(HomeRoom& home_room, room::Persist output) {
    const signaling::Seq seq = output.record.seq;
    home_room.row.last_active_at = output.record.at;
    store::Append append{home_room.row.name, home_room.row.epoch, std::move(output.record), std::move(output.nonce)};
    services_.store->append(std::move(append), [this, handle = home_room.handle, seq](auto done) {
        const auto failure = done.has_value() ? std::nullopt : std::optional(done.error());
        on_thread([this, handle, seq, failure] { on_persisted(handle, seq, failure); });
    });
}

void Home::on_persisted(RoomHandle handle, signaling::Seq seq, std::optional<store::StoreError> failure) {
    if (failure) counters_.chat_failed.fetch_add(1, std::memory_order_relaxed);
    note_writing(failure);
    HomeRoom* home_room = find(handle);
    if (!home_room) return;
    home_room->own->on_persisted(seq, !failure, read_clocks());
    drain(*home_room, People::same);
}

// One line when it begins and one when it is over, not one for each message.
void Home::note_writing(std::optional<store::StoreError> failure) {
    if (!failure) {
        if (services_.chat_failing.load(std::memory_order_relaxed) && services_.chat_failing.exchange(false))
            services_.troubles.clear("chat");
        return;
    }
    if (*failure != store::StoreError::full && *failure != store::StoreError::io) return;
    services_.chat_failing = true;
    services_.troubles.tell("chat",
                            "Messages cannot be kept, so nothing is posted: " + std::string(store::sentence(*failure)),
                            Troubles::Weight::error);
}

void Home::perform(HomeRoom& home_room, const room::SaveRoom& output) {
    home_room.row.locked = output.settings.locked;
    if (output.settings.ended && home_room.row.ended_at == 0) home_room.row.ended_at = read_clocks().wall;
    save_row(home_room);
}

void Home::perform(HomeRoom& home_room, const room::RotateHostKey& output) {
    const std::string key = random_key();
    home_room.row.host_key_hash = auth::sha256_hex(key);
    save_row(home_room);
    send(output.to, signaling::HostKey{key});
}

void Home::perform(HomeRoom& home_room, const room::ReadHistory& output) {
    // A page is long and its reading slow: one at a time for each connection, a few at a time for all.
    if (reading_.size() >= reading_max || !reading_.insert(output.to).second) {
        send(output.to, signaling::ErrorMessage{ErrorCode::busy, "", "history"});
        return;
    }
    const auto answer = [this, to = output.to, before = output.before](auto page) {
        reading_.erase(to);
        if (!page.has_value()) {
            send(to, signaling::ErrorMessage{ErrorCode::busy, std::string(store::sentence(page.error())), "history"});
            return;
        }
        send(to, signaling::History{before, std::move(page->items), page->more});
    };
    read_history(home_room.row.name, output.before, output.limit, [this, answer](auto page) {
        on_thread([answer, page = std::move(page)]() mutable { answer(std::move(page)); });
    });
}

void Home::perform(HomeRoom& home_room, const room::Lookup& output) {
    const auto answer = [this, handle = home_room.handle, output](auto page) {
        HomeRoom* still = find(handle);
        if (!still) return;
        std::optional<signaling::Record> record;
        if (page.has_value() && !page->items.empty() && page->items.front().seq == output.target) {
            record = std::move(page->items.front());
        }
        still->engine->on_lookup(output.token, std::move(record), read_clocks());
        drain(*still);
    };
    // History, because its record carries the reactions that were given.
    read_history(home_room.row.name, output.target + 1, 1, [this, answer](auto page) {
        on_thread([answer, page = std::move(page)]() mutable { answer(std::move(page)); });
    });
}

void Home::perform(HomeRoom& home_room, const room::Ended&) { home_room.over = true; }

void Home::count(HomeRoom& home_room) {
    room::Counts& counted = home_room.counted;
    const room::Counts now = home_room.over ? room::Counts{} : home_room.engine->counts();
    counters_.members.fetch_add(std::uint64_t{now.members} - counted.members, std::memory_order_relaxed);
    counters_.members_away.fetch_add(std::uint64_t{now.away} - counted.away, std::memory_order_relaxed);
    counted = now;
}

void Home::schedule(HomeRoom& home_room) {
    const auto wanted = home_room.engine->deadline();
    if (wanted == home_room.deadline) return;
    if (home_room.deadline) deadlines_.erase({*home_room.deadline, home_room.handle});
    home_room.deadline = wanted;
    if (wanted) deadlines_.insert({*wanted, home_room.handle});
    arm_timer();
}

void Home::arm_timer() {
    if (deadlines_.empty() || stopping_) return;
    const TimePoint next = deadlines_.begin()->first;
    if (timer_.expiry() == next) return;
    timer_.expires_at(next);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) on_timer();
    });
}

void Home::on_timer() {
    const Now now = read_clocks();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
        HomeRoom* home_room = find(deadlines_.begin()->second);
        deadlines_.erase(deadlines_.begin());
        home_room->deadline.reset();
        home_room->engine->on_deadline(now);
        drain(*home_room);
    }
    timer_.expires_at(TimePoint::min());
    arm_timer();
}

}  // namespace waaft::app
