// Everything that the public port answers over HTTP: the page, its files, /api/v1, the upgrade.
//
// Thread: the shard's own. Ownership: the services and sessions outlive it; it keeps the
// Responders of requests that a home answers later. Bounds: pending_max of those. Errors: HTTP
// statuses with {"error": {code, message}} bodies. Source: server/app/openapi.json.
#pragma once

#include "server/app/load.h"
#include "server/app/mail.h"
#include "server/app/services.h"
#include "server/base/origin.h"
#include "server/net/server.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace waaft::app {

class Sessions;

class HttpFront final : public net::Handler {
public:
    HttpFront(Services& services, ShardIndex self, Sessions& sessions, ShardCounters& counters, ShardLoad& load);

    void on_request(net::Request request, net::Responder responder) override;
    Upgrade on_upgrade(const net::Request& request) override;
    unsigned newcomers_per_turn() override;

    void on_mail(RestReplyMail mail);
    // A home could not tell us everything: what it was asked and did not answer is answered with `busy`.
    void on_overrun(ShardIndex home);
    // Called once a second: nobody waits for ever, whatever became of the request. Seconds in which the shard did not
    // turn are not counted.
    void expire();

private:
    void api(const net::Request& request, net::Responder responder);
    void room_api(const net::Request& request, std::string room, std::string_view rest, net::Responder responder);
    void create_room(const net::Request& request, net::Responder responder);
    void make_link(const net::Request& request, std::string room, net::Responder responder);
    void read_chat(const net::Request& request, std::string room, net::Responder responder);
    net::Response page(const net::Request& request) const;
    void forward(const net::Request& request, std::string room, RestCommand command, net::Responder responder);

    Caller caller_of(const net::Request& request) const;
    bool origin_allowed(const net::Request& request) const;
    // A refusal if the call may not change anything, nullopt if it may.
    std::optional<net::Response> refuse_change(const net::Request& request) const;
    bool is_for_us(const net::Request& request) const;
    net::Response host_unknown(const net::Request& request) const;
    net::Response preflight(const net::Request& request) const;
    void secure(net::Response& response, const net::Request& request) const;
    void answer(net::Responder& responder, const net::Request& request, net::Response response) const;
    void warn_of_untrusted_proxy(const net::Request& request);

    Services& services_;
    const ShardIndex self_;
    Sessions& sessions_;
    ShardCounters& counters_;
    ShardLoad& load_;
    std::string content_security_policy_;
    std::vector<Origin> origins_;
    bool warned_of_proxy_ = false;
    std::uint64_t next_request_ = 1;
    struct Pending {
        net::Responder responder;
        ShardIndex home;
        std::uint64_t since;                                       // the round
        std::vector<std::pair<std::string, std::string>> headers;  // the secure ones
    };
    static void give_up(Pending& pending);
    template <class Predicate>
    void give_up_if(Predicate predicate);
    std::unordered_map<std::uint64_t, Pending> pending_;
    std::uint64_t round_ = 0;
};

}  // namespace waaft::app
