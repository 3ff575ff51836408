#include "server/redis/page_reading.h"

#include "server/store/page.h"

#include <algorithm>

namespace waaft::redis {

PageReading::PageReading(store::Seq before, std::uint32_t limit) : before_(before), limit_(limit) { begin(); }

void PageReading::begin() {
    page_ = {};
    cursor_ = {};
    cursor_.before = before_;
    cursor_.wanted = limit_;
    cursor_.bytes = store::page_bytes_max;
}

// Each answer leads nearer to the end.
bool PageReading::leads_on(const PageStep& step) const {
    if (step.items.size() > cursor_.wanted || (step.before != 0 && step.from != 0)) return false;
    if (cursor_.from == 0) return step.before < cursor_.before;
    return step.items.empty() && step.before == 0 && (step.from == 0 || step.from > cursor_.from);
}

Read<bool> PageReading::take(PageStep step) {
    if (step.gone) {
        page_ = {};
        return true;
    }
    if (!epoch_.empty() && step.epoch != epoch_) {
        // Another log: its seqs mean something else.
        if (++restarts_ > restarts_max) return Misread{"the log became another one again and again"};
        epoch_.clear();
        begin();
        return false;
    }
    if (!leads_on(step)) return Misread{"the answer to history leads nowhere"};
    epoch_ = std::move(step.epoch);
    take_items(step);
    if (step.before != 0) return false;
    if (cursor_.from == 0) std::reverse(page_.items.begin(), page_.items.end());
    store::apply_later(page_.items, step.later);
    cursor_.from = step.from;
    return step.from == 0;
}

void PageReading::take_items(PageStep& step) {
    page_.more = page_.more || step.more;
    cursor_.before = step.before;
    cursor_.wanted -= static_cast<std::uint32_t>(step.items.size());
    cursor_.bytes -= std::min(cursor_.bytes, step.bytes);
    for (store::Record& item : step.items) {
        if (cursor_.newest == 0) cursor_.newest = item.seq;
        cursor_.oldest = item.seq;
        page_.items.push_back(std::move(item));
    }
}

}  // namespace waaft::redis
