#include "cmd/image/staged_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace waaft::image {
namespace {

namespace fs = std::filesystem;

bool may_replace(const fs::path& path, StagedFolder::Replaces replaces) {
    std::error_code error;
    if (!fs::exists(path, error)) return true;
    if (!fs::is_directory(path, error)) return false;
    return fs::is_empty(path, error) ||
           (replaces == StagedFolder::Replaces::layout && fs::exists(path / "oci-layout", error));
}

}  // namespace

Error folder_unwritable(const std::string& path, const std::error_code& reason) {
    return {"file_unwritable", "the folder cannot be written: " + reason.message(), path,
            "check its permissions and the space on the disk"};
}

Error folder_unwritable(const std::string& path) { return folder_unwritable(path, {errno, std::generic_category()}); }

StagedFolder::~StagedFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> StagedFolder::make(const std::string& target, Replaces replaces) {
    target_ = fs::absolute(target).lexically_normal();
    if (!target_.has_filename()) target_ = target_.parent_path();  // "dist/image/"
    if (!may_replace(target_, replaces)) {
        return Error{"output_exists", "this is there already, and not an image", target, "name another folder"};
    }
    std::error_code error;
    fs::create_directories(target_.parent_path(), error);
    if (error) return folder_unwritable(target_.parent_path(), error);
    std::string path = target_.parent_path() / ("." + target_.filename().string() + ".XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) return folder_unwritable(path);
    path_ = path;
    if (::chmod(path.c_str(), 0755) != 0) return folder_unwritable(path);
    return {};
}

Result<void> StagedFolder::become_target() {
    if (::rename(path_.c_str(), target_.c_str()) == 0) {
        path_.clear();
        return {};
    }
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) return {};
    const auto old = path_.string() + ".old";
    if (::rename(target_.c_str(), old.c_str()) != 0) return folder_unwritable(target_);
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
        const auto error = folder_unwritable(target_);
        (void)::rename(old.c_str(), target_.c_str());
        return error;
    }
    path_ = old;
    return {};
}

}  // namespace waaft::image
