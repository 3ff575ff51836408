// Files that are whole or not there: written beside, synced, renamed. And a folder for a while.
//
// Thread: any. Ownership: values; a TemporaryFolder is removed with all its contents. Units: bytes,
// modes as in chmod(2). Errors: file_unreadable, file_too_large, file_unwritable, with the path.
#pragma once

#include "server/base/result.h"

#include <sys/types.h>

#include <string>
#include <string_view>

namespace waaft::os {

Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode = 0644);

class TemporaryFolder {
public:
    // Below $TMPDIR or /tmp, mode 0700. Throws std::system_error if that cannot be made.
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace waaft::os
