#include "server/store/store.h"

namespace waaft::store {

std::string_view sentence(StoreError error) {
    switch (error) {
        case StoreError::busy: return "The database has too much to do.";
        case StoreError::full: return "The disk is full.";
        case StoreError::io: return "The disk or the database failed.";
        case StoreError::exists: return "A room with that name is open.";
        case StoreError::closed: return "The database is closed.";
        case StoreError::away: return "The server that keeps the rooms cannot be reached now.";
        case StoreError::conflict: return "The room is not there, or it went on without this record.";
    }
    return "The database failed.";
}

}  // namespace waaft::store
