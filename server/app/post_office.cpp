#include "server/app/post_office.h"

#include "server/base/spsc_ring.h"

#include <algorithm>

namespace waaft::app {

namespace {

// Enough for a burst to a busy shard, small enough for many cores: memory grows with shards squared.
std::size_t ring_size(ShardIndex shards) { return std::max<std::size_t>(1024, 32768 / shards); }

}  // namespace

struct PostOffice::Ring {
    explicit Ring(std::size_t size) : mails(size) {}
    SpscRing<Mail> mails;
    std::atomic<bool> overrun{false};
};

struct PostOffice::Box {
    std::function<void()> wake;
    std::atomic<bool> awake{false};
};

PostOffice::PostOffice(ShardIndex shards) : shards_(shards) {
    for (ShardIndex i = 0; i < shards * shards; ++i) rings_.push_back(std::make_unique<Ring>(ring_size(shards)));
    for (ShardIndex i = 0; i < shards; ++i) boxes_.push_back(std::make_unique<Box>());
}

PostOffice::~PostOffice() = default;

PostOffice::Ring& PostOffice::ring(ShardIndex from, ShardIndex to) const { return *rings_[to * shards_ + from]; }

void PostOffice::set_wake(ShardIndex to, std::function<void()> wake) { boxes_[to]->wake = std::move(wake); }

bool PostOffice::post(ShardIndex from, ShardIndex to, Mail mail) {
    if (!ring(from, to).mails.push(std::move(mail))) return false;
    wake(to);
    return true;
}

void PostOffice::wake(ShardIndex to) {
    // Pairs with the fence in collect(): either we see the flag cleared, or it sees our mail.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Box& box = *boxes_[to];
    if (!box.awake.exchange(true, std::memory_order_acq_rel) && box.wake) box.wake();
}

void PostOffice::mark_overrun(ShardIndex from, ShardIndex to) {
    ring(from, to).overrun.store(true, std::memory_order_release);
    wake(to);
}

bool PostOffice::overrun(ShardIndex from, ShardIndex to) const {
    return ring(from, to).overrun.load(std::memory_order_acquire);
}

void PostOffice::collect(ShardIndex to, const std::function<void(ShardIndex, Mail)>& on_mail,
                         const std::function<void(ShardIndex)>& on_overrun) {
    // Cleared first: a mail that arrives while we read wakes us again.
    boxes_[to]->awake.store(false, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (ShardIndex from = 0; from < shards_; ++from) {
        Ring& source = ring(from, to);
        Mail mail;
        // At most a ring's worth in one go, so that sockets get their turn.
        std::size_t budget = ring_size(shards_);
        for (; budget > 0 && source.mails.pop(mail); --budget) on_mail(from, std::move(mail));
        if (budget == 0) wake(to);
        if (source.overrun.load(std::memory_order_acquire) && source.mails.size() == 0) {
            on_overrun(from);
            source.overrun.store(false, std::memory_order_release);
        }
    }
}

std::size_t PostOffice::waiting(ShardIndex to) const {
    std::size_t count = 0;
    for (ShardIndex from = 0; from < shards_; ++from) count += ring(from, to).mails.size();
    return count;
}

}  // namespace waaft::app
