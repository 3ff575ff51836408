// The bounded queues between shards: one single-producer ring for each pair.
//
// Thread: post(from, ...) only on shard `from`, collect(to, ...) only on shard `to`; the wake-up
// may run anywhere. Ownership: owns the rings and the mail in them. Bounds: ring_size mails a
// pair, with ring_bytes in them, but always one. Errors: a full ring refuses the mail. A home that could not tell a
// shard something marks the pair as overrun; the shard then closes its connections of that home, which come back and
// get what they missed, so that nothing is lost silently.
#pragma once

#include "server/app/mail.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace waaft::app {

class PostOffice {
public:
    explicit PostOffice(ShardIndex shards);
    ~PostOffice();

    ShardIndex shards() const { return shards_; }
    // The shard that decides about a room of that name.
    ShardIndex home_of(std::string_view room) const {
        return static_cast<ShardIndex>(std::hash<std::string_view>{}(room) % shards_);
    }
    // `wake` is called from any shard and makes shard `to` call collect() soon.
    void set_wake(ShardIndex to, std::function<void()> wake);

    bool post(ShardIndex from, ShardIndex to, Mail mail);
    void mark_overrun(ShardIndex from, ShardIndex to);
    bool overrun(ShardIndex from, ShardIndex to) const;

    // Hands over every waiting mail of every sender in order; `on_overrun(from)` comes after the
    // mails of a sender that was marked, and clears the mark.
    void collect(ShardIndex to, const std::function<void(ShardIndex from, Mail mail)>& on_mail,
                 const std::function<void(ShardIndex from)>& on_overrun);

    std::size_t waiting(ShardIndex to) const;

private:
    struct Ring;
    struct Box;
    Ring& ring(ShardIndex from, ShardIndex to) const;
    void wake(ShardIndex to);

    ShardIndex shards_;
    std::vector<std::unique_ptr<Ring>> rings_;
    std::vector<std::unique_ptr<Box>> boxes_;
};

}  // namespace waaft::app
