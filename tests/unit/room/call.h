// People on several servers, as lines of what each connection hears: what Driver is for one server.
//
// Thread: one. Ownership: owns the servers. Units: as Servers. Errors: as Servers.
#pragma once

#include "tests/unit/room/driver.h"
#include "tests/unit/room/servers.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace waaft::room::test {

class Call : public Servers {
public:
    explicit Call(signaling::RoomKind kind = signaling::RoomKind::call, Options options = {}, std::size_t count = 2);

    // These three settle; ask_... does not wait for the answer.
    At enter(std::size_t server, const std::string& name, bool host = false);
    At come_back(std::size_t server, const std::string& name, std::optional<signaling::Seq> seen = std::nullopt);
    void tell(At from, signaling::ClientMessage message);
    At ask_to_enter(std::size_t server, const std::string& name, bool host = false);
    At ask_to_come_back(std::size_t server, const std::string& name, std::optional<signaling::Seq> seen = std::nullopt);
    void chat(At from, const std::string& nonce) { tell(from, signaling::Chat{nonce, "hi"}); }

    // Since the last call; a close is the line "close removed".
    Lines heard(At at) { return std::exchange(lines_[at], {}); }
    void forget_all() { lines_.clear(); }

protected:
    void on_message(At at, const signaling::ServerMessage& message) override { lines_[at].push_back(line_of(message)); }
    void on_attach(At, const Attach&) override {}
    void on_close(At at, signaling::CloseCode code) override;

private:
    std::map<At, Lines> lines_;
};

}  // namespace waaft::room::test
