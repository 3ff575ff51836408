// A disk in memory for SQLite that can lose power: what was not synced is lost, kept or torn.
//
// Thread: any (one mutex). Ownership: registered with SQLite under `name` while the object lives;
// no connection may outlive it. Units: bytes, operations (writes, truncations, syncs, deletions).
// After power_off() every operation fails; restart() decides by the seed what is left of the unsynced
// writes of each file, in any order and 512 bytes at a time, and makes the disk work again.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace waaft::store::testing {

class CrashVfs {
public:
    CrashVfs(std::string name, std::uint64_t seed);
    ~CrashVfs();
    CrashVfs(const CrashVfs&) = delete;
    CrashVfs& operator=(const CrashVfs&) = delete;

    const std::string& name() const { return name_; }
    // The power fails in the middle of the operation that comes after `operations` more.
    void power_off_after(std::uint64_t operations);
    bool is_off() const;
    void restart();
    // All files together; beyond that a write answers SQLITE_FULL. nullopt: no limit.
    void set_capacity(std::optional<std::size_t> bytes);
    std::size_t used() const;
    std::uint64_t syncs() const;

    // What follows is for SQLite's callbacks.
    struct Change {
        std::size_t offset = 0;
        std::string data;
        bool truncate = false;  // to `offset`
    };
    struct File {
        std::string content;        // what the running system sees
        std::string durable;        // what was synced
        bool name_durable = false;  // synced at least once
        std::vector<Change> pending;
        std::vector<std::unique_ptr<char[]>> shared_memory;
    };
    std::shared_ptr<File> open(const std::string& path, bool create);
    bool exists(const std::string& path) const;
    int read(const File& file, char* out, std::size_t size, std::size_t offset) const;
    int write(File& file, std::string data, std::size_t offset);
    int truncate(File& file, std::size_t size);
    int sync(File& file);
    int remove(const std::string& path);
    int size(const File& file, sqlite3_int64* size) const;
    char* shared_memory(File& file, std::size_t region, std::size_t size, bool extend);

private:
    bool spend();  // false: the power is off
    std::size_t used_locked() const;
    void settle(File& file);
    void apply_torn(std::string& content, const Change& change);

    const std::string name_;
    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, std::shared_ptr<File>> files_;
    std::optional<std::uint64_t> left_;  // operations until the power fails
    bool off_ = false;
    std::optional<std::size_t> capacity_;
    std::uint64_t syncs_ = 0;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace waaft::store::testing
