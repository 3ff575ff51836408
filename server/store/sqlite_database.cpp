#include "server/store/sqlite_database.h"

#include "server/base/disk_full.h"

#include <cerrno>

namespace waaft::store {

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Query::next() {
    if (code_ != SQLITE_OK && code_ != SQLITE_ROW) return false;
    code_ = sqlite3_step(statement_);
    return code_ == SQLITE_ROW;
}

bool Query::run() {
    while (next()) {
    }
    return ok();
}

std::string Query::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
}

void Query::bind(int index, std::int64_t value) {
    if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, index, value);
}

void Query::bind(int index, std::string_view value) {
    if (code_ != SQLITE_OK) return;
    // A null pointer would be bound as NULL, which is another value than the empty text.
    const char* data = value.data() == nullptr ? "" : value.data();
    code_ = sqlite3_bind_text(statement_, index, data, static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

Database Database::open(const std::string& file, const std::string& vfs) {
    return open_with(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs.empty() ? nullptr : vfs.c_str());
}

// Source: sqlite.org/uri.html.
Database Database::open_for_reading(const std::string& file) {
    std::string uri = "file:";
    for (const char c : file) {
        if (c == '%' || c == '?' || c == '#')
            uri += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
        else
            uri += c;
    }
    return open_with(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
}

Database Database::open_with(const std::string& file, int flags, const char* vfs) {
    Database database;
    sqlite3* connection = nullptr;
    database.code_ =
        sqlite3_open_v2(file.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
    database.connection_.reset(connection);
    if (database.code_ != SQLITE_OK) database.connection_.reset();
    return database;
}

Database::Prepared Database::prepare(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return {found->second.get(), SQLITE_OK};
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return {nullptr, code};
    statements_.emplace(sql, statement);
    return {statement, SQLITE_OK};
}

int Database::execute(const std::string& sql) { return sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr); }

int Database::sync() {
    sqlite3_file* file = nullptr;
    const int code = sqlite3_file_control(handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return code == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : code;
}

namespace {

// Runs `sql` and gives what `read` makes of its first row.
template <class T, class Read>
Result<T, int> first_of(sqlite3* connection, const std::string& sql, Read read) {
    sqlite3_stmt* raw = nullptr;
    int code = sqlite3_prepare_v2(connection, sql.c_str(), -1, &raw, nullptr);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
    if (code != SQLITE_OK) return {boost::system::in_place_error, code};
    Query query(raw, SQLITE_OK);
    if (!query.next()) return {boost::system::in_place_error, query.code()};
    return {boost::system::in_place_value, read(query)};
}

}  // namespace

Result<std::int64_t, int> Database::number(const std::string& sql) {
    return first_of<std::int64_t>(handle(), sql, [](const Query& query) { return query.integer(0); });
}

Result<std::string, int> Database::text(const std::string& sql) {
    return first_of<std::string>(handle(), sql, [](const Query& query) { return query.text(0); });
}

StoreError Database::error_of(int code) const {
    const int primary = code & 0xFF;
    if (primary == SQLITE_FULL) return StoreError::full;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return StoreError::busy;
    if (primary != SQLITE_IOERR) return StoreError::io;
    const int system = sqlite3_system_errno(handle());
    return says_disk_full(system) || system == EFBIG ? StoreError::full : StoreError::io;
}

}  // namespace waaft::store
