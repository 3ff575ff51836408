// How many bytes a call holds while it waits, about: the queues are bounded by them, too.
//
// Thread: any. Units: bytes. What is not counted here is as small as `call_bytes`, by the limits of what makes it.
#pragma once

#include "server/store/shared.h"

namespace waaft::store {

inline constexpr std::size_t call_bytes = 512;

inline std::size_t bytes_of(const Record& record) { return record.name.size() + record.text.size(); }

inline std::size_t bytes_of(const Change& change) {
    std::size_t bytes = change.message.size();
    for (const MemberChange& member : change.members) bytes += member.value ? member.value->size() : 0;
    for (const NewRecord& added : change.records) bytes += bytes_of(added.record);
    return bytes;
}

}  // namespace waaft::store
