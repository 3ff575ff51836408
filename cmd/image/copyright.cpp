#include "cmd/image/copyright.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace waaft::image {
namespace {

constexpr std::string_view dpkg = "/var/lib/dpkg/";

// Debian's /lib is a link to /usr/lib; lists and the loader name either.
std::string_view without_usr(std::string_view path) {
    return path.starts_with("/usr/") ? path.substr(std::string_view("/usr").size()) : path;
}

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& use) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        use(line);
    }
}

// The installed packages' names as dpkg's lists have them: "libc6:amd64", "adduser".
struct Package {
    std::string name;
    std::string architecture;
};
std::vector<Package> installed(std::string_view status) {
    std::vector<Package> result;
    bool is_installed = false;
    Package package;
    const auto value_of = [](std::string_view line, std::string_view key) {
        return line.starts_with(key) ? line.substr(key.size()) : std::string_view();
    };
    const auto finish = [&] {
        if (is_installed && !package.name.empty()) result.push_back(package);
        package = {};
        is_installed = false;
    };
    for_each_line(status, [&](std::string_view line) {
        if (line.empty()) finish();
        if (const auto value = value_of(line, "Package: "); !value.empty()) package.name = value;
        if (const auto value = value_of(line, "Architecture: "); !value.empty()) package.architecture = value;
        if (value_of(line, "Status: ").ends_with(" installed")) is_installed = true;
    });
    finish();
    return result;
}

// The packages of the paths; what is found is taken out of them.
std::set<std::string> packages_of(std::set<std::string, std::less<>>& paths, const ReadFile& read) {
    std::set<std::string> result;
    const auto status = read(std::string(dpkg) + "status");
    if (!status) return result;
    for (const auto& package : installed(*status)) {
        const auto base = std::string(dpkg) + "info/" + package.name;
        auto list = read(base + ":" + package.architecture + ".list");
        if (!list) list = read(base + ".list");
        if (!list) continue;
        for_each_line(*list, [&](std::string_view line) {
            const auto found = paths.find(without_usr(line));
            if (found == paths.end()) return;
            paths.erase(found);
            result.insert(package.name);
        });
    }
    return result;
}

}  // namespace

Copyrights find_copyrights(const std::set<std::string>& paths, const std::set<std::string>& packages,
                           const ReadFile& read) {
    std::set<std::string, std::less<>> unknown;
    for (const auto& path : paths) unknown.emplace(without_usr(path));
    auto all = packages_of(unknown, read);
    all.insert(packages.begin(), packages.end());
    Copyrights result;
    result.missing.insert(unknown.begin(), unknown.end());
    for (const auto& package : all) {
        const auto file = "/usr/share/doc/" + package + "/copyright";
        if (auto text = read(file); text && !text->empty()) {
            result.files.push_back({file, std::move(*text)});
        } else {
            result.missing.insert(package);
        }
    }
    return result;
}

}  // namespace waaft::image
