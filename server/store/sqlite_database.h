// SQLite's C handles with an owner each: the connection, its prepared statements, one run of one.
//
// Thread: one at a time (the connection is opened without SQLite's own mutex). Ownership: Database
// owns the connection and its statements; a Query borrows a statement and gives it back reset.
// Errors: SQLite's extended result codes; error_of() says what they mean for a caller of the store.
#pragma once

#include "server/store/store.h"

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace waaft::store {

// One execution of a prepared statement. Rows by next(); afterwards ok() says whether it went to its end.
class Query {
public:
    Query(sqlite3_stmt* statement, int error) : statement_(statement), code_(error) {}
    ~Query();
    Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)), code_(other.code_) {}
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    bool next();
    // Runs to the end.
    bool run();
    bool ok() const { return code_ == SQLITE_DONE; }
    int code() const { return code_; }

    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string text(int column) const;

    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view value);

private:
    sqlite3_stmt* statement_;
    int code_;  // SQLITE_OK before the first step, then SQLITE_ROW, SQLITE_DONE or an error
};

class Database {
public:
    // If it fails opened() is false and code() says why.
    static Database open(const std::string& file, const std::string& vfs);
    // Of a file that nobody writes to: needs no write-ahead log, and so no space.
    static Database open_for_reading(const std::string& file);

    bool opened() const { return connection_ != nullptr; }
    int code() const { return code_; }  // of open()
    sqlite3* handle() const { return connection_.get(); }
    // No transaction is open.
    bool is_autocommit() const { return sqlite3_get_autocommit(handle()) != 0; }

    // `sql` is one statement, prepared once and kept; the same text must not run twice at a time.
    template <class... Args>
    Query query(std::string_view sql, const Args&... args) {
        auto [statement, error] = prepare(sql);
        Query query(statement, error);
        int index = 0;
        (query.bind(++index, args), ...);
        return query;
    }
    // Any number of statements, without rows. Not kept.
    int execute(const std::string& sql);
    // Makes the database file (not its WAL) durable, whatever PRAGMA synchronous says.
    int sync();
    // The first column of the first row of a statement that isn't kept.
    Result<std::int64_t, int> number(const std::string& sql);
    Result<std::string, int> text(const std::string& sql);

    // What `code` means; looks at the errno of the connection's last failure.
    StoreError error_of(int code) const;

private:
    struct Close {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    struct Prepared {
        sqlite3_stmt* statement;
        int error;
    };
    Prepared prepare(std::string_view sql);
    static Database open_with(const std::string& file, int flags, const char* vfs);

    int code_ = SQLITE_OK;
    std::unique_ptr<sqlite3, Close> connection_;
    // Keyed by the text; all are literals or members of the engine, so the views stay valid.
    std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace waaft::store
