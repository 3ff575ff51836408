// Redis's protocol as bytes: commands out, replies in.
//
// Thread: one. Ownership: a Reply owns its parts. Units: bytes. Errors: ReplyReader::next() says `broken` once what
// came is not the protocol or larger than the bounds; the connection is then of no use.
// Bounds: reply_max bytes of one reply, elements_max parts of one array, depth_max arrays in each other.
// Source: RESP2 (Redis serialization protocol specification); hiredis parses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace waaft::redis {

// Takes its words one by one: Command("PING"), Command("GET").add(key).
class Command {
public:
    explicit Command(std::string_view name) { add(name); }
    Command& add(std::string_view word);
    Command& add(std::uint64_t number);
    // Adds the bytes to send.
    void write_to(std::string& bytes) const;

private:
    std::string words_;
    std::size_t count_ = 0;
};

struct Reply {
    enum class Kind : std::uint8_t { nil, text, status, error, integer, array };
    Kind kind = Kind::nil;
    std::string text;  // text, status, error
    std::int64_t integer = 0;
    std::vector<Reply> items;

    bool is(Kind wanted) const { return kind == wanted; }
};

class ReplyReader {
public:
    static constexpr std::size_t reply_max = 256U << 20U;
    static constexpr std::size_t elements_max = 1U << 20U;
    static constexpr std::size_t depth_max = 7;  // arrays in arrays; ours have three

    ReplyReader();
    ~ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;

    void feed(std::string_view bytes);
    enum class Next : std::uint8_t { reply, more, broken };
    // `reply`: one was taken, ask again. `more`: it needs further bytes.
    Next next(Reply& reply);
    const std::string& why_broken() const { return broken_; }

    struct Parts;  // what the parser writes to

private:
    struct Free {
        void operator()(redisReader* reader) const;
    };
    std::unique_ptr<Parts> parts_;
    std::unique_ptr<redisReader, Free> reader_;
    std::size_t pending_ = 0;  // bytes fed since the last whole reply
    std::string broken_;
};

}  // namespace waaft::redis
