// ensure_secret() and read_secret(): the file with the server's own or shared secret.
#include "server/auth/tokens.h"

#include "server/base/disk_full.h"
#include "server/base/id.h"
#include "server/base/secret_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

namespace waaft::auth {
namespace {

constexpr std::size_t secret_size_min = 32;
constexpr std::size_t secret_size_max = 1024;

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }

private:
    int fd_;
};

Error io_error(const std::string& file, const char* doing) {
    if (says_disk_full(errno))
        return {"secret_full", "The server's secret cannot be written: the disk is full.", file, "Make space."};
    return {"secret_io", std::string("The secret's file can't be ") + doing + ": " + std::strerror(errno) + ".", file,
            "Give the user that runs waaft the right to read and write this file and its directory."};
}

constexpr const char* own_hint =
    "Delete the file, then a new secret is made at the next start (people have to join again).";
constexpr const char* shared_hint = "Write a longer one into the file, the same for all servers: openssl rand -hex 32.";

Result<std::string> read_open(int fd, const std::string& file, const char* hint) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return io_error(file, "read");
    if ((info.st_mode & S_IRWXO) != 0) {
        return Error{"secret_exposed", "Every user of this machine can read the server's secret.", file,
                     "chmod 600 " + file + "; if others may have read it, delete it and start again."};
    }
    std::array<char, secret_size_max + 1> buffer{};
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0) return io_error(file, "read");
    const auto clean = clean_secret({buffer.data(), static_cast<std::size_t>(size)});
    if (!clean && clean.error() == SecretFault::binary)
        return Error{"secret_bad", "The file of the server's secret " + std::string(sentence_of(clean.error())) + ".",
                     file, hint};
    const std::string secret = clean ? *clean : std::string();
    if (secret.size() < secret_size_min || static_cast<std::size_t>(size) > secret_size_max) {
        return Error{
            "secret_bad",
            "The server's secret must have 32 to 1024 characters, this one has " + std::to_string(secret.size()) + ".",
            file, hint};
    }
    return {boost::system::in_place_value, secret};  // Error could be made from one string, too
}

std::optional<Error> write_all(int fd, std::string_view text, const std::string& file) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return io_error(file, "written");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0) return io_error(file, "written");
    return std::nullopt;
}

}  // namespace

// The name appears only when the content is on disk, so that a crash never leaves half a secret.
Result<void> write_secret(const std::string& file, const std::string& secret) {
    const std::string temporary = file + ".new-" + random_member_id();
    const Descriptor out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out.valid()) return io_error(file, "made");
    auto error = write_all(out.get(), secret + "\n", file);
    if (!error && ::rename(temporary.c_str(), file.c_str()) != 0) error = io_error(file, "made");
    if (error) {
        ::unlink(temporary.c_str());
        return *error;
    }
    const std::filesystem::path parent = std::filesystem::path(file).parent_path();
    const Descriptor directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0) return io_error(file, "made");
    return {};
}

Result<std::string> ensure_secret(const std::string& file) {
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.valid()) return read_open(in.get(), file, own_hint);
    if (errno != ENOENT) return io_error(file, "read");
    const std::string secret = random_key();
    if (const auto written = write_secret(file, secret); !written) return written.error();
    return {boost::system::in_place_value, secret};  // Error could be made from one string, too
}

Result<std::string> read_secret(const std::string& file) {
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in.valid()) return io_error(file, "read");
    return read_open(in.get(), file, shared_hint);
}

}  // namespace waaft::auth
