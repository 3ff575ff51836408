#include "server/auth/api_keys.h"

#include "server/auth/api_keys_file.h"
#include "server/auth/tokens.h"
#include "server/base/id.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <vector>

namespace waaft::auth {
namespace {

constexpr std::string_view prefix = "waaft_";
constexpr std::size_t random_size = 43;
constexpr off_t file_size_max = 1024 * 1024;

// What stat says of a version of a file.
struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
};

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::optional<Version> version_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return std::nullopt;
    return Version{info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

// The kernel's time stamps move in steps of some milliseconds: a file that was changed just now may
// be changed again without a new stamp, so such a version isn't trusted yet.
bool is_settled(const Version& version) {
    static constexpr std::int64_t settled_after_ns = 1'000'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - version.changed_ns > settled_after_ns;
}

Error unreadable(const std::string& file, const std::string& why) {
    return {"keys_unreadable", "The file of API keys can't be read: " + why + ".", file,
            "Check rooms.keys and the right to read the file."};
}

Result<std::vector<KeyLine>> read_keys(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return unreadable(file, std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return unreadable(file, "it is not a file");
    if (info.st_size > file_size_max) return unreadable(file, "it is larger than 1 MiB");
    std::ifstream in(file, std::ios::binary);
    if (!in) return unreadable(file, std::strerror(errno));
    std::string text(static_cast<std::size_t>(file_size_max), '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return unreadable(file, "the disk failed");
    text.resize(static_cast<std::size_t>(in.gcount()));
    return parse_key_lines(text, file);
}

// The name in "waaft_<name>_<random>"; the random part may itself have '_'.
std::optional<std::string_view> name_in(std::string_view key) {
    if (!key.starts_with(prefix) || key.size() < prefix.size() + 1 + random_size) return std::nullopt;
    const std::string_view rest = key.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.size() - random_size - 1);
    if (rest[name.size()] != '_' || !is_key_name(name)) return std::nullopt;
    return name;
}

}  // namespace

struct ApiKeys::Impl {
    using Keys = std::vector<KeyLine>;

    std::string file;
    std::atomic<std::shared_ptr<const Keys>> keys{std::make_shared<const Keys>()};
    std::optional<Version> version;  // none: read again at the next refresh
};

ApiKeys::ApiKeys() : impl_(std::make_unique<Impl>()) {}
ApiKeys::~ApiKeys() = default;

Result<std::unique_ptr<ApiKeys>> ApiKeys::open(std::string file) {
    std::unique_ptr<ApiKeys> keys(new ApiKeys);
    keys->impl_->file = std::move(file);
    if (const auto read = keys->refresh(); !read) return read.error();
    return keys;
}

Result<void> ApiKeys::refresh() {
    if (impl_->file.empty()) return {};
    const auto now = version_of(impl_->file);
    if (now && now == impl_->version) return {};
    impl_->version = std::nullopt;
    auto loaded = read_keys(impl_->file);
    if (!loaded) return loaded.error();
    impl_->keys = std::make_shared<const Impl::Keys>(std::move(*loaded));
    if (now && is_settled(*now)) impl_->version = now;
    return {};
}

std::optional<std::string> ApiKeys::check(std::string_view key) const {
    const auto name = name_in(key);
    if (!name) return std::nullopt;
    const std::string hash = sha256_hex(key);
    const auto keys = impl_->keys.load();
    for (const KeyLine& line : *keys) {
        if (line.name == *name && equal_constant_time(line.hash, hash)) return line.name;
    }
    return std::nullopt;
}

bool ApiKeys::has(std::string_view name) const {
    const auto keys = impl_->keys.load();
    return std::any_of(keys->begin(), keys->end(), [name](const KeyLine& line) { return line.name == name; });
}

Result<NewKey> make_api_key(std::string_view name) {
    if (!is_key_name(name)) {
        return Error{"keys_bad_name", "A key's name must be 1 to 32 of a-z, 0-9 and '-'.", std::string(name), ""};
    }
    NewKey made;
    made.key = std::string(prefix) + std::string(name) + "_" + random_key();
    made.line = std::string(name) + " sha256:" + sha256_hex(made.key);
    return made;
}

}  // namespace waaft::auth
