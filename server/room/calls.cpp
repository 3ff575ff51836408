#include "server/room/places.h"
#include "server/room/room_state.h"

namespace waaft::room {

using signaling::ErrorCode;

void Room::Impl::on(MemberState& from, signaling::Signal& message, Now) {
    MemberState* to = members.find(message.to);
    if (to == nullptr || !to->connected()) {
        refuse(from, ErrorCode::member_unknown, "signal");
        return;
    }
    const bool both_placed = from.shown.place && to->shown.place;
    if (to == &from || !both_placed || (!from.may_publish() && !to->may_publish())) {
        refuse(from, ErrorCode::not_allowed, "signal");
        return;
    }
    send(*to, signaling::SignalFrom{from.id(), std::move(message.payload)});
}

void Room::Impl::on(MemberState& from, const signaling::State& message, Now) {
    if (from.shown.live == message.live) {
        return;
    }
    if (!from.may_publish() && message.live != signaling::Live{}) {
        refuse(from, ErrorCode::not_allowed, "state");
        return;
    }
    from.shown.live = message.live;
    touch(from, from.connection);
}

void Room::Impl::settle_places() {
    for (MemberState* member : room::settle_places(members, settings.kind, options.mesh_max, precedence)) {
        touch(*member);
    }
}

}  // namespace waaft::room
