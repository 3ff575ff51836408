#include "tests/unit/store/crash_vfs.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace waaft::store::testing {
namespace {

constexpr std::size_t sector = 512;

struct OpenFile {
    sqlite3_file base;  // first: SQLite sees only this
    CrashVfs* disk;
    std::shared_ptr<CrashVfs::File> file;
};
OpenFile& open_file(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
CrashVfs& disk_of(sqlite3_vfs* vfs) { return *static_cast<CrashVfs*>(vfs->pAppData); }
sqlite3_vfs* system_vfs() { return sqlite3_vfs_find("unix"); }
std::size_t at(sqlite3_int64 offset) { return static_cast<std::size_t>(offset); }

int close_file(sqlite3_file* file) {
    open_file(file).~OpenFile();
    return SQLITE_OK;
}
int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    OpenFile& open = open_file(file);
    return open.disk->read(*open.file, static_cast<char*>(out), static_cast<std::size_t>(size), at(offset));
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    OpenFile& open = open_file(file);
    return open.disk->write(*open.file, {static_cast<const char*>(data), static_cast<std::size_t>(size)}, at(offset));
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    OpenFile& open = open_file(file);
    return open.disk->truncate(*open.file, at(size));
}
int sync_file(sqlite3_file* file, int) {
    OpenFile& open = open_file(file);
    return open.disk->sync(*open.file);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    OpenFile& open = open_file(file);
    return open.disk->size(*open.file, size);
}
// There is one connection, so that every lock is free.
int lock(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* locked) {
    *locked = 0;
    return SQLITE_OK;
}
int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
// As SQLite's own "unix" has it: a write doesn't harm the bytes beside it.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    OpenFile& open = open_file(file);
    *out = open.disk->shared_memory(*open.file, static_cast<std::size_t>(region), static_cast<std::size_t>(size),
                                    extend != 0);
    return SQLITE_OK;
}
int shm_lock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void shm_barrier(sqlite3_file*) {}
int shm_unmap(sqlite3_file* file, int remove) {
    if (remove != 0) open_file(file).file->shared_memory.clear();
    return SQLITE_OK;
}

const sqlite3_io_methods io_methods = {
    2,        close_file,  read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock,     lock,        check_lock, file_control, sector_size,   characteristics, shm_map,
    shm_lock, shm_barrier, shm_unmap,  nullptr,      nullptr,
};

int open_path(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* out, int flags, int* out_flags) {
    auto file = disk_of(vfs).open(path == nullptr ? "" : path, (flags & SQLITE_OPEN_CREATE) != 0);
    out->pMethods = nullptr;
    if (file == nullptr) return SQLITE_CANTOPEN;
    new (out) OpenFile{{&io_methods}, &disk_of(vfs), std::move(file)};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}
int delete_path(sqlite3_vfs* vfs, const char* path, int) { return disk_of(vfs).remove(path); }
int access_path(sqlite3_vfs* vfs, const char* path, int, int* out) {
    *out = disk_of(vfs).exists(path) ? 1 : 0;
    return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}
int randomness(sqlite3_vfs*, int size, char* out) { return system_vfs()->xRandomness(system_vfs(), size, out); }
int sleep_us(sqlite3_vfs*, int microseconds) { return microseconds; }
int current_time(sqlite3_vfs*, double* out) { return system_vfs()->xCurrentTime(system_vfs(), out); }
int last_error(sqlite3_vfs*, int, char*) { return 0; }

void change_content(std::string& content, const CrashVfs::Change& change) {
    if (change.truncate) return content.resize(std::min(content.size(), change.offset));
    if (content.size() < change.offset + change.data.size()) content.resize(change.offset + change.data.size());
    std::copy(change.data.begin(), change.data.end(), content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

}  // namespace

CrashVfs::CrashVfs(std::string name, std::uint64_t seed)
    : name_(std::move(name)), random_(seed), vfs_(std::make_unique<sqlite3_vfs>()) {
    *vfs_ = {};
    vfs_->iVersion = 1;
    vfs_->szOsFile = sizeof(OpenFile);
    vfs_->mxPathname = 512;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = this;
    vfs_->xOpen = open_path;
    vfs_->xDelete = delete_path;
    vfs_->xAccess = access_path;
    vfs_->xFullPathname = full_path;
    vfs_->xRandomness = randomness;
    vfs_->xSleep = sleep_us;
    vfs_->xCurrentTime = current_time;
    vfs_->xGetLastError = last_error;
    sqlite3_vfs_register(vfs_.get(), 0);
}

CrashVfs::~CrashVfs() { sqlite3_vfs_unregister(vfs_.get()); }

void CrashVfs::power_off_after(std::uint64_t operations) {
    const std::lock_guard lock(mutex_);
    left_ = operations;
}

bool CrashVfs::is_off() const {
    const std::lock_guard lock(mutex_);
    return off_;
}

void CrashVfs::set_capacity(std::optional<std::size_t> bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
}

std::size_t CrashVfs::used() const {
    const std::lock_guard lock(mutex_);
    return used_locked();
}

std::uint64_t CrashVfs::syncs() const {
    const std::lock_guard lock(mutex_);
    return syncs_;
}

std::size_t CrashVfs::used_locked() const {
    std::size_t total = 0;
    for (const auto& [path, file] : files_) total += file->content.size();
    return total;
}

bool CrashVfs::spend() {
    if (left_ && *left_ == 0) off_ = true;
    if (left_ && *left_ > 0) --*left_;
    return !off_;
}

std::shared_ptr<CrashVfs::File> CrashVfs::open(const std::string& path, bool create) {
    const std::lock_guard lock(mutex_);
    if (off_) return nullptr;
    if (path.empty()) return std::make_shared<File>();  // a temporary file
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    return create ? files_.emplace(path, std::make_shared<File>()).first->second : nullptr;
}

bool CrashVfs::exists(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return files_.contains(path);
}

int CrashVfs::read(const File& file, char* out, std::size_t size, std::size_t offset) const {
    const std::lock_guard lock(mutex_);
    if (off_) return SQLITE_IOERR_READ;
    const std::size_t there = offset < file.content.size() ? std::min(size, file.content.size() - offset) : 0;
    std::memset(out, 0, size);
    if (there > 0) std::memcpy(out, file.content.data() + offset, there);
    return there == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int CrashVfs::write(File& file, std::string data, std::size_t offset) {
    const std::lock_guard lock(mutex_);
    const bool was_on = !off_;
    const std::size_t end = offset + data.size();
    const std::size_t growth = end > file.content.size() ? end - file.content.size() : 0;
    if (capacity_ && growth > 0 && used_locked() + growth > *capacity_) return SQLITE_FULL;
    const bool on = spend();
    if (was_on) file.pending.push_back({offset, std::move(data), false});  // the last one may be on its way, too
    if (!on) return SQLITE_IOERR_WRITE;
    change_content(file.content, file.pending.back());
    return SQLITE_OK;
}

int CrashVfs::truncate(File& file, std::size_t size) {
    const std::lock_guard lock(mutex_);
    if (!spend()) return SQLITE_IOERR_TRUNCATE;
    file.pending.push_back({size, {}, true});
    change_content(file.content, file.pending.back());
    return SQLITE_OK;
}

int CrashVfs::sync(File& file) {
    const std::lock_guard lock(mutex_);
    if (!spend()) return SQLITE_IOERR_FSYNC;
    for (const Change& change : file.pending) change_content(file.durable, change);
    file.pending.clear();
    file.name_durable = true;
    ++syncs_;
    return SQLITE_OK;
}

int CrashVfs::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (!spend()) return SQLITE_IOERR_DELETE;
    return files_.erase(path) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int CrashVfs::size(const File& file, sqlite3_int64* size) const {
    const std::lock_guard lock(mutex_);
    *size = static_cast<sqlite3_int64>(file.content.size());
    return off_ ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

char* CrashVfs::shared_memory(File& file, std::size_t region, std::size_t size, bool extend) {
    const std::lock_guard lock(mutex_);
    while (extend && file.shared_memory.size() <= region) file.shared_memory.push_back(std::make_unique<char[]>(size));
    return region < file.shared_memory.size() ? file.shared_memory[region].get() : nullptr;
}

void CrashVfs::apply_torn(std::string& content, const Change& change) {
    if (change.truncate) return change_content(content, change);
    for (std::size_t from = 0; from < change.data.size(); from += sector) {
        if (random_() % 2 == 0)
            change_content(content, {change.offset + from, change.data.substr(from, sector), false});
    }
}

// What the platters hold: of the unsynced writes none, all, or any part of each.
void CrashVfs::settle(File& file) {
    const std::uint64_t fate = random_() % 4;
    for (const Change& change : file.pending) {
        if (fate == 0) break;
        const std::uint64_t part = fate == 1 ? 1 : random_() % 3;
        if (part == 1) change_content(file.durable, change);
        if (part == 2) apply_torn(file.durable, change);
    }
    file.pending.clear();
    file.content = file.durable;
    file.shared_memory.clear();
}

void CrashVfs::restart() {
    const std::lock_guard lock(mutex_);
    std::erase_if(files_, [this](const auto& entry) { return !entry.second->name_durable && random_() % 2 == 0; });
    for (const auto& [path, file] : files_) {
        settle(*file);
        file->name_durable = true;
    }
    left_.reset();
    off_ = false;
}

}  // namespace waaft::store::testing
