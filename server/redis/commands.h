// The calls of a store::SharedStore as Redis's commands, and what Redis's answers to them mean.
//
// Thread: any, no state but the names. Ownership: values. Units: milliseconds, UnixMs. Errors: `Misread` where an
// answer is not what the script gives: what and where, for the log.
#pragma once

#include "server/redis/forms.h"
#include "server/redis/keys.h"
#include "server/redis/resp.h"
#include "server/redis/scripts.h"
#include "server/store/shared.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::redis {

struct Misread {
    std::string what;  // "record 7 is of a newer version"
};
template <class T>
using Read = Result<T, Misread>;

struct Limits {
    std::uint32_t tail_max = 0;
    std::uint32_t chat_keep_messages = 0;
    Duration nonce_keep{};
};

// Where the changes come from that a Redis has. Another run or another replication id may lack the newest ones of a
// room: surely not if it is the same process, or one that keeps everything when it starts again; a replica that took
// over may.
struct Origin {
    std::string run;
    std::string replication_id;
    bool was_replica = false;
    bool keeps_all = false;
};

// No rules of a room are this: what was decided against it conflicts, unless it is the repeat of a change.
inline constexpr store::Revision no_rules = (std::uint64_t{1} << 53U) - 1;
// A server counts as alive so long after its last sign; its answers are kept for so long.
inline constexpr std::chrono::milliseconds alive_for{6000};
inline constexpr std::chrono::milliseconds remembered_for{3600000};

// A step of reading a page reads so many records at most. Redis does nothing else meanwhile, for less than 1 ms.
inline constexpr std::uint32_t history_step = 1000;

// Where the reading of a page stands.
struct PageCursor {
    store::Seq before = 0;     // messages are looked for below it
    std::uint32_t wanted = 0;  // so many more
    std::size_t bytes = 0;     // and, but for the first, no more when so many were taken
    store::Seq oldest = 0;     // of those that were found; 0: none yet
    store::Seq newest = 0;
    store::Seq from = 0;  // what came after them is read from here on; 0: messages are still looked for
};
struct PageStep {
    bool gone = false;  // there is no such room
    std::string epoch;
    std::vector<store::Record> items;  // messages, the newest first
    std::size_t bytes = 0;             // of these
    std::vector<store::Record> later;  // what was said of the page's messages later, in the order of the log
    bool more = false;                 // there are older messages
    store::Seq before = 0;             // where the next step goes on; both 0: this was the last one
    store::Seq from = 0;
};

class Commands {
public:
    Commands(Keys keys, Limits limits) : keys_(std::move(keys)), limits_(limits) {}
    const Keys& keys() const { return keys_; }

    // nullopt: a part of it is too long, or there are too many.
    std::optional<Command> create(const store::RoomRow& row, Duration keep) const;
    std::optional<Command> commit(const store::Change& change, std::uint64_t opened) const;
    Command read(std::string_view room) const;
    Command history(std::string_view room, const PageCursor& cursor) const;
    Command keep(std::string_view room, Duration keep, UnixMs records_since) const;
    Command whisper(std::string_view room, const Whisper& whisper) const;
    Command revoke(std::string_view id, UnixMs expires_at) const;
    Command links() const;
    Command record_link(const std::string& room, std::string_view life, const store::LinkRow& link) const;
    Command list_links(const std::string& room, std::string_view life) const;
    Command void_links(const std::string& room, const std::string& life, UnixMs until) const;
    Command allow(std::string_view key, std::uint32_t most, Duration period) const;
    Command alive(std::string_view server) const;
    Command leave(std::string_view server) const;
    Command check(std::string_view server, const Origin& origin, const std::vector<std::string>& secrets) const;

private:
    Keys keys_;
    Limits limits_;
};

// true: made. false: there is one.
Read<bool> read_created(const Reply& reply);
Read<store::Committed> read_committed(const Reply& reply);
Read<std::optional<store::Snapshot>> read_snapshot(const Reply& reply, std::string_view room);
Read<PageStep> read_page(const Reply& reply);
Read<std::vector<std::string>> read_list(const Reply& reply);
Read<bool> read_flag(const Reply& reply);
Read<store::Recorded> read_recorded(const Reply& reply);
// The oldest first.
Read<std::vector<store::LinkRow>> read_links(const Reply& reply);

}  // namespace waaft::redis
