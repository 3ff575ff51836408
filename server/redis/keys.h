// How the keys and channels in Redis are called.
//
// Thread: any. Ownership: values. Errors: none.
//   PREFIX:format             the version of all this, and the fingerprint of the secret
//   PREFIX:servers            who was alive when
//   PREFIX:links              revoked links by the time they expire
//   PREFIX:lineage            Redis's run and replication id, and the name of the lineage that they continue
//   PREFIX:a:KEY              a counter of a rate limit
//   PREFIX:r:ROOM             hash: e epoch, w row, r revision, u rules, q last seq, b first seq of the list,
//                             l the lineage it was written in, s:SERVER when it opened the room, its last number and
//                             the answer to that
//   PREFIX:r:ROOM:m           hash: the members
//   PREFIX:r:ROOM:c           list: the records, their seqs without a gap
//   PREFIX:r:ROOM:b           set: the bans
//   PREFIX:r:ROOM:n:0 and 1   hashes: nonces of this and of the last period
//   PREFIX:r:ROOM:l           hash: the links that were made; stays a day longer than the room, because a server
//                             of an earlier version keeps the room and not this
//   PREFIX:t:ROOM             channel: what is told of a room
//   PREFIX:l                  channel: revoked links
// Channels are the same in every database of a Redis, so in another one than 0 theirs begin with PREFIX:NUMBER:.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::redis {

class Keys {
public:
    Keys(std::string_view prefix, std::uint32_t database)
        : prefix_(std::string(prefix) + ":"),
          channels_(database == 0 ? prefix_ : prefix_ + std::to_string(database) + ":") {}

    std::string format() const { return prefix_ + "format"; }
    std::string servers() const { return prefix_ + "servers"; }
    std::string links() const { return prefix_ + "links"; }
    std::string lineage() const { return prefix_ + "lineage"; }
    std::string counter(std::string_view key) const { return prefix_ + "a:" + std::string(key); }
    std::string channel(std::string_view room) const { return channels_ + "t:" + std::string(room); }
    std::string links_channel() const { return channels_ + "l"; }
    // In the order of the scripts' KEYS.
    std::array<std::string, 9> room(std::string_view name) const {
        const std::string key = prefix_ + "r:" + std::string(name);
        return {key, key + ":m", key + ":c", key + ":b", key + ":n:0", key + ":n:1", servers(), lineage(), key + ":l"};
    }
    std::array<std::string, 3> links_of(std::string_view name) const {
        const std::string key = prefix_ + "r:" + std::string(name);
        return {key, key + ":l", links()};
    }
    // The room of a channel; empty if it is none of ours.
    std::string_view room_of(std::string_view channel) const {
        const bool ours = channel.starts_with(channels_) && channel.substr(channels_.size()).starts_with("t:");
        return ours ? channel.substr(channels_.size() + 2) : std::string_view{};
    }

private:
    std::string prefix_;
    std::string channels_;
};

}  // namespace waaft::redis
