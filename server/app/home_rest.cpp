// Home: the REST commands that concern one room. Paths and answers: server/app/openapi.json.
#include "server/app/home_room.h"
#include "server/app/sessions.h"

#include "server/base/id.h"
#include "server/signaling/codec.h"

#include <boost/json.hpp>

namespace waaft::app {

namespace json = boost::json;
using signaling::ErrorCode;

namespace {

constexpr std::size_t password_max = 256;
// Who makes a room has so long to come in before others, in need of space, have it put away.
constexpr std::chrono::minutes unentered_patience{1};

unsigned status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::room_unknown: return 404;
        case ErrorCode::room_ended: return 410;
        case ErrorCode::not_allowed: return 403;
        case ErrorCode::rate_limited: return 429;
        case ErrorCode::busy:
        case ErrorCode::server_full:
        case ErrorCode::chat_unavailable: return 503;
        default: return 400;
    }
}

json::object room_object(const store::RoomRow& row, const room::Counts& counts) {
    return {{"room", row.name},
            {"kind", signaling::to_string(row.kind)},
            {"locked", row.locked},
            {"password", !row.password_hash.empty()},
            {"members", counts.everywhere},
            {"live", counts.on_air},
            {"createdAt", row.created_at}};
}

}  // namespace

net::Response json_response(unsigned status, std::string body) {
    return {status,
            {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            std::make_shared<const std::string>(std::move(body))};
}

net::Response rest_error(unsigned status, std::string_view code, std::string_view message) {
    return json_response(status, json::serialize(json::object{{"error", {{"code", code}, {"message", message}}}}));
}

net::Response rest_error(ErrorCode code) {
    return rest_error(status_of(code), signaling::to_string(code), signaling::sentence(code));
}

namespace {

net::Response room_exists() {
    return rest_error(409, "room_exists", "A room with this name is open. Choose another name.");
}

}  // namespace

net::Response room_refusal(ShardLoad& load, ShardCounters& counters, TimePoint now) {
    counters.rooms_refused.fetch_add(1, std::memory_order_relaxed);
    const Millis retry = load.retry_in(now, Work::new_room, unit_of(random_u64()));
    net::Response response = rest_error(ErrorCode::busy);
    response.headers.emplace_back("Retry-After",
                                  std::to_string(std::chrono::ceil<std::chrono::seconds>(retry).count()));
    return response;
}

void Home::reply(const RestMail& mail, net::Response response) {
    post(mail.reply_to, RestReplyMail{mail.request, std::make_unique<net::Response>(std::move(response))});
}

void Home::on_mail(std::unique_ptr<RestMail> owned) {
    const std::shared_ptr<RestMail> mail = std::move(owned);
    if (stopping_) return reply(*mail, rest_error(503, "server_restarting", "The server is restarting."));
    if (const auto* command = std::get_if<CreateRoom>(&mail->command)) {
        if (services_.draining) return reply(*mail, rest_error(503, "server_restarting", "The server is restarting."));
        if (const TimePoint now = Clock::now(); !load_.takes(Work::new_room, now))
            return reply(*mail, room_refusal(load_, counters_, now));
        return create(mail, *command);
    }
    with_room(
        mail->room,
        [this, mail](HomeRoom& home_room) {
            std::visit([&](const auto& command) { rest(home_room, *mail, command); }, mail->command);
        },
        [this, mail](ErrorCode code) { reply(*mail, rest_error(code)); });
}

bool Home::may_manage(const HomeRoom& home_room, const Caller& caller) const {
    if (!caller.api_key.empty()) return true;
    return !caller.bearer.empty() &&
           auth::equal_constant_time(auth::sha256_hex(caller.bearer), home_room.row.host_key_hash);
}

bool Home::may_read(const HomeRoom& home_room, const Caller& caller) const {
    if (may_manage(home_room, caller)) return true;
    const auto token = services_.signer->verify_resume(caller.bearer);
    return token.has_value() && token->room == home_room.row.name && token->epoch == token_epoch(home_room) &&
           home_room.engine->has_member(token->member);
}

void Home::create(std::shared_ptr<RestMail> mail, const CreateRoom& command) {
    if (!mail->caller.api_key.empty()) return make_room(std::move(mail), command);
    within_limits(
        {{&services_.rooms_by_network, mail->caller.network_key},
         {&services_.rooms_by_address, mail->caller.address_key}},
        [this, mail, command] { make_room(mail, command); },
        [this, mail] { reply(*mail, rest_error(ErrorCode::rate_limited)); });
}

void Home::make_room(std::shared_ptr<RestMail> mail, const CreateRoom& command) {
    if (!has_space(services_.config.rooms_max, unentered_patience)) {
        return reply(*mail, rest_error(ErrorCode::server_full));
    }
    if (rooms_.contains(mail->room)) return reply(*mail, room_exists());
    store::RoomRow row;
    row.name = mail->room;
    row.epoch = to_hex(as_bytes(random_bytes(8)));
    row.kind = command.kind;
    row.members_max = command.members_max;
    row.created_at = row.last_active_at = read_clocks().wall;
    std::string host_key = random_key();
    row.host_key_hash = auth::sha256_hex(host_key);
    if (command.password.empty()) return create_row(std::move(mail), std::move(row), std::move(host_key));
    if (command.password.size() > password_max) {
        return reply(*mail, rest_error(400, "password_bad", "A password has at most 256 bytes."));
    }
    const bool taken = services_.passwords->hash(command.password, [this, mail, row, host_key](auto hash) {
        on_thread([this, mail, row, host_key, hash]() mutable {
            // Without its hash the room would be open to everybody.
            if (!hash.has_value()) return reply(*mail, rest_error(ErrorCode::busy));
            row.password_hash = *hash;
            create_row(mail, std::move(row), std::move(host_key));
        });
    });
    if (!taken) reply(*mail, rest_error(ErrorCode::busy));
}

void Home::create_row(std::shared_ptr<RestMail> mail, store::RoomRow row, std::string host_key) {
    const auto done = [this, mail, row, host_key](auto result) {
        on_thread([this, mail, row, host_key, result] { on_created(mail, row, host_key, result); });
    };
    // Nobody may ever come in: then it goes when an ended one would.
    if (services_.shared)
        services_.shared->create_room(row, services_.config.rooms_keep, done);
    else
        services_.store->create_room(row, done);
}

void Home::on_created(const std::shared_ptr<RestMail>& mail, const store::RoomRow& row, const std::string& host_key,
                      const Result<void, store::StoreError>& done) {
    if (!done.has_value()) {
        if (done.error() == store::StoreError::exists) return reply(*mail, room_exists());
        if (done.error() == store::StoreError::full && !services_.shared) return open_unwritten(mail, row, host_key);
        return reply(*mail, rest_error(503, "store_unavailable", store::sentence(done.error())));
    }
    if (!services_.shared) open_room(row, {});
    answer_created(*mail, row, host_key);
}

// On a full disk people can call each other all the same: the room is kept here, and written when there is space.
void Home::open_unwritten(const std::shared_ptr<RestMail>& mail, const store::RoomRow& row,
                          const std::string& host_key) {
    services_.store->load_room(row.name, 1, row.created_at, [this, mail, row, host_key](auto loaded) {
        on_thread([this, mail, row, host_key, loaded = std::move(loaded)] {
            if (rooms_.contains(row.name) || (loaded.has_value() && *loaded && (*loaded)->row.ended_at == 0))
                return reply(*mail, room_exists());
            // Of an earlier room of that name something may still have to be written.
            if (!loaded.has_value() || saving_.contains(row.name) || stopping_)
                return reply(*mail, rest_error(503, "store_unavailable", store::sentence(store::StoreError::full)));
            saving_[row.name].to_create = true;
            save_row(open_room(row, {}));
            answer_created(*mail, row, host_key);
        });
    });
}

void Home::answer_created(const RestMail& mail, const store::RoomRow& row, const std::string& host_key) {
    json::object answer = room_object(row, {});
    if (is_to_create(row.name)) answer["kept"] = false;
    answer["url"] = mail.caller.origins.front() + "/r/" + row.name;
    answer["hostKey"] = host_key;
    reply(mail, json_response(201, json::serialize(answer)));
}

void Home::rest(HomeRoom&, const RestMail& mail, const CreateRoom&) { reply(mail, room_exists()); }

void Home::rest(HomeRoom& home_room, const RestMail& mail, const ShowRoom&) {
    json::object answer = room_object(home_room.row, home_room.engine->counts());
    json::array links;
    for (const std::string& origin : mail.caller.origins) links.emplace_back(origin + "/r/" + home_room.row.name);
    answer["links"] = std::move(links);
    reply(mail, json_response(200, json::serialize(answer)));
}

void Home::rest(HomeRoom& home_room, const RestMail& mail, const EndRoom&) {
    if (!may_manage(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    reply(mail, {204, {}, nullptr});
    home_room.engine->end(read_clocks());
    drain(home_room);
}

void Home::rest(HomeRoom& home_room, const RestMail& mail, const ReadChat& command) {
    if (!may_read(home_room, mail.caller)) return reply(mail, rest_error(ErrorCode::not_allowed));
    const auto answer = [this, mail, epoch = home_room.row.epoch](auto page) {
        if (!page.has_value()) return reply(mail, rest_error(ErrorCode::busy));
        reply(mail, json_response(200, R"({"epoch":")" + epoch + R"(","more":)" + (page->more ? "true" : "false") +
                                           R"(,"items":)" + signaling::encode_records(page->items) + "}"));
    };
    const auto before = command.before == 0 ? home_room.engine->last_seq() + 1 : command.before;
    read_history(home_room.row.name, before, command.limit, [this, answer](auto page) {
        on_thread([answer, page = std::move(page)]() mutable { answer(std::move(page)); });
    });
}

// Somebody who is in the room now: a token alone says only that somebody once was.
void Home::rest(HomeRoom& home_room, const RestMail& mail, const ShowIce& command) {
    if (!may_read(home_room, mail.caller)) {
        return reply(mail, rest_error(401, "token_required", "The resume token or an API key was expected."));
    }
    reply(mail, json_response(200, signaling::encode_ice(make_ice(services_, command.host, read_clocks().wall))));
}

}  // namespace waaft::app
