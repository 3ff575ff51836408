#include "server/store/page.h"

#include "server/signaling/wire_size.h"

#include <algorithm>
#include <iterator>

namespace waaft::store {
namespace {

using signaling::Record;

void apply_reaction(Record& message, const Record& reaction) {
    const auto found = message.reactions.find(reaction.emoji);
    if (!reaction.on) {
        if (found == message.reactions.end()) return;
        std::erase(found->second, reaction.from);
        if (found->second.empty()) message.reactions.erase(found);
        return;
    }
    std::vector<std::string>& members = message.reactions[reaction.emoji];
    if (std::find(members.begin(), members.end(), reaction.from) == members.end()) members.push_back(reaction.from);
}

void empty(Record& message) {
    message.text.clear();
    message.reactions.clear();
    message.deleted = true;
}

void apply_one(std::vector<Record>& messages, const Record& by) {
    const auto reached =
        std::lower_bound(messages.begin(), messages.end(), by.kind == Record::Kind::erase ? by.seq : by.target,
                         [](const Record& record, signaling::Seq seq) { return record.seq < seq; });
    if (by.kind == Record::Kind::erase) std::for_each(messages.begin(), reached, empty);
    if (reached == messages.end() || reached->seq != by.target || reached->deleted) return;
    if (by.kind == Record::Kind::remove) empty(*reached);
    if (by.kind == Record::Kind::react) apply_reaction(*reached, by);
}

}  // namespace

void apply_later(std::vector<Record>& messages, const std::vector<Record>& later) {
    for (const Record& by : later) apply_one(messages, by);
}

void bound_page(Page& page) {
    std::size_t size = 0;
    auto first = page.items.end();
    while (first != page.items.begin()) {
        size += signaling::wire_size(*std::prev(first));
        if (size > page_bytes_max && first != page.items.end()) break;
        --first;
    }
    if (first == page.items.begin()) return;
    page.items.erase(page.items.begin(), first);
    page.more = true;
}

}  // namespace waaft::store
