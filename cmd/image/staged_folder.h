// A folder that is made beside its place and gets there whole.
//
// Thread: one. Ownership: removes what it made unless it became the target. Errors: file_unwritable with
// the system's reason, output_exists. Source: rename(2) (RENAME_EXCHANGE).
#pragma once

#include "server/base/result.h"

#include <filesystem>
#include <string>

namespace waaft::image {

class StagedFolder {
public:
    enum class Replaces { nothing, layout };  // what may be at the target; an empty folder always may

    StagedFolder() = default;
    ~StagedFolder();
    StagedFolder(const StagedFolder&) = delete;
    StagedFolder& operator=(const StagedFolder&) = delete;

    Result<void> make(const std::string& target, Replaces replaces);
    // What is at the target takes this folder's place and is removed with it. A file system that cannot
    // exchange two names has a moment with neither.
    Result<void> become_target();

    std::string path() const { return path_; }
    std::string file(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path target_;
    std::filesystem::path path_;
};

// `errno` as an Error.
Error folder_unwritable(const std::string& path);
Error folder_unwritable(const std::string& path, const std::error_code& reason);

}  // namespace waaft::image
