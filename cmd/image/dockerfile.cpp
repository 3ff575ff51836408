#include "cmd/image/dockerfile.h"

#include <filesystem>

namespace waaft::image {

Result<std::string> wanted_rootfs(std::string_view dockerfile, const std::string& name) {
    constexpr std::string_view begin = "# waaft: rootfs=";
    auto line = dockerfile.substr(0, dockerfile.find('\n'));
    if (!line.starts_with(begin)) return std::string();
    line.remove_prefix(begin.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto path = std::filesystem::path(line).lexically_normal();
    if (path.is_absolute() || *path.begin() == ".." || path.extension() != ".tar") {
        return Error{"usage_dockerfile", "rootfs= must name a .tar file below the folder of the build", name + ":1",
                     "write # waaft: rootfs=build/rootfs.tar"};
    }
    return path.string();
}

}  // namespace waaft::image
