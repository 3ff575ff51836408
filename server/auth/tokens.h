// Signed tokens: resume tokens and join links, HMAC-SHA256 over a compact JSON payload.
//
// Thread: any (Signer is immutable). Ownership: values. Errors: TokenError, never an exception.
// Form: base64url(payload) "." base64url(mac over purpose "\n" payload). Two secrets may be valid:
// the first signs, all verify. Comparison is constant-time. Source: RFC 2104; payloads in PROTOCOL.md.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"
#include "server/signaling/messages.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::auth {

enum class TokenError : std::uint8_t { malformed, bad_signature, expired };

// Says who a member of a room was, so that it can come back as the same one.
struct ResumeToken {
    std::string room;
    std::string epoch;
    std::string member;
    std::string name;
    signaling::Role role = signaling::Role::viewer;
    UnixMs joined = 0;
    UnixMs issued = 0;  // the member was connected then; 0: an earlier version did not say
};

// Lets somebody into a room with a role, until it expires or is revoked.
struct JoinLink {
    std::string id;  // for revocation
    std::string room;
    std::string life;      // of the room: a later one of the same name is another room
    std::string host_key;  // of a host's link: which host key was in force; a new one voids the link
    signaling::Role role = signaling::Role::viewer;
    std::string name;  // preset display name, may be empty
    std::string key;   // the API key's name that made it, empty: the host; void when that key is revoked
    UnixMs expires_at = 0;
    UnixMs made_at = 0;  // 0: an earlier version made it and recorded it nowhere
};

class Signer {
public:
    // Each secret has at least 32 bytes.
    explicit Signer(std::vector<std::string> secrets);
    std::string sign(const ResumeToken& token) const;
    std::string sign(const JoinLink& link) const;
    Result<ResumeToken, TokenError> verify_resume(std::string_view token) const;
    Result<JoinLink, TokenError> verify_link(std::string_view token, UnixMs now) const;
    // An id for a link into one life of a room, and whether an id is one that was made so.
    std::string make_link_id(std::string_view room, std::string_view life) const;
    bool is_link_id(std::string_view id, std::string_view room, std::string_view life) const;

private:
    std::vector<std::string> secrets_;
};

// The server's own secret: read from `file` (0600), made there at the first start. Error secret_full: there is none and
// no space for one; it can be written later.
Result<std::string> ensure_secret(const std::string& file);
Result<void> write_secret(const std::string& file, const std::string& secret);
// One that several servers share; it is never made here.
Result<std::string> read_secret(const std::string& file);

// SHA-256 in hexadecimal; host keys and API keys are 256 random bits, so this is enough for them.
std::string sha256_hex(std::string_view text);
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace waaft::auth
