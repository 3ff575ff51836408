#include "cmd/registry/file.h"

#include <fcntl.h>
#include <unistd.h>

namespace waaft::registry {

ReadFile::ReadFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

ReadFile::~ReadFile() {
    if (fd_ >= 0) close(fd_);
}

std::string ReadFile::read_at(std::uint64_t offset, std::size_t size) const {
    std::string result(size, '\0');
    std::size_t got = 0;
    while (got < size) {
        const auto done = pread(fd_, result.data() + got, size - got, static_cast<off_t>(offset + got));
        if (done <= 0) break;
        got += static_cast<std::size_t>(done);
    }
    result.resize(got);
    return result;
}

WriteFile::WriteFile(const std::string& path)
    : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)), good_(fd_ >= 0) {}

WriteFile::~WriteFile() {
    if (fd_ >= 0) close(fd_);
}

void WriteFile::append(std::string_view bytes) {
    while (good_ && !bytes.empty()) {
        const auto done = write(fd_, bytes.data(), bytes.size());
        good_ = done > 0;
        if (good_) bytes.remove_prefix(static_cast<std::size_t>(done));
    }
}

}  // namespace waaft::registry
