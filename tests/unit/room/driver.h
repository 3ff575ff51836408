// Runs a Room in virtual time: keeps what each connection hears and plays the disk.
//
// Thread: one. Ownership: owns the room. Units: seconds in advance(). Errors: none.
#pragma once

#include "server/room/room.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace waaft::room::test {

using Lines = std::vector<std::string>;

inline constexpr const char* epoch = "00000000000000af";

// "ann" -> "ann0000000000000"
std::string id_of(const std::string& name);

// One line of a message, with members by name: "chat 3 ann hello", "member bob speaker place mic".
std::string line_of(const signaling::ServerMessage& message);

struct Setup {
    signaling::RoomKind kind = signaling::RoomKind::call;
    Options options;
    Kept kept;
    bool password = false;
};

class Driver {
public:
    explicit Driver(Setup setup = {});

    // A new member with that name; the host has the host key.
    ConnectionId join(const std::string& name, bool host = false);
    ConnectionId join(Admission admission);  // connection and new_member_id are filled in if they are missing
    // Back with its token; `seen` as the client's last record.
    ConnectionId resume(const std::string& name, std::optional<signaling::Seq> seen = std::nullopt);
    Admission admission_of(const std::string& name) const;
    Admission claim_of(const std::string& name, std::optional<signaling::Seq> seen = std::nullopt) const;

    void say(ConnectionId from, signaling::ClientMessage message);
    void chat(ConnectionId from, const std::string& nonce, const std::string& text = "hi");
    void disconnect(ConnectionId connection, Away why = Away::lost);
    void persist(signaling::Seq seq, bool durable);
    // The disk answers everything that waits, in order.
    void persist_all();
    void answer_lookup(std::optional<signaling::Record> record);
    void advance(double seconds);
    void end();

    // What that connection heard since the last call; a close is the line "close removed".
    Lines heard(ConnectionId connection);
    // The other outputs since the last call: "mark bob role speaker", "attach ann host on_air" ...
    Lines done();
    void forget_all();
    bool is_open(ConnectionId connection) const;

    Room room;
    Now now;
    bool disk_is_fast = true;                // answers Persist at once
    std::vector<signaling::Record> durable;  // in the order of the disk
    std::deque<Persist> waiting;

private:
    struct Connection {
        bool open = true;
        bool attached = false;
        Lines lines;
    };
    void drain();
    void apply(Send& output);
    void apply(SendAll& output);
    void apply(Attach& output);
    void apply(Close& output);
    void apply(Persist& output);
    void apply(SaveRoom& output);
    void apply(SaveMark& output);
    void apply(RotateHostKey& output);
    void apply(ReadHistory& output);
    void apply(Lookup& output);
    void apply(Ended& output);

    std::map<ConnectionId, Connection> connections_;
    ConnectionId next_connection_ = 1;
    Lines done_;
    std::deque<std::uint64_t> lookups_;
};

}  // namespace waaft::room::test
