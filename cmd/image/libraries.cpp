#include "cmd/image/libraries.h"

#include "cmd/image/loader_cache.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace waaft::image {
namespace {

constexpr std::size_t libraries_max = 1024;
constexpr const char* cache_file = "/etc/ld.so.cache";
constexpr std::string_view libc = "libc.so.6";

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Debian's and everybody else's.
std::vector<std::string> usual_folders(std::uint16_t machine) {
    const auto architecture = architecture_of(machine);
    std::string triplet = "x86_64-linux-gnu";
    if (architecture == "arm64") triplet = "aarch64-linux-gnu";
    if (architecture == "riscv64") triplet = "riscv64-linux-gnu";
    if (architecture == "ppc64le") triplet = "powerpc64le-linux-gnu";
    return {"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
}

struct Found {
    std::string path;
    std::string content;
    Elf elf;
};

class Loader {
public:
    Loader(std::string program, const Elf& elf, const ReadFile& read)
        : program_(std::move(program)), program_elf_(elf), read_(read), usual_(usual_folders(elf.machine)) {
        const auto file = read_(cache_file);
        if (!file) return;  // a system may have none
        if (auto cache = read_loader_cache(as_bytes(*file)); cache) cache_ = std::move(*cache);
    }

    Result<void> find_all() {
        if (!program_elf_.interpreter.empty()) {
            // libc needs it too, by its name; it is loaded once.
            auto interpreter = take(program_elf_.interpreter);
            if (!interpreter) return missing(program_elf_.interpreter, program_, {program_elf_.interpreter});
            found_.emplace(name_of(program_elf_.interpreter), std::move(*interpreter));
        }
        std::deque<std::pair<std::string, Elf>> waiting{{program_, program_elf_}};
        while (!waiting.empty()) {
            const auto [path, elf] = std::move(waiting.front());
            waiting.pop_front();
            for (const auto& name : elf.needed) {
                if (found_.contains(name)) continue;
                auto library = find(name, path, elf);
                if (!library) return library.error();
                waiting.emplace_back(library->path, library->elf);
                found_.emplace(name, std::move(*library));
                if (found_.size() > libraries_max) return missing(name, path, {});
            }
        }
        return {};
    }

    std::vector<LoadedFile> placed() && {
        const auto c_library = found_.find(libc);
        const std::string home = c_library == found_.end() ? usual_.front() : folder_of(c_library->second.path);
        std::vector<LoadedFile> result;
        for (auto& [name, file] : found_) {
            const auto folder = folder_of(file.path);
            const bool stays = folder == home || "/usr" + folder == home || folder == "/usr" + home ||
                               file.path == program_elf_.interpreter;
            result.push_back({stays ? file.path : home + "/" + name, std::move(file.content)});
        }
        std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
        return result;
    }

private:
    // A file of the program's own kind; another kind of that name is passed over, as ld.so does.
    std::optional<Found> take(const std::string& path) const {
        auto content = read_(path);
        if (!content) return std::nullopt;
        auto elf = read_elf(as_bytes(*content));
        if (!elf || elf->machine != program_elf_.machine) return std::nullopt;
        return Found{path, std::move(*content), std::move(*elf)};
    }

    static void add_folders(std::vector<std::string>& into, const std::vector<std::string>& folders,
                            const std::string& origin) {
        for (auto folder : folders) {
            for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"}) {
                const auto at = folder.find(word);
                if (at != std::string::npos) folder.replace(at, word.size(), origin);
            }
            if (folder.starts_with('/')) into.push_back(folder);
        }
    }

    std::vector<std::string> candidates(const std::string& name, const std::string& user, const Elf& elf) const {
        if (name.find('/') != std::string::npos) return {name};
        std::vector<std::string> folders;
        if (elf.runpath.empty()) {
            add_folders(folders, elf.rpath, folder_of(user));
            if (program_elf_.runpath.empty()) add_folders(folders, program_elf_.rpath, folder_of(program_));
        }
        add_folders(folders, elf.runpath, folder_of(user));
        std::vector<std::string> result;
        for (const auto& folder : folders) result.push_back(folder + "/" + name);
        if (const auto known = cache_.find(name); known != cache_.end()) {
            result.insert(result.end(), known->second.begin(), known->second.end());
        }
        for (const auto& folder : usual_) result.push_back(folder + "/" + name);
        return result;
    }

    Result<Found> find(const std::string& name, const std::string& user, const Elf& elf) const {
        const auto paths = candidates(name, user, elf);
        for (const auto& path : paths) {
            if (auto found = take(path)) return std::move(*found);
        }
        return missing(name, user, paths);
    }

    static Error missing(const std::string& name, const std::string& user, const std::vector<std::string>& paths) {
        std::string searched;
        std::set<std::string> seen;
        for (const auto& path : paths) {
            if (seen.insert(folder_of(path)).second) searched += (searched.empty() ? "" : ":") + folder_of(path);
        }
        return {"library_missing", name + ", which " + user + " needs, was not found", searched,
                "install the package that has " + name + ", then: ldconfig"};
    }

    std::string program_;
    const Elf& program_elf_;
    const ReadFile& read_;
    std::vector<std::string> usual_;
    LoaderCache cache_;
    std::map<std::string, Found, std::less<>> found_;
};

}  // namespace

Result<std::vector<LoadedFile>> loaded_files(const std::string& program, const Elf& elf, const ReadFile& read) {
    Loader loader(program, elf, read);
    if (auto found = loader.find_all(); !found) return found.error();
    return std::move(loader).placed();
}

}  // namespace waaft::image
