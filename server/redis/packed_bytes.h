// Numbers and short texts as bytes, most significant first, and back.
//
// Thread: any. Ownership: Unpacker looks at the caller's bytes. Units: bytes. Errors: an Unpacker that ran out of bytes
// gives zeros and empty texts from then on, and ok() is false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::redis {

inline constexpr std::size_t packed_text_max = 0xFFFF;

class Packer {
public:
    Packer& number(std::uint64_t value, unsigned size) {
        for (unsigned i = size; i-- > 0;) bytes_.push_back(static_cast<char>(value >> (8U * i)));
        return *this;
    }
    // Two bytes of size, then the text; at most packed_text_max.
    Packer& text(std::string_view value) {
        number(value.size(), 2);
        bytes_.append(value);
        return *this;
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number(unsigned size) {
        std::uint64_t value = 0;
        for (const char byte : raw(size)) value = value << 8U | static_cast<unsigned char>(byte);
        return value;
    }
    std::string text() { return std::string(raw(number(2))); }
    std::string_view rest() const { return bytes_; }
    bool ok() const { return ok_; }

private:
    std::string_view raw(std::size_t size) {
        ok_ = ok_ && size <= bytes_.size();
        if (!ok_) return {};
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace waaft::redis
