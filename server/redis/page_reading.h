// A page of a room's log, read in steps: none of them holds up Redis, and so the other rooms, for longer than a moment.
//
// First messages are looked for from the page's end downwards, then what was said of them is read forward to the end of
// the log. The page is as of the last step: what was deleted between two steps is deleted in it too.
//
// Thread: one. Sans-IO: the caller asks Redis with cursor() and gives the answer to take(). Ownership: owns the page.
// Units: seqs, bytes. Bounds: each step reads at most about history_step records, fewer of long ones; a page has
// about store::page_bytes_max bytes of messages. The number of steps grows with what stands in the log after the page.
// Errors: Misread.
#pragma once

#include "server/redis/commands.h"

namespace waaft::redis {

class PageReading {
public:
    PageReading(store::Seq before, std::uint32_t limit);

    const PageCursor& cursor() const { return cursor_; }
    // Whether the page is complete; if not, ask again.
    Read<bool> take(PageStep step);
    store::Page page() && { return std::move(page_); }

private:
    void begin();
    bool leads_on(const PageStep& step) const;
    void take_items(PageStep& step);

    static constexpr unsigned restarts_max = 3;
    const store::Seq before_;
    const std::uint32_t limit_;
    PageCursor cursor_;
    std::string epoch_;  // of the log that is read; empty: not known yet
    unsigned restarts_ = 0;
    store::Page page_;  // the newest first as long as messages are looked for
};

}  // namespace waaft::redis
