#include "server/room/room.h"

#include "server/room/room_state.h"

#include <algorithm>

namespace waaft::room {

namespace {

// Longer than clients need to come back after a restart of the server.
constexpr Duration recovery_extra = std::chrono::seconds(60);

}  // namespace

Room::Impl::Impl(Settings kept_settings, Options with, Kept kept, Now now)
    : settings(std::move(kept_settings)),
      options(with),
      tail({with.tail_records_max, with.tail_bytes_max}, kept.last_seq, std::move(kept.tail)),
      posts(tail.last_seq()),
      nonces(with.nonce_keep),
      roles(std::move(kept.roles)),
      removed(std::move(kept.removed)),
      recovering_until(kept.reopened ? kept.reopened_at.value_or(now.steady) + with.resume_window + recovery_extra
                                     : now.steady),
      alive_until(kept.alive_until),
      ban_keys(std::move(kept.ban_keys)),
      empty_since(now.steady) {
    for (const Kept::Nonce& nonce : kept.nonces) {
        const auto age = std::chrono::milliseconds(std::max<UnixMs>(0, now.wall - nonce.at));
        nonces.accept(nonce.member, nonce.nonce, nonce.seq, now.steady - age);
    }
}

void Room::Impl::send(const MemberState& to, signaling::ServerMessage message) {
    if (to.connected()) {
        outputs.push_back(Send{to.connection, std::move(message)});
    }
}

void Room::Impl::send_all(signaling::ServerMessage message, ConnectionId except) {
    outputs.push_back(SendAll{std::move(message), except});
}

void Room::Impl::refuse(ConnectionId to, signaling::ErrorCode code, std::string_view re) {
    outputs.push_back(Send{to, signaling::ErrorMessage{code, {}, std::string(re)}});
}

void Room::Impl::refuse(const MemberState& to, signaling::ErrorCode code, std::string_view re) {
    if (to.connected()) {
        refuse(to.connection, code, re);
    }
}

void Room::Impl::attach(MemberState& member) {
    member.attached_on_air = member.on_air();
    member.attached_role = member.shown.role;
    outputs.push_back(Attach{member.connection, member.id(), member.shown.name, member.shown.role, member.shown.joined,
                             member.on_air()});
}

void Room::Impl::touch(MemberState& member, ConnectionId except) {
    members.mark(member);
    for (Touched& entry : touched) {
        if (entry.member == &member) {
            entry.except = entry.except == except ? except : 0;
            return;
        }
    }
    touched.push_back({&member, except});
}

void Room::Impl::untouch(const MemberState& member) {
    std::erase_if(touched, [&](const Touched& entry) { return entry.member == &member; });
}

void Room::Impl::flush() {
    for (const Touched& entry : touched) {
        MemberState& member = *entry.member;
        const bool attach_is_old =
            member.attached_on_air != member.on_air() || member.attached_role != member.shown.role;
        if (member.connected() && attach_is_old) {
            attach(member);
        }
        send_all(signaling::MemberChanged{member.shown}, entry.except);
    }
    touched.clear();
}

void Room::Impl::on(MemberState& from, const signaling::Join&, Now) {
    refuse(from, signaling::ErrorCode::already_joined, "join");
}

signaling::RoomInfo Room::Impl::info() const {
    return {settings.name, settings.kind, settings.locked, settings.password, options.mesh_max, members_max()};
}

std::uint32_t Room::Impl::members_max() const {
    return settings.members_max == 0 ? options.members_max : settings.members_max;
}

Room::Room(Settings settings, Options options, Kept kept, Now now)
    : impl_(std::make_unique<Impl>(std::move(settings), options, std::move(kept), now)) {}
Room::~Room() = default;
Room::Room(Room&&) noexcept = default;
Room& Room::operator=(Room&&) noexcept = default;

void Room::join(Admission admission, Now now) {
    impl_->join(std::move(admission), now);
    impl_->flush();
}

void Room::handle(ConnectionId from, signaling::ClientMessage message, Now now) {
    if (impl_->settings.ended) {
        return;
    }
    MemberState* member = impl_->members.find_connection(from);
    if (member == nullptr) {
        impl_->refuse(from, signaling::ErrorCode::not_joined, {});
        return;
    }
    std::visit([&](auto& m) { impl_->on(*member, m, now); }, message);
    impl_->flush();
}

void Room::disconnected(ConnectionId connection, Away why, Now now) { impl_->disconnected(connection, why, now); }

void Room::on_persisted(signaling::Seq seq, bool durable, Now now) { impl_->on_persisted(seq, durable, now); }

void Room::on_lookup(std::uint64_t token, std::optional<signaling::Record> record, Now now) {
    impl_->on_lookup(token, record, now);
}

void Room::end(Now) { impl_->end(); }

void Room::on_deadline(Now now) {
    impl_->on_deadline(now);
    impl_->flush();
}

std::optional<TimePoint> Room::deadline() const { return impl_->deadline(); }

std::optional<Output> Room::poll_output() {
    if (impl_->outputs.empty()) {
        return std::nullopt;
    }
    std::optional<Output> output(std::move(impl_->outputs.front()));
    impl_->outputs.pop_front();
    return output;
}

const Settings& Room::settings() const { return impl_->settings; }

signaling::RoomInfo Room::info() const { return impl_->info(); }

Counts Room::counts() const {
    Counts counts;
    counts.members = counts.everywhere = static_cast<std::uint32_t>(impl_->members.size());
    counts.pending = static_cast<std::uint32_t>(impl_->posts.size());
    impl_->members.for_each([&](const MemberState& member) {
        counts.away += member.connected() ? 0 : 1;
        counts.on_air += member.on_air() ? 1 : 0;
    });
    return counts;
}

signaling::Seq Room::last_seq() const { return impl_->tail.last_seq(); }

bool Room::has_member(const std::string& id) const { return impl_->members.find(id) != nullptr; }

}  // namespace waaft::room
