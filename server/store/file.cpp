#include "server/store/file.h"

#include "server/base/disk_full.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>

namespace waaft::store {

Error disk_full(const std::string& path) { return {"store_full", "The disk is full.", path, "Make space."}; }

namespace {

Error unreadable(const std::string& path) {
    if (says_disk_full(errno)) return disk_full(path);
    return {"store_unreadable", std::string("The data directory can't be used: ") + std::strerror(errno) + ".", path,
            "Give the user that runs waaft the right to write it, or set another directory with --data."};
}

Error locked(const std::string& file, int fd) {
    std::array<char, 24> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
    const std::string owner =
        size > 0 ? " (process " + std::string(text.data(), std::strcspn(text.data(), "\n")) + ")" : "";
    return {"store_locked", "Another waaft" + owner + " uses this data directory.", file,
            "End it, or use another directory with --data."};
}

}  // namespace

std::optional<Error> make_private_directory(const std::string& directory) {
    const std::filesystem::path path(directory);
    if (path.has_parent_path() && path != path.parent_path()) {
        if (const auto error = make_private_directory(path.parent_path())) return error;
    }
    if (directory.empty() || ::mkdir(directory.c_str(), 0700) == 0) return std::nullopt;
    const int why = errno;
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return std::nullopt;
    errno = why;
    return unreadable(directory);
}

std::optional<Error> make_private_file(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return unreadable(file);
    ::close(fd);
    return std::nullopt;
}

bool no_space_for_file(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return says_disk_full(errno);
    ::close(fd);
    ::unlink(file.c_str());
    return false;
}

std::optional<Error> sync_path(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return unreadable(path);
    const int failed = ::fsync(fd);
    ::close(fd);
    if (failed == 0) return std::nullopt;
    if (says_disk_full(errno)) return disk_full(path);
    return Error{"store_io", std::string("The disk failed: ") + std::strerror(errno) + ".", path, "Check the disk."};
}

Result<FileLock> FileLock::take(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return unreadable(file);
    FileLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? locked(file, fd) : unreadable(file);
    const std::string owner = std::to_string(::getpid()) + "\n";
    // Only for the message above, so a failure changes nothing.
    if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
        const ssize_t size = ::pwrite(fd, owner.data(), owner.size(), 0);
    return lock;
}

FileLock::~FileLock() {
    if (fd_ >= 0) ::close(fd_);
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Result<std::string> move_aside(const std::string& file, UnixMs now) {
    const std::time_t seconds = now / 1000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 32> stamp{};
    std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &utc);
    const std::string base = file + ".corrupt-" + stamp.data();
    std::string target = base;
    for (int number = 2; std::filesystem::exists(target); ++number) target = base + "-" + std::to_string(number);
    // The database goes last, so that a new one never meets the old one's WAL.
    for (const char* suffix : {"-wal", "-shm", ""}) {
        const std::string from = file + suffix;
        if (::rename(from.c_str(), (target + suffix).c_str()) != 0 && errno != ENOENT) return unreadable(from);
    }
    return {boost::system::in_place_value, target};
}

}  // namespace waaft::store
