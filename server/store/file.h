// The files around a database: private directories and files, the lock, moving a damaged one aside.
//
// Thread: any, no state. Ownership: FileLock holds its lock until it is destroyed.
// Errors: Error with code store_unreadable, store_locked, store_io, or store_full: no space, so it may succeed later.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"

#include <optional>
#include <string>

namespace waaft::store {

Error disk_full(const std::string& path);
// Makes the directory (0700) with its parents if it isn't there.
std::optional<Error> make_private_directory(const std::string& directory);
// Makes an empty file (0600) if it isn't there.
std::optional<Error> make_private_file(const std::string& file);
// Whether a file of this name, which there is none of, cannot be made because the disk is full.
bool no_space_for_file(const std::string& file);
// fsync of a file or directory.
std::optional<Error> sync_path(const std::string& path);

// An exclusive lock (flock) on a file that holds the owner's process id.
class FileLock {
public:
    static Result<FileLock> take(const std::string& file);
    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;

private:
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

// Renames the database with its -wal and -shm to "<file>.corrupt-<UTC time>"; the new name.
Result<std::string> move_aside(const std::string& file, UnixMs now);

}  // namespace waaft::store
