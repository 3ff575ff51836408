// Home: the REST commands about a room's join links. Paths and answers: server/app/openapi.json.
#include "server/app/home_room.h"

#include "server/signaling/codec.h"

#include <boost/json.hpp>

#include <algorithm>

namespace waaft::app {

namespace json = boost::json;
using signaling::ErrorCode;

namespace {

constexpr std::int64_t link_life_max_ms = 366LL * 86400 * 1000;

// No link lives longer, so after that it need not be remembered that one was revoked.
UnixMs revoked_until() { return read_clocks().wall + link_life_max_ms; }

store::LinkRow row_of(const auth::JoinLink& link, std::string host_key) {
    store::LinkRow row;
    row.id = link.id;
    row.role = link.role;
    row.name = link.name;
    row.key = link.key;
    row.host_key = std::move(host_key);
    row.made_at = link.made_at;
    row.expires_at = link.expires_at;
    return row;
}

net::Response store_unavailable(store::StoreError error) {
    return rest_error(503, "store_unavailable", store::sentence(error));
}

}  // namespace

void Home::rest(HomeRoom& home_room, const RestMail& mail, const MakeLink& command) {
    if (!may_manage(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    if (command.expires_in_ms <= 0 || command.expires_in_ms > link_life_max_ms) {
        return reply(mail, rest_error(400, "bad_request", "expiresIn: 1 to 31622400 seconds were expected."));
    }
    auth::JoinLink link;
    link.room = home_room.row.name;
    link.life = token_epoch(home_room);
    link.id = services_.signer->make_link_id(link.room, link.life);
    if (command.role == signaling::Role::host) link.host_key = host_key_generation(home_room);
    link.role = command.role;
    link.name = command.name;
    link.key = mail.caller.api_key;
    link.made_at = read_clocks().wall;
    link.expires_at = link.made_at + command.expires_in_ms;
    // Nobody gets a link that its host could not find again.
    link_store().record_link(link.room, link.life, row_of(link, host_key_generation(home_room)),
                             [this, mail, link](const auto& recorded) {
                                 on_thread([this, mail, link, recorded] { answer_link(mail, link, recorded); });
                             });
}

void Home::answer_link(const RestMail& mail, const auth::JoinLink& link,
                       const Result<store::Recorded, store::StoreError>& recorded) {
    if (!recorded.has_value()) return reply(mail, store_unavailable(recorded.error()));
    if (*recorded == store::Recorded::gone) return reply(mail, rest_error(ErrorCode::room_ended));
    if (*recorded == store::Recorded::too_many) {
        return reply(mail, rest_error(409, "too_many_links",
                                      "This room has 1000 links that let somebody in. Revoke some of them, or void all "
                                      "of them, and make this one again."));
    }
    const std::string token = services_.signer->sign(link);
    reply(mail, json_response(201, json::serialize(json::object{
                                       {"id", link.id},
                                       {"link", token},
                                       {"url", mail.caller.origins.front() + "/r/" + link.room + "#link=" + token},
                                       {"role", signaling::to_string(link.role)},
                                       {"expiresAt", link.expires_at}})));
}

bool Home::has_lapsed(const store::LinkRow& link, const std::string& host_key) const {
    const bool of_earlier_host = link.role == signaling::Role::host && link.host_key != host_key;
    return of_earlier_host || (!link.key.empty() && !services_.api_keys->has(link.key));
}

void Home::rest(HomeRoom& home_room, const RestMail& mail, const ListLinks&) {
    if (!may_manage(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    const auto answer = [this, mail, host_key = host_key_generation(home_room)](const auto& links) {
        if (!links.has_value()) return reply(mail, store_unavailable(links.error()));
        json::array listed;
        for (const store::LinkRow& link : *links) {
            if (link.expires_at <= read_clocks().wall) continue;
            listed.push_back(json::object{{"id", link.id},
                                          {"role", signaling::to_string(link.role)},
                                          {"name", link.name},
                                          {"madeBy", link.key},
                                          {"createdAt", link.made_at},
                                          {"expiresAt", link.expires_at},
                                          {"revoked", link.revoked || has_lapsed(link, host_key)}});
        }
        reply(mail, json_response(200, json::serialize(listed)));
    };
    link_store().links(home_room.row.name, token_epoch(home_room), [this, answer](auto links) {
        on_thread([answer, links = std::move(links)] { answer(links); });
    });
}

void Home::rest(HomeRoom& home_room, const RestMail& mail, const RevokeLink& command) {
    if (!may_manage(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    // What is remembered takes space: only of links that there are.
    if (!services_.signer->is_link_id(command.id, home_room.row.name, token_epoch(home_room)))
        return reply(mail, rest_error(404, "link_unknown", "No link with this id was made for this room."));
    const UnixMs until = revoked_until();
    // With the room's name: a host revokes links of this room only.
    const std::string id = store::revoked_link_id(home_room.row.name, command.id);
    revoke(id, until, [this, mail, id, until](auto done) {
        on_thread([this, mail, id, until, ok = done.has_value()] {
            if (!ok) return reply(mail, rest_error(ErrorCode::busy));
            services_.revoked_links.add(id, until);
            reply(mail, {204, {}, nullptr});
        });
    });
}

void Home::rest(HomeRoom& home_room, const RestMail& mail, const VoidLinks&) {
    if (!may_manage(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    const UnixMs until = revoked_until();
    const std::string life = token_epoch(home_room);
    const auto answer = [this, mail, until, life, host_key = host_key_generation(home_room)](const auto& voided) {
        if (!voided.has_value()) return reply(mail, store_unavailable(voided.error()));
        services_.revoked_links.add(store::unrecorded_links_id(mail.room, life), until);
        std::int64_t count = 0;
        for (const store::LinkRow& link : *voided) {
            services_.revoked_links.add(store::revoked_link_id(mail.room, link.id), until);
            if (link.expires_at > read_clocks().wall && !has_lapsed(link, host_key)) ++count;
        }
        reply(mail, json_response(200, json::serialize(json::object{{"voided", count}})));
    };
    link_store().void_links(home_room.row.name, life, until, [this, answer](auto voided) {
        on_thread([answer, voided = std::move(voided)] { answer(voided); });
    });
}

}  // namespace waaft::app
