#include "cmd/os/files.h"

#include "cmd/os/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace waaft::os {
namespace {

Error unwritable(const std::string& path, int number) {
    return {"file_unwritable", "the file cannot be written: " + std::generic_category().message(number), path,
            "check the folder, its permissions and the space on the disk"};
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return false;
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

// Where the bytes go in the end: a link stays a link.
std::string real_path(const std::string& path) {
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    return error ? path : real.string();
}

// A pipe or a device cannot be replaced by a file beside it.
Result<void> write_through(const std::string& path, std::string_view bytes) {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_open() || !write_all(file.get(), bytes)) return unwritable(path, errno);
    return {};
}

Result<void> replace(const std::string& path, std::string_view bytes, mode_t mode) {
    std::string beside = path + ".XXXXXX";
    const Descriptor file(mkostemp(beside.data(), O_CLOEXEC));
    if (!file.is_open()) return unwritable(path, errno);
    if (fchmod(file.get(), mode) != 0 || !write_all(file.get(), bytes) || fsync(file.get()) != 0 ||
        rename(beside.c_str(), path.c_str()) != 0) {
        const int number = errno;
        unlink(beside.c_str());
        return unwritable(path, number);
    }
    const auto folder = std::filesystem::path(path).parent_path();
    const Descriptor parent(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.is_open()) fsync(parent.get());
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    const auto unreadable = [&path](int number) {
        return Error{"file_unreadable", "the file cannot be read: " + std::generic_category().message(number), path,
                     number == ENOENT ? "check the path" : "check its permissions"};
    };
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return unreadable(errno);
    std::string text;
    std::array<char, 64 * 1024> buffer;
    while (true) {
        const auto size = read(file.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return unreadable(errno);
        if (size == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > max_bytes) {
            return Error{"file_too_large", "the file has more than " + std::to_string(max_bytes) + " bytes", path,
                         "is it the right file?"};
        }
    }
}

Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
    struct stat info {};
    const bool exists = stat(path.c_str(), &info) == 0;
    if (exists && S_ISDIR(info.st_mode)) return unwritable(path, EISDIR);
    if (exists && !S_ISREG(info.st_mode)) return write_through(path, bytes);
    return replace(real_path(path), bytes, mode);
}

TemporaryFolder::TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "waaft-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace waaft::os
