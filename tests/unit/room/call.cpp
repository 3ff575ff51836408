#include "tests/unit/room/call.h"

#include <utility>

namespace waaft::room::test {

using namespace waaft::signaling;

namespace {

Settings call_settings(RoomKind kind) {
    Settings settings;
    settings.name = "blue-sky";
    settings.epoch = epoch;
    settings.kind = kind;
    return settings;
}

}  // namespace

Call::Call(RoomKind kind, Options options, std::size_t count) : Servers(count, call_settings(kind), options) {}

At Call::ask_to_enter(std::size_t server, const std::string& name, bool host) {
    const At made = connect(server);
    Admission admission;
    admission.name = name;
    admission.host = host;
    admission.new_member_id = id_of(name);
    admission.ban_keys = {"client:" + name};
    join(made, std::move(admission));
    return made;
}

At Call::enter(std::size_t server, const std::string& name, bool host) {
    const At made = ask_to_enter(server, name, host);
    settle();
    return made;
}

At Call::ask_to_come_back(std::size_t server, const std::string& name, std::optional<Seq> seen) {
    const At made = connect(server);
    Admission admission;
    admission.name = name;
    admission.resume = Admission::Claim{id_of(name), name, Role::speaker, now.wall};
    admission.ban_keys = {"client:" + name};
    if (seen) admission.seen = Position{epoch, *seen};
    join(made, std::move(admission));
    return made;
}

At Call::come_back(std::size_t server, const std::string& name, std::optional<Seq> seen) {
    const At made = ask_to_come_back(server, name, seen);
    settle();
    return made;
}

void Call::tell(At from, ClientMessage message) {
    say(from, std::move(message));
    settle();
}

void Call::on_close(At at, CloseCode code) { lines_[at].push_back("close " + std::string(to_string(code))); }

}  // namespace waaft::room::test
