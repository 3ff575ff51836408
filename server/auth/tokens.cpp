#include "server/auth/tokens.h"

#include "server/base/bytes.h"
#include "server/base/id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace waaft::auth {
namespace {

namespace json = boost::json;

constexpr std::size_t token_size_max = 4096;  // far above what we make, and cheap to refuse
constexpr std::string_view purpose_resume = "resume";
constexpr std::string_view purpose_link = "link";
constexpr std::string_view purpose_link_id = "link id";
constexpr std::size_t link_tag_size = 8;  // hexadecimal digits

std::string hmac_sha256(std::string_view key, std::string_view purpose, std::string_view payload) {
    std::string message(purpose);
    message += '\n';
    message += payload;
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(message).data(), message.size(), mac.data(),
         &size);
    return {mac.begin(), mac.end()};
}

// Says that an id is ours without a list of all that were given out; who could guess one may revoke links anyway.
std::string link_tag(std::string_view secret, std::string_view random, std::string_view room, std::string_view life) {
    const std::string text = std::string(random) + "\n" + std::string(room) + "\n" + std::string(life);
    return to_hex(as_bytes(hmac_sha256(secret, purpose_link_id, text))).substr(0, link_tag_size);
}

std::string sign_payload(std::string_view secret, std::string_view purpose, const json::object& payload) {
    const std::string text = json::serialize(payload);
    return to_base64url(as_bytes(text)) + "." + to_base64url(as_bytes(hmac_sha256(secret, purpose, text)));
}

// The payload if one of the secrets signed it for this purpose.
Result<std::string, TokenError> open_token(const std::vector<std::string>& secrets, std::string_view purpose,
                                           std::string_view token) {
    const std::size_t dot = token.find('.');
    if (token.size() > token_size_max || dot == std::string_view::npos) return TokenError::malformed;
    auto payload = from_base64url(token.substr(0, dot));
    const auto mac = from_base64url(token.substr(dot + 1));
    if (!payload || !mac) return TokenError::malformed;
    for (const std::string& secret : secrets) {
        if (equal_constant_time(hmac_sha256(secret, purpose, *payload), *mac)) return std::move(*payload);
    }
    return TokenError::bad_signature;
}

// Reads an object's fields; after any that is missing or of another type, ok() is false.
class Fields {
public:
    explicit Fields(std::string_view text) {
        boost::system::error_code error;
        json::parse_options options;
        options.max_depth = 2;
        value_ = json::parse(text, error, {}, options);
        object_ = error ? nullptr : value_.if_object();
    }
    bool ok() const { return object_ != nullptr; }
    bool has(const char* name) const { return find(name) != nullptr; }

    void read(const char* name, std::string& out) {
        const json::value* field = find(name);
        const json::string* text = field == nullptr ? nullptr : field->if_string();
        if (text == nullptr) return fail();
        out.assign(text->begin(), text->end());
    }
    void read(const char* name, std::int64_t& out) {
        const json::value* field = find(name);
        const std::int64_t* number = field == nullptr ? nullptr : field->if_int64();
        if (number == nullptr) return fail();
        out = *number;
    }
    void read(const char* name, signaling::Role& out) {
        std::int64_t number = -1;
        read(name, number);
        if (number < 0 || number > static_cast<std::int64_t>(signaling::Role::viewer)) return fail();
        out = static_cast<signaling::Role>(number);
    }

private:
    const json::value* find(const char* name) const {
        return object_ == nullptr ? nullptr : object_->if_contains(name);
    }
    void fail() { object_ = nullptr; }

    json::value value_;
    const json::object* object_ = nullptr;
};

}  // namespace

Signer::Signer(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
    // An empty key would make every token forgeable; this is our own mistake, never a stranger's.
    if (secrets_.empty()) std::abort();
    for (const std::string& secret : secrets_) {
        if (secret.size() < 32) std::abort();
    }
}

std::string Signer::sign(const ResumeToken& token) const {
    json::object payload{{"r", token.room},
                         {"e", token.epoch},
                         {"m", token.member},
                         {"n", token.name},
                         {"o", static_cast<std::int64_t>(token.role)},
                         {"j", token.joined}};
    if (token.issued != 0) payload["t"] = token.issued;
    return sign_payload(secrets_.front(), purpose_resume, payload);
}

std::string Signer::sign(const JoinLink& link) const {
    json::object payload{{"i", link.id},
                         {"r", link.room},
                         {"e", link.life},
                         {"h", link.host_key},
                         {"o", static_cast<std::int64_t>(link.role)},
                         {"n", link.name},
                         {"k", link.key},
                         {"x", link.expires_at}};
    if (link.made_at != 0) payload["t"] = link.made_at;
    return sign_payload(secrets_.front(), purpose_link, payload);
}

Result<ResumeToken, TokenError> Signer::verify_resume(std::string_view token) const {
    const auto payload = open_token(secrets_, purpose_resume, token);
    if (!payload) return payload.error();
    Fields fields(*payload);
    ResumeToken resume;
    fields.read("r", resume.room);
    fields.read("e", resume.epoch);
    fields.read("m", resume.member);
    fields.read("n", resume.name);
    fields.read("o", resume.role);
    fields.read("j", resume.joined);
    if (fields.has("t")) fields.read("t", resume.issued);
    if (!fields.ok()) return TokenError::malformed;
    return resume;
}

Result<JoinLink, TokenError> Signer::verify_link(std::string_view token, UnixMs now) const {
    const auto payload = open_token(secrets_, purpose_link, token);
    if (!payload) return payload.error();
    Fields fields(*payload);
    JoinLink link;
    fields.read("i", link.id);
    fields.read("r", link.room);
    fields.read("e", link.life);
    fields.read("h", link.host_key);
    fields.read("o", link.role);
    fields.read("n", link.name);
    fields.read("k", link.key);
    fields.read("x", link.expires_at);
    if (fields.has("t")) fields.read("t", link.made_at);
    if (!fields.ok()) return TokenError::malformed;
    if (link.expires_at <= now) return TokenError::expired;
    return link;
}

std::string Signer::make_link_id(std::string_view room, std::string_view life) const {
    const std::string random = random_member_id();
    return random + link_tag(secrets_.front(), random, room, life);
}

bool Signer::is_link_id(std::string_view id, std::string_view room, std::string_view life) const {
    if (id.size() <= link_tag_size) return false;
    const std::string_view random = id.substr(0, id.size() - link_tag_size);
    const std::string_view tag = id.substr(random.size());
    return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
        return equal_constant_time(link_tag(secret, random, room, life), tag);
    });
}

std::string sha256_hex(std::string_view text) {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(as_bytes(text).data(), text.size(), digest.data());
    return to_hex(digest);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace waaft::auth
