#include "cmd/commands.h"
#include "server/auth/api_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <ostream>
#include <system_error>

namespace waaft::cmd {
namespace {

struct KeyOptions {
    std::string name;
    std::optional<std::string> file;
};

// A descriptor that is closed when it goes out of scope.
class File {
public:
    explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return fd_ >= 0; }

    // One write at the end, on a line of its own; the file is then on the disk.
    bool append_line(const std::string& line) const {
        const auto size = lseek(fd_, 0, SEEK_END);
        char last = '\n';
        if (size < 0 || (size > 0 && pread(fd_, &last, 1, size - 1) != 1)) {
            return false;
        }
        const std::string text = (last == '\n' ? "" : "\n") + line + "\n";
        return write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd_) == 0;
    }

private:
    int fd_;
};

Error file_error(const std::string& path) {
    return {"key_file", "the file cannot be written: " + std::generic_category().message(errno), path,
            "check the folder and its permissions"};
}

// Two keys of one name could not be told apart when one is to be withdrawn.
std::optional<Error> name_taken(const KeyOptions& options) {
    struct stat ignored {};
    if (stat(options.file->c_str(), &ignored) != 0) {
        return std::nullopt;
    }
    const auto keys = auth::ApiKeys::open(*options.file);
    if (!keys) {
        return keys.error();
    }
    if ((*keys)->has(options.name)) {
        return Error{"usage_key_name", "there is a key with the name " + options.name + " already", *options.file,
                     "take another name, or remove its line first"};
    }
    return std::nullopt;
}

Result<Exit, Errors> run_key(const KeyOptions& options, const Streams& streams) {
    const auto made = auth::make_api_key(options.name);
    if (!made) {
        return Errors{made.error()};
    }
    if (options.file) {
        if (auto taken = name_taken(options)) {
            return Errors{std::move(*taken)};
        }
        const File file(*options.file);
        if (!file.is_open() || !file.append_line(made->line)) {
            return Errors{file_error(*options.file)};
        }
        streams.err << "added to " << *options.file << "; the key is shown only now:\n";
    } else {
        streams.err << "for the file that rooms.keys names:\n" << made->line << "\nthe key is shown only now:\n";
    }
    streams.out << made->key << '\n';
    return Exit::ok;
}

}  // namespace

Command key_command() {
    const auto options = std::make_shared<KeyOptions>();
    Command make{
        .name = "new",
        .doc = "Make a key; it is shown once, the file keeps only its hash.",
        .options = {{.name = "--file",
                     .aliases = {},
                     .value = "FILE",
                     .doc = "Add the hashed key to this file, the one that rooms.keys names.",
                     .group = {},
                     .choices = {},
                     .file = true,
                     .set = [options](const std::string&, const std::string& value) { options->file = value; }}},
        .arguments = {{.name = "NAME",
                       .doc = "Whose key it is: lower-case letters, digits and hyphens, at most 32.",
                       .choices = {},
                       .set = [options](const std::string& value) { options->name = value; }}},
        .subcommands = {},
        .run = [options](const Streams& streams) { return run_key(*options, streams); }};
    return {.name = "key",
            .doc = "Make API keys, with which programs make rooms and links.",
            .options = {},
            .arguments = {},
            .subcommands = {std::move(make)},
            .run = {}};
}

}  // namespace waaft::cmd
