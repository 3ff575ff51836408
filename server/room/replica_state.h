// The inside of Replica: the copy of the room, what waits, and the one change that is under way.
//
// Thread: the room's. Ownership: owns everything. Errors: as Room; what cannot be committed is refused.
// replica.cpp has what comes in, replica_decide.cpp how it becomes a change, replica_release.cpp
// what follows when that is taken, replica_take.cpp what others did.
#pragma once

#include "server/room/replica.h"
#include "server/room/room_state.h"

#include <algorithm>
#include <unordered_map>

namespace waaft::room {

// Connections of members on other servers have stand-ins, so that the Room knows that these are here.
constexpr ConnectionId stand_in_bit = ConnectionId{1} << 63;
constexpr bool is_stand_in(ConnectionId connection) { return (connection & stand_in_bit) != 0; }

struct Replica::Impl {
    Impl(std::string server, const Options& options, Snapshot snapshot, Randoms with, Now now);

    // ---- what came in and waits to be decided ----
    struct Coming {
        Admission admission;
    };
    struct Saying {
        ConnectionId from = 0;
        signaling::ClientMessage message;
    };
    struct Going {
        ConnectionId connection = 0;
        Away why = Away::lost;
    };
    struct Found {
        std::uint64_t token = 0;
        std::optional<signaling::Record> record;
    };
    struct Due {};
    struct Ending {};
    struct Adopting {};
    struct Settling {};
    struct Renewing {
        std::string lost_epoch;
    };
    using Input = std::variant<Coming, Saying, Going, Found, Due, Ending, Adopting, Settling, Renewing>;

    void queue(Input input, Now now);
    template <class Kind>
    bool is_queued() const {
        return std::any_of(inputs.begin(), inputs.end(),
                           [](const Input& input) { return std::holds_alternative<Kind>(input); });
    }
    // Waits, or is under way.
    template <class Predicate>
    bool has_input(Predicate is_it) const {
        return (batch && std::any_of(batch->inputs.begin(), batch->inputs.end(), is_it)) ||
               std::any_of(inputs.begin(), inputs.end(), is_it);
    }
    bool is_going(ConnectionId connection) const;
    bool is_coming(ConnectionId connection) const;
    void refuse_input(const Input& input, signaling::ErrorCode code);
    // The store has no room for what is under way.
    void refuse_batch();

    // ---- deciding (replica_decide.cpp) ----
    // A welcome is written when the change is taken: it tells what the room is like then.
    struct LateWelcome {
        ConnectionId to = 0;
        std::string member;
        bool resumed = false;
        std::optional<signaling::Position> seen;
    };
    using Held = std::variant<Output, LateWelcome>;
    struct Batch {
        std::deque<Input> inputs;
        Change change;
        std::vector<Held> held;
        std::set<std::string> changed;
        Revision known = 0;  // when it was decided
        // As they were before.
        Settings settings;
        std::set<std::string> bans;
        std::unordered_map<std::uint64_t, Room::Impl::WaitingForTarget> lookups;
        std::unordered_map<std::uint64_t, Room::Impl::WaitingForTarget> lookups_after;
        bool undone = false;
        bool asked = false;            // its answer will come
        bool lost_connection = false;  // it may be taken or not: to be asked again
        std::optional<Answer> answer;
    };

    void pump(Now now);
    Batch decide(Now now);
    void run(const Input& input, Now now);
    void run(const Coming& input, Now now);
    void run(const Saying& input, Now now);
    void run(const Going& input, Now now);
    void run(const Found& input, Now now);
    void run(const Due& input, Now now);
    void run(const Ending& input, Now now);
    void run(const Adopting& input, Now now);
    void run(const Settling& input, Now now);
    void run(const Renewing& input, Now now);
    void collect(Batch& into, const Input& cause);
    void collect(Batch& into, const Input& cause, Send output);
    void collect(Batch& into, const Input& cause, SendAll output);
    void collect(Batch& into, const Input& cause, const Attach& output);
    void collect(Batch& into, const Input& cause, const Close& output);
    void collect(Batch& into, const Input& cause, Persist output);
    void collect(Batch& into, const Input& cause, const SaveRoom& output);
    void collect(Batch& into, const Input& cause, const SaveMark& output);
    void collect(Batch& into, const Input& cause, const RotateHostKey& output);
    void collect(Batch& into, const Input& cause, const ReadHistory& output);
    void collect(Batch& into, const Input& cause, const Lookup& output);
    void collect(Batch& into, const Input& cause, const Ended& output);
    void compose(Batch& batch, Now now);
    bool raises_rules(const Change& change) const;
    void undo(Batch& batch, Now now);
    // Undoes what is under way and puts what came in back, to be decided again.
    void take_back(Now now);
    void release(Now now);
    void ask();
    void say_held(Batch& taken);
    void say(Held& held, bool late);
    void let_in(const LateWelcome& welcome, bool late);
    void written(const Persist& persist, const Written& result, bool late, Now now);

    // ---- what others did (replica_take.cpp) ----
    // Takes in what is next in order, then decides what waits.
    void advance(Now now);
    bool take_next(Now now);
    bool collides(const Told& change) const;
    void take(Told change, Now now);
    void take_word(const Word& word, std::set<ConnectionId>& closed);
    void take_member(const std::string& id, const std::optional<SharedMember>& now_is, std::set<ConnectionId>& closed,
                     Revision version, Now now);
    bool is_banned(const std::string& id) const;
    void take_settings(const Settings& settings);
    void take_record(signaling::Record record);
    void resync(Snapshot snapshot, Now now);
    void resync_members(const Snapshot& snapshot, Now now);
    void resync_log(Snapshot& snapshot, Now now);
    void close_all(signaling::CloseCode code);
    void over(Now now);
    void refuse_rest();
    // Others may have let somebody in, or out, who was not thought of when a place was given.
    void settle_soon();

    // ---- the copy ----
    Room::Impl& inside() const { return *room.impl_; }
    SharedMember exported(const MemberState& member, Now now) const;
    void put(const SharedMember& member, Now now);
    void remove(const std::string& id);
    ConnectionId stand_in(const std::string& id);
    void forget_stand_in(const std::string& id);
    void attach_again(MemberState& member);
    // What the copy says goes out at once, but for words to other servers.
    void drain_room();
    void watch_hole(Now now);

    struct Confirmed {
        SharedMember member;
        Revision version = 0;
    };

    const std::string self;
    const Randoms randoms;
    Room room;
    std::map<std::string, Confirmed> confirmed;  // what all agree on
    Revision revision = 0;
    Revision rules = 0;
    std::uint64_t number = 0;

    std::deque<Input> inputs;
    std::optional<Batch> batch;
    Revision decide_from = 0;  // after a conflict: not before this is taken in
    std::map<Revision, Told> told;
    std::optional<TimePoint> hole_until;
    std::optional<TimePoint> retry_at;
    bool up = true;
    bool reading = false;
    bool loaded = false;
    bool finished = false;
    bool missed = false;  // read again before anything else is decided
    std::set<std::string> alive;
    TimePoint alive_trusted_from;

    std::unordered_map<std::string, ConnectionId> stand_ins;  // by member
    std::unordered_map<ConnectionId, std::string> stood_for;
    ConnectionId next_stand_in = stand_in_bit + 1;

    std::deque<Output> outputs;
    std::deque<Request> requests;
};

}  // namespace waaft::room
