#include "server/room/posts.h"

#include <algorithm>
#include <utility>

namespace waaft::room {

const Post& Posts::begin(signaling::Record record, std::string nonce) {
    record.seq = next_seq_++;
    posts_.push_back({std::move(record), std::move(nonce), Post::Outcome::waiting});
    return posts_.back();
}

void Posts::settle(signaling::Seq seq, bool durable) {
    const auto found = std::lower_bound(posts_.begin(), posts_.end(), seq, [](const Post& post, signaling::Seq wanted) {
        return post.record.seq < wanted;
    });
    if (found != posts_.end() && found->record.seq == seq && found->outcome == Post::Outcome::waiting) {
        found->outcome = durable ? Post::Outcome::durable : Post::Outcome::failed;
    }
}

std::optional<Post> Posts::take_settled() {
    if (posts_.empty() || posts_.front().outcome == Post::Outcome::waiting) {
        return std::nullopt;
    }
    std::optional<Post> post(std::move(posts_.front()));
    posts_.pop_front();
    return post;
}

void Posts::restart(signaling::Seq last_seq) {
    posts_.clear();
    next_seq_ = last_seq + 1;
}

bool Posts::has_reaction(std::string_view member, signaling::Seq target) const {
    return std::any_of(posts_.begin(), posts_.end(), [&](const Post& post) {
        const signaling::Record& record = post.record;
        return record.kind == signaling::Record::Kind::react && record.target == target && record.from == member;
    });
}

}  // namespace waaft::room
