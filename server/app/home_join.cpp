// Home: who may come in. Signatures, keys and passwords are checked here, the rest by the engine.
#include "server/app/home_room.h"

#include "server/base/id.h"

#include <boost/asio/post.hpp>

namespace waaft::app {

using signaling::ErrorCode;

namespace {

// In one turn of the loop; then whoever is connected is served. What those in the room are told of them leaves in one
// write for each, so few at a time would cost more than they spare.
constexpr int joins_per_turn = 16;
// In a large room one takes many milliseconds, and what was said to everybody before has to leave in between.
constexpr Duration joins_most = std::chrono::milliseconds(20);

}  // namespace

void Home::on_mail(std::unique_ptr<JoinMail> mail) {
    const ConnectionId connection = mail->connection;
    present_.insert(connection);
    if (stopping_) return refuse(connection, ErrorCode::busy);
    if (!is_room_name(mail->join.room)) return refuse(connection, ErrorCode::room_unknown);
    if (!load_.takes(mail->returning ? Work::resume : Work::join, Clock::now())) return turn_away(*mail);
    const std::string name = mail->join.room;
    // std::function wants to be copyable.
    auto shared = std::make_shared<std::unique_ptr<JoinMail>>(std::move(mail));
    with_room(
        name, [this, shared](HomeRoom&) { line_up(std::move(*shared)); },
        [this, connection](ErrorCode code) { refuse(connection, code); });
}

void Home::refuse(ConnectionId connection, ErrorCode code) {
    send(connection, signaling::ErrorMessage{code, "", "join"});
    // Too much to do now is no reason never to come back.
    const bool later = code == ErrorCode::busy;
    post(shard_of(connection), CloseMail{connection, later ? signaling::CloseCode::busy : signaling::CloseCode::refused,
                                         later ? static_cast<std::uint32_t>(retry_in(Work::join).count()) : 0});
}

void Home::turn_away(const JoinMail& mail) {
    counters_.joins_refused.fetch_add(1, std::memory_order_relaxed);
    refuse(mail.connection, ErrorCode::busy);
}

Millis Home::retry_in(Work work) { return load_.retry_in(Clock::now(), work, unit_of(random_u64())); }

void Home::line_up(std::unique_ptr<JoinMail> mail) {
    if (const auto without_place = joins_.push(std::move(mail))) return turn_away(*without_place);
    services_.joins_waiting.fetch_add(1, std::memory_order_relaxed);
    take_joins_soon();
}

void Home::take_joins_soon() {
    counters_.joins_waiting.store(joins_.size(), std::memory_order_relaxed);
    if (joins_posted_ || joins_.size() == 0) return;
    joins_posted_ = true;
    boost::asio::post(io_, [this] { take_joins(); });
}

void Home::take_joins() {
    joins_posted_ = false;
    const TimePoint end = Clock::now() + joins_most;
    for (int i = 0; i < joins_per_turn && (i == 0 || Clock::now() < end); ++i) {
        auto mail = joins_.pop();
        if (!mail) break;
        services_.joins_waiting.fetch_sub(1, std::memory_order_relaxed);
        take(std::move(mail));
    }
    take_joins_soon();
}

void Home::take(std::unique_ptr<JoinMail> mail) {
    if (!present_.contains(mail->connection)) return;  // it went away while it waited
    if (stopping_) return refuse(mail->connection, ErrorCode::busy);
    if (const auto found = rooms_.find(mail->join.room); found != rooms_.end())
        return join(*found->second, std::move(mail));
    on_mail(std::move(mail));  // the room was put away meanwhile
}

void Home::join(HomeRoom& home_room, std::unique_ptr<JoinMail> mail) {
    if (!present_.contains(mail->connection)) return;  // it went away while the room was read
    room::Admission admission;
    if (const auto refusal = check_claims(home_room, *mail, admission)) return refuse(mail->connection, *refusal);
    const bool must_check = !home_room.row.password_hash.empty() && !admission.password_passed;
    if (must_check && mail->join.password) return verify_password(home_room, std::move(mail));
    admit(home_room, *mail, std::move(admission));
}

bool Home::is_revoked(const auth::JoinLink& link) const {
    const RevokedLinks& revoked = services_.revoked_links;
    if (revoked.contains(store::revoked_link_id(link.room, link.id))) return true;
    return link.made_at == 0 && revoked.contains(store::unrecorded_links_id(link.room, link.life));
}

std::optional<ErrorCode> Home::check_claims(const HomeRoom& home_room, const JoinMail& mail,
                                            room::Admission& admission) const {
    const signaling::Join& join = mail.join;
    if (join.host_key) {
        if (!auth::equal_constant_time(auth::sha256_hex(*join.host_key), home_room.row.host_key_hash)) {
            return ErrorCode::host_key_bad;
        }
        admission.host = true;
    }
    if (join.link) {
        if (const auto refusal = check_link(home_room, *join.link, admission)) return refusal;
    }
    if (join.resume) {
        const auto& token = mail.returning;
        if (!token || token->epoch != token_epoch(home_room)) return ErrorCode::resume_bad;
        admission.resume =
            room::Admission::Claim{token->member, token->name, token->role, token->joined, token->issued};
    }
    admission.password_passed = admission.host || admission.link_role || admission.resume;
    return std::nullopt;
}

std::optional<ErrorCode> Home::check_link(const HomeRoom& home_room, const std::string& token,
                                          room::Admission& admission) const {
    if (!services_.revoked_links.known()) return ErrorCode::busy;
    const auto link = services_.signer->verify_link(token, read_clocks().wall);
    if (!link.has_value()) {
        return link.error() == auth::TokenError::expired ? ErrorCode::link_expired : ErrorCode::link_bad;
    }
    if (link->room != home_room.row.name || link->life != token_epoch(home_room)) return ErrorCode::link_bad;
    const bool key_gone = !link->key.empty() && !services_.api_keys->has(link->key);
    if (key_gone || is_revoked(*link)) return ErrorCode::link_revoked;
    admission.link_role = link->role;
    if (link->role == signaling::Role::host) {
        if (link->host_key != host_key_generation(home_room)) return ErrorCode::link_revoked;
        admission.host = true;
    }
    admission.name = link->name;
    return std::nullopt;
}

std::optional<ErrorCode> Home::check_link_again(const HomeRoom& home_room, ConnectionId connection) const {
    const auto arriving = home_room.arriving.find(connection);
    if (arriving == home_room.arriving.end() || !arriving->second.link) return std::nullopt;
    room::Admission same;
    return check_link(home_room, *arriving->second.link, same);
}

// The narrowest is last, so asked first: who is refused by it costs the others nothing.
std::vector<Home::Limited> Home::limits_of(const HomeRoom& home_room, const JoinMail& mail) const {
    return {{&services_.passwords_by_room, home_room.row.name},
            {&services_.passwords_by_network, mail.network_key},
            {&services_.passwords_by_address, mail.address_key}};
}

void Home::verify_password(HomeRoom& home_room, std::unique_ptr<JoinMail> mail) {
    const ConnectionId connection = mail->connection;
    const RoomHandle handle = home_room.handle;
    std::vector<Limited> limits = limits_of(home_room, *mail);
    verifying_[connection] = std::move(mail);
    within_limits(
        std::move(limits), [this, connection, handle] { check_password(connection, handle); },
        [this, connection] {
            verifying_.erase(connection);
            refuse(connection, ErrorCode::rate_limited);
        });
}

void Home::check_password(ConnectionId connection, RoomHandle handle) {
    const auto waiting = verifying_.find(connection);
    const HomeRoom* home_room = find(handle);
    if (waiting == verifying_.end()) return;                               // it went away meanwhile
    if (home_room == nullptr) return refuse(connection, ErrorCode::busy);  // it may be open again
    std::string password = *waiting->second->join.password;
    const bool taken = services_.passwords->verify(
        std::move(password), home_room->row.password_hash, [this, connection, handle](auth::PasswordVerdict verdict) {
            on_thread([this, connection, handle, verdict] { on_verified(connection, handle, verdict); });
        });
    if (!taken) {
        verifying_.erase(connection);
        refuse(connection, ErrorCode::busy);
    }
}

void Home::on_verified(ConnectionId connection, RoomHandle handle, auth::PasswordVerdict verdict) {
    auto node = verifying_.extract(connection);
    if (node.empty()) return;  // it went away meanwhile
    HomeRoom* still = find(handle);
    if (!still) return refuse(connection, ErrorCode::busy);  // it may be open again
    if (verdict == auth::PasswordVerdict::no_memory) return refuse(connection, ErrorCode::busy);
    room::Admission admission;
    if (const auto refusal = check_claims(*still, *node.mapped(), admission)) return refuse(connection, *refusal);
    admission.password_passed = verdict == auth::PasswordVerdict::right;
    // A class that comes in from one school has not guessed.
    if (admission.password_passed)
        for (const Limited& counted : limits_of(*still, *node.mapped())) counted.limit->forgive(counted.key);
    admit(*still, *node.mapped(), std::move(admission));
}

void Home::admit(HomeRoom& home_room, const JoinMail& mail, room::Admission admission) {
    admission.connection = mail.connection;
    if (admission.name.empty()) admission.name = mail.join.name;
    admission.password_given = mail.join.password.has_value();
    // On loopback everybody has the same address: banning it would ban all.
    if (!mail.loopback) admission.ban_keys.push_back("address:" + mail.address_key);
    if (mail.join.client) admission.ban_keys.push_back("client:" + *mail.join.client);
    admission.new_member_id = random_member_id();
    admission.seen = mail.join.seen;
    home_room.arriving[mail.connection] = {mail.ice, {}, mail.join.link};
    home_room.idle_rounds = 0;
    home_room.engine->join(std::move(admission), read_clocks());
    drain(home_room);
}

}  // namespace waaft::app
