// A room of this server alone: who is in it, what they may do, the one order of its chat. Sans-IO.
//
// Thread: one (the home shard of the room). Ownership: owns its members and the tail of its log.
// Usage: as Engine says. Errors: a refused request becomes a Send of signaling::ErrorMessage, a refused join also a
// Close. Bounds: members_max, tail_records_max and tail_bytes_max, pending_max posts that wait for the disk. Source:
// PROTOCOL.md; places and roles are described there.
#pragma once

#include "server/room/engine.h"

#include <memory>

namespace waaft::room {

class Room final : public Engine {
public:
    Room(Settings settings, Options options, Kept kept, Now now);
    ~Room() override;
    Room(Room&&) noexcept;
    Room& operator=(Room&&) noexcept;

    void join(Admission admission, Now now) override;
    void handle(ConnectionId from, signaling::ClientMessage message, Now now) override;
    void disconnected(ConnectionId connection, Away why, Now now) override;
    // The answer to Persist: seq is durable, or it was not written and never will be.
    void on_persisted(signaling::Seq seq, bool durable, Now now);
    void on_lookup(std::uint64_t token, std::optional<signaling::Record> record, Now now) override;
    void end(Now now) override;

    void on_deadline(Now now) override;
    std::optional<TimePoint> deadline() const override;
    std::optional<Output> poll_output() override;

    const Settings& settings() const override;
    signaling::RoomInfo info() const override;
    Counts counts() const override;
    signaling::Seq last_seq() const override;
    bool has_member(const std::string& id) const override;

private:
    friend class Replica;  // decides with it, before others agree
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::room
