// A room that several servers have open at once, as one of them sees it. Sans-IO.
//
// It decides by the same Room as a single server, on a copy of the state, and lets nobody hear of it before the others
// agree: all that came in is decided together and committed as one change against the revision that was known. Where
// others decided something first the copy is taken back, their change is taken in, and what came in is decided again.
//
// Thread: one (the home shard of the room). Ownership: owns the copy; values otherwise.
// Usage: as Engine says; besides poll_output() drain poll_request(). One commit is under way at a time.
// Errors: as Room. Bounds: inputs_max inputs wait (then `busy`), told_max changes wait for an earlier one (then it
// reads the whole room again). Source: ARCHITECTURE.md, "One room on many servers".
#pragma once

#include "server/room/engine.h"
#include "server/room/shared.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace waaft::room {

class Replica final : public Engine {
public:
    // Unguessable: a new host's key, a log's epoch.
    struct Randoms {
        std::function<std::string()> key;
        std::function<std::string()> epoch;
    };
    Replica(std::string server, Options options, Snapshot snapshot, Randoms randoms, Now now);
    ~Replica() override;

    void join(Admission admission, Now now) override;
    void handle(ConnectionId from, signaling::ClientMessage message, Now now) override;
    void disconnected(ConnectionId connection, Away why, Now now) override;
    void on_lookup(std::uint64_t token, std::optional<signaling::Record> record, Now now) override;
    void end(Now now) override;

    void on_deadline(Now now) override;
    std::optional<TimePoint> deadline() const override;
    std::optional<Output> poll_output() override;
    std::optional<Request> poll_request();

    // Takes a join back that is not decided, or will be decided again; false: there is none.
    bool withdraw(ConnectionId connection);

    // The answer to Commit.
    void on_answer(Answer answer, Now now);
    // Told may come in any order, doubled or not at all.
    void on_told(Told told, Now now);
    void on_whisper(const Word& word);
    // The answer to ReadAgain; nullopt: there is no such room any more.
    void on_read(std::optional<Snapshot> snapshot, Now now);
    void on_read_failed(Now now);
    // Something was told that nobody here understands.
    void on_missed(Now now);
    void on_servers(const std::set<std::string>& alive, Now now);
    void on_connection(bool up, Now now);

    const Settings& settings() const override;
    signaling::RoomInfo info() const override;
    // Of this server's members.
    Counts counts() const override;
    signaling::Seq last_seq() const override;
    bool has_member(const std::string& id) const override;
    // Nobody of this server's is in it, and nothing is under way.
    bool idle() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::room
