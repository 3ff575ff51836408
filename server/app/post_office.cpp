#include "server/app/post_office.h"

#include "server/base/spsc_ring.h"

#include <algorithm>

namespace waaft::app {

namespace {

// Enough for a burst to a busy shard, small enough for many cores: memory grows with shards squared.
std::size_t ring_size(ShardIndex shards) { return std::max<std::size_t>(1024, 32768 / shards); }

// So that a shard which stands still costs no more memory than a machine with so many cores has.
std::size_t ring_bytes(ShardIndex shards) { return std::max<std::size_t>(4UL << 20, (32UL << 20) / shards); }

}  // namespace

struct PostOffice::Ring {
    explicit Ring(ShardIndex shards) : mails(ring_size(shards)), bytes_max(ring_bytes(shards)) {}

    bool push(Mail&& mail) {
        const std::size_t bytes = bytes_of(mail);
        const std::size_t in = bytes_in.load(std::memory_order_relaxed);
        const std::size_t waiting = in - bytes_out.load(std::memory_order_relaxed);
        if (bytes > 0 && waiting > 0 && waiting + bytes > bytes_max) return false;
        // Before it can be taken out, so that never more is out than in.
        bytes_in.store(in + bytes, std::memory_order_relaxed);
        if (mails.push(std::move(mail))) return true;
        bytes_in.store(in, std::memory_order_relaxed);
        return false;
    }
    bool pop(Mail& mail) {
        if (!mails.pop(mail)) return false;
        bytes_out.store(bytes_out.load(std::memory_order_relaxed) + bytes_of(mail), std::memory_order_relaxed);
        return true;
    }

    SpscRing<Mail> mails;
    const std::size_t bytes_max;
    alignas(64) std::atomic<std::size_t> bytes_in{0};   // written by the sender
    alignas(64) std::atomic<std::size_t> bytes_out{0};  // written by the receiver
    std::atomic<bool> overrun{false};
};

struct PostOffice::Box {
    std::function<void()> wake;
    std::atomic<bool> awake{false};
};

PostOffice::PostOffice(ShardIndex shards) : shards_(shards) {
    for (ShardIndex i = 0; i < shards * shards; ++i) rings_.push_back(std::make_unique<Ring>(shards));
    for (ShardIndex i = 0; i < shards; ++i) boxes_.push_back(std::make_unique<Box>());
}

PostOffice::~PostOffice() = default;

PostOffice::Ring& PostOffice::ring(ShardIndex from, ShardIndex to) const { return *rings_[to * shards_ + from]; }

void PostOffice::set_wake(ShardIndex to, std::function<void()> wake) { boxes_[to]->wake = std::move(wake); }

bool PostOffice::post(ShardIndex from, ShardIndex to, Mail mail) {
    if (!ring(from, to).push(std::move(mail))) return false;
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
        for (; budget > 0 && source.pop(mail); --budget) on_mail(from, std::move(mail));
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
