#include "server/store/fold.h"

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

}  // namespace

void apply_reactions(std::vector<Record>& messages, const std::vector<Record>& reactions) {
    for (const Record& reaction : reactions) {
        const auto message =
            std::lower_bound(messages.begin(), messages.end(), reaction.target,
                             [](const Record& record, signaling::Seq seq) { return record.seq < seq; });
        if (message == messages.end() || message->seq != reaction.target || message->deleted) continue;
        apply_reaction(*message, reaction);
    }
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
