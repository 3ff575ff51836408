// The inside of Room: its state, and one function per message and event.
//
// Thread: the room's. Ownership: owns everything of the room. Errors: refuse() tells the sender.
// Each file beside this one has the functions of one subject.
#pragma once

#include "server/room/members.h"
#include "server/room/nonces.h"
#include "server/room/places.h"
#include "server/room/posts.h"
#include "server/room/room.h"
#include "server/room/tail.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace waaft::room {

struct Room::Impl {
    Impl(Settings kept_settings, Options with, Kept kept, Now now);

    // Outputs (room.cpp).
    void send(const MemberState& to, signaling::ServerMessage message);
    void send_all(signaling::ServerMessage message, ConnectionId except = 0);
    void refuse(ConnectionId to, signaling::ErrorCode code, std::string_view re);
    void refuse(const MemberState& to, signaling::ErrorCode code, std::string_view re);
    void attach(MemberState& member);
    // Others are told at flush(), once for all changes of one input.
    void touch(MemberState& member, ConnectionId except = 0);
    void untouch(const MemberState& member);
    void flush();

    // Coming in (admission.cpp).
    void join(Admission admission, Now now);
    std::optional<signaling::ErrorCode> refusal(const Admission& admission, Now now) const;
    bool can_resume(const Admission::Claim& claim, Now now) const;
    void resume(MemberState& member, Admission admission, Now now);
    void admit(Admission admission, Now now);
    signaling::Role role_for(const Admission& admission) const;
    void correct_mark(const MemberState& member);
    void send_welcome(const MemberState& member, bool resumed, const std::optional<signaling::Position>& seen);
    // A Welcome of at most options.welcome_bytes, and what did not fit as if it had happened right afterwards.
    std::vector<signaling::ServerMessage> welcome(const MemberState& member, bool resumed,
                                                  const std::optional<signaling::Position>& seen) const;

    // Going away (presence.cpp).
    void disconnected(ConnectionId connection, Away why, Now now);
    void set_timer(MemberState& member, TimePoint at);
    void clear_timer(const MemberState& member);
    void on_deadline(Now now);
    void run_timer(MemberState& member, Now now);
    std::optional<TimePoint> deadline() const;
    // Takes the member out of the room; `mark` if its resume token becomes void.
    void drop(MemberState& member, signaling::LeftWhy why, std::optional<SaveMark> mark, Now now);
    void end();
    void on(MemberState& from, const signaling::Leave&, Now now);
    void on(MemberState& from, const signaling::End&, Now now);

    // Chat (chat.cpp).
    void on(MemberState& from, signaling::Chat& message, Now now);
    void on(MemberState& from, signaling::Delete& message, Now now);
    void on(MemberState& from, signaling::React& message, Now now);
    void on(MemberState& from, const signaling::Erase&, Now now);
    void on(MemberState& from, const signaling::HistoryRequest& message, Now now);
    bool is_repeated(const MemberState& from, const std::string& nonce, Now now);
    void post(const MemberState& from, signaling::Record record, std::string nonce, std::string_view re);
    void ack(const MemberState& to, std::string nonce, signaling::Seq seq);
    void ack_unchanged(const MemberState& to, const std::string& nonce, signaling::Seq seq, Now now);
    template <class Message>
    void with_target(MemberState& from, Message& message, Now now);
    void apply(MemberState& from, signaling::Delete& message, const signaling::Record& target, Now now);
    void apply(MemberState& from, signaling::React& message, const signaling::Record& target, Now now);
    void on_persisted(signaling::Seq seq, bool durable, Now now);
    void on_lookup(std::uint64_t token, const std::optional<signaling::Record>& record, Now now);

    // Media and its signaling (calls.cpp).
    void on(MemberState& from, signaling::Signal& message, Now now);
    void on(MemberState& from, const signaling::State& message, Now now);
    void settle_places();

    // Roles (roles.cpp).
    void on(MemberState& from, const signaling::Invite& message, Now now);
    void on(MemberState& from, const signaling::Accept&, Now now);
    void on(MemberState& from, const signaling::Decline&, Now now);
    void on(MemberState& from, const signaling::SetRole& message, Now now);
    void on(MemberState& from, const signaling::Handover& message, Now now);
    void set_role(MemberState& member, signaling::Role role, Now now);
    void make_host(MemberState& member, Now now);

    // Moderation (moderation.cpp).
    void on(MemberState& from, const signaling::Mute& message, Now now);
    void on(MemberState& from, const signaling::Remove& message, Now now);
    void on(MemberState& from, const signaling::Ban& message, Now now);
    void on(MemberState& from, const signaling::Lock& message, Now now);
    bool is_banned(const std::vector<std::string>& keys) const;
    // The member that a host's request names, or nullptr after telling why not.
    MemberState* target_of_host(const MemberState& from, std::string_view id, std::string_view re);

    // The shell answers these.
    void on(MemberState& from, const signaling::Join&, Now now);
    void on(MemberState&, const signaling::Pong&, Now) {}
    void on(MemberState&, const signaling::Going&, Now) {}

    signaling::RoomInfo info() const;
    std::uint32_t members_max() const;
    bool is_host(const MemberState& member) const { return &member == host; }
    // Members of before a restart may still come back.
    bool is_recovering(Now now) const { return now.steady < recovering_until; }

    struct Touched {
        MemberState* member;
        ConnectionId except;
    };
    struct WaitingForTarget {
        std::string member;
        std::variant<signaling::Delete, signaling::React> message;
    };

    Settings settings;
    Options options;
    Members members;
    MemberState* host = nullptr;
    Tail tail;
    Posts posts;
    Nonces nonces;
    std::unordered_map<std::uint64_t, WaitingForTarget> lookups;
    std::uint64_t next_lookup = 1;

    // Of members who are not here; needed only while members of before a restart may come back.
    std::map<std::string, signaling::Role> roles;
    std::set<std::string> removed;
    TimePoint recovering_until;
    UnixMs alive_until = 0;
    bool bare_welcome = false;                   // a Replica writes it when the others have agreed
    Precedence precedence = Precedence::by_age;  // until everybody has had time to come back

    std::set<std::string> ban_keys;
    // Of members without a connection: when, and the member's order to tell equal times apart.
    std::map<std::pair<TimePoint, std::uint64_t>, MemberState*> timers;
    std::optional<TimePoint> empty_since;
    std::vector<Touched> touched;
    std::deque<Output> outputs;
};

}  // namespace waaft::room
