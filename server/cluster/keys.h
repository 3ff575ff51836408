// How the keys and channels in Redis are called.
//
// Thread: any. Ownership: values. Errors: none.
//   PREFIX:format             the version of all this, and the fingerprint of the secret
//   PREFIX:servers            who was alive when
//   PREFIX:links              revoked links by the time they expire; also the channel that tells of them
//   PREFIX:a:KEY              a counter of a rate limit
//   PREFIX:r:ROOM             hash: e epoch, w row, r revision, u rules, q last seq, b first seq of the list,
//                             s:SERVER when it opened the room, its last number and the answer to that
//   PREFIX:r:ROOM:m           hash: the members
//   PREFIX:r:ROOM:c           list: the records, their seqs without a gap
//   PREFIX:r:ROOM:b           set: the bans
//   PREFIX:r:ROOM:n:0 and 1   hashes: nonces of this and of the last period
//   PREFIX:t:ROOM             channel: what is told of a room
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace waaft::cluster {

class Keys {
public:
    explicit Keys(std::string_view prefix) : prefix_(std::string(prefix) + ":") {}

    std::string format() const { return prefix_ + "format"; }
    std::string servers() const { return prefix_ + "servers"; }
    std::string links() const { return prefix_ + "links"; }
    std::string counter(std::string_view key) const { return prefix_ + "a:" + std::string(key); }
    std::string channel(std::string_view room) const { return prefix_ + "t:" + std::string(room); }
    // In the order of the scripts' KEYS; the servers stand behind.
    std::array<std::string, 7> room(std::string_view name) const {
        const std::string key = prefix_ + "r:" + std::string(name);
        return {key, key + ":m", key + ":c", key + ":b", key + ":n:0", key + ":n:1", servers()};
    }
    // The room of a channel; empty if it is none of ours.
    std::string_view room_of(std::string_view channel) const {
        const bool ours = channel.starts_with(prefix_) && channel.substr(prefix_.size()).starts_with("t:");
        return ours ? channel.substr(prefix_.size() + 2) : std::string_view{};
    }

private:
    std::string prefix_;
};

}  // namespace waaft::cluster
