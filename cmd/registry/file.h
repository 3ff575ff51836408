// Files by descriptor: read at any place, or written to the end.
//
// Thread: one for each; read_at() from any. Ownership: RAII over the descriptor. Units: bytes. Errors:
// is_open() and good() tell; what they mean is the caller's. Source: pread(2), write(2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::registry {

class ReadFile {
public:
    explicit ReadFile(const std::string& path);
    ~ReadFile();
    ReadFile(const ReadFile&) = delete;
    ReadFile& operator=(const ReadFile&) = delete;
    bool is_open() const { return fd_ >= 0; }
    int fd() const { return fd_; }
    // Fewer bytes at the end of the file, or when it cannot be read.
    std::string read_at(std::uint64_t offset, std::size_t size) const;

private:
    int fd_;
};

class WriteFile {
public:
    // What was there before is gone.
    explicit WriteFile(const std::string& path);
    ~WriteFile();
    WriteFile(const WriteFile&) = delete;
    WriteFile& operator=(const WriteFile&) = delete;
    void append(std::string_view bytes);
    // Everything until now was taken.
    bool good() const { return good_; }

private:
    int fd_;
    bool good_;
};

}  // namespace waaft::registry
