#include "server/base/id.h"

#include "server/base/bytes.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace waaft {

namespace {

// Crockford's base 32: no i, l, o, u.
constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

std::string random_letters(std::size_t count) {
    std::string text = random_bytes(count);
    for (char& letter : text) letter = alphabet[static_cast<std::uint8_t>(letter) & 31];
    return text;
}

bool is_name_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
}

}  // namespace

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
        if (got > 0) {
            have += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            std::abort();  // without randomness nothing that we promise holds
        }
    }
    return bytes;
}

std::uint64_t random_u64() {
    const std::string bytes = random_bytes(sizeof(std::uint64_t));
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::string random_room_name() {
    const std::string letters = random_letters(20);
    std::string name;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (i > 0 && i % 5 == 0) name.push_back('-');
        name.push_back(letters[i]);
    }
    return name;
}

std::string random_member_id() { return random_letters(16); }

std::string random_key() { return to_base64url(as_bytes(random_bytes(32))); }

bool is_room_name(std::string_view text) {
    if (text.size() < 3 || text.size() > 64) return false;
    if (text.front() == '-' || text.back() == '-') return false;
    for (const char letter : text) {
        if (!is_name_letter(letter)) return false;
    }
    return true;
}

}  // namespace waaft
