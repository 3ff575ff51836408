#include "cmd/load/rest.h"

#include <httplib.h>
#include <boost/json.hpp>

namespace waaft::load {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds answer_timeout{10};
constexpr int created = 201;

// A string inside a JSON text by the names that lead to it; empty if there is none.
std::string string_at(const std::string& text, std::initializer_list<std::string_view> names) {
    boost::system::error_code error;
    const json::value root = json::parse(text, error);
    const json::value* at = error ? nullptr : &root;
    for (const auto name : names) {
        at = at != nullptr && at->is_object() ? at->get_object().if_contains(name) : nullptr;
    }
    return at != nullptr && at->is_string() ? std::string(at->get_string()) : std::string();
}

httplib::Client client_of(const Rest& rest) {
    httplib::Client client(rest.endpoint.origin);
    client.set_connection_timeout(answer_timeout);
    client.set_read_timeout(answer_timeout);
    client.enable_server_certificate_verification(!rest.tls.insecure);
    if (!rest.tls.ca_file.empty()) client.set_ca_cert_path(rest.tls.ca_file);
    return client;
}

httplib::Result get(std::uint16_t port, const std::string& path) {
    httplib::Client client("127.0.0.1", port);
    client.set_connection_timeout(answer_timeout);
    client.set_read_timeout(answer_timeout);
    return client.Get(path);
}

}  // namespace

Result<std::string> create_room(const Rest& rest, std::uint32_t members_max) {
    auto client = client_of(rest);
    httplib::Headers headers{{"Origin", rest.endpoint.origin}};
    if (!rest.key.empty()) headers.emplace("Authorization", "Bearer " + rest.key);
    const std::string body = json::serialize(json::object{{"kind", "call"}, {"membersMax", members_max}});
    const auto answer = client.Post("/api/v1/rooms", headers, body, "application/json");
    if (!answer) {
        return Error{"rest", "no room could be made: " + httplib::to_string(answer.error()), rest.endpoint.origin,
                     rest.endpoint.tls ? "for a server with its own certificate: --ca FILE (its /ca.crt) or --insecure"
                                       : "is the server running there?"};
    }
    const std::string room = answer->status == created ? string_at(answer->body, {"room"}) : std::string();
    if (room.empty()) {
        const std::string said = string_at(answer->body, {"error", "message"});
        return Error{
            "rest", "no room could be made: " + (said.empty() ? "HTTP " + std::to_string(answer->status) : said),
            rest.endpoint.origin, rest.key.empty() ? "give an API key with --key-file, or a room with --room" : ""};
    }
    return room;
}

int get_status(std::uint16_t port, const std::string& path) {
    const auto answer = get(port, path);
    return answer ? answer->status : 0;
}

std::string get_body(std::uint16_t port, const std::string& path) {
    const auto answer = get(port, path);
    return answer ? answer->body : std::string();
}

}  // namespace waaft::load
