// The SQLite schema and the way to it from an empty or an older file.
//
// Thread: one. Ownership: works on the caller's Database. Errors: Error with code store_newer,
// store_unreadable (another program's file), store_corrupt, store_io.
// PRAGMA user_version holds the schema's version, application_id says that the file is ours.
#pragma once

#include "server/store/sqlite_database.h"

#include <span>
#include <string>
#include <string_view>

namespace waaft::store {

// What leads from the version before to `version`; migrations are listed in order, from 1.
struct Migration {
    int version;
    std::string_view sql;
};
std::span<const Migration> migrations();

// Brings the file to the last migration's version. An older file is copied first: the copy's name,
// or empty. `file` is the database's path.
Result<std::string> upgrade_schema(Database& database, const std::string& file, std::span<const Migration> steps);

// What SQLite's `code` means while a database is opened.
Error open_error(const Database& database, int code, const std::string& file);

}  // namespace waaft::store
