// The links of SqliteEngine: those that were made, beside those that are revoked.
#include "server/store/sqlite_engine.h"

namespace waaft::store {

Result<std::int64_t, StoreError> SqliteEngine::find_open(const std::string& name, const std::string& life) {
    Query query = database_.query("SELECT id FROM rooms WHERE name = ?1 AND epoch = ?2 AND ended_at = 0", name, life);
    if (query.next()) return query.integer(0);
    if (!query.ok()) return failed(query.code());
    return 0;
}

Outcome SqliteEngine::make_space_for_link(std::int64_t room, const std::string& name, const LinkRow& link,
                                          bool& has_space) {
    const Outcome expired = run("DELETE FROM links WHERE room = ?1 AND expires_at <= ?2", room, link.made_at);
    if (!expired) return expired;
    const auto count = [&]() -> Outcome {
        Query query = database_.query("SELECT count(*) FROM links WHERE room = ?1", room);
        if (query.next()) has_space = query.integer(0) < static_cast<std::int64_t>(links_max);
        if (!query.run()) return failed(query.code());
        return {};
    };
    if (const Outcome counted = count(); !counted || has_space) return counted;
    const Outcome dropped =
        run("DELETE FROM links WHERE room = ?1 AND ((role = ?2 AND host_key <> ?3) OR "
            "EXISTS (SELECT 1 FROM revoked_links WHERE revoked_links.id = ?4 || links.id))",
            room, static_cast<std::int64_t>(Role::host), link.host_key, revoked_link_id(name, ""));
    return dropped ? count() : dropped;
}

Outcome SqliteEngine::insert_link(std::int64_t room, const LinkRow& link) {
    return run(
        "REPLACE INTO links (room, id, role, name, key, host_key, made_at, expires_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        room, link.id, static_cast<std::int64_t>(link.role), link.name, link.key, link.host_key, link.made_at,
        link.expires_at);
}

Result<Recorded, StoreError> SqliteEngine::record_link(const std::string& room, const std::string& life,
                                                       const LinkRow& link) {
    Recorded recorded = Recorded::done;
    const Outcome outcome = atomically([&]() -> Outcome {
        const auto id = find_open(room, life);
        if (!id) return id.error();
        bool has_space = false;
        if (*id != 0) {
            if (const Outcome made = make_space_for_link(*id, room, link, has_space); !made) return made;
        }
        if (has_space) return insert_link(*id, link);
        recorded = *id == 0 ? Recorded::gone : Recorded::too_many;
        return {};
    });
    if (!outcome) return outcome.error();
    return recorded;
}

Result<std::vector<LinkRow>, StoreError> SqliteEngine::links(const std::string& room, const std::string& life) {
    const auto id = find_open(room, life);
    if (!id) return id.error();
    Query query = database_.query(
        "SELECT id, role, name, key, host_key, made_at, expires_at, "
        "EXISTS (SELECT 1 FROM revoked_links WHERE revoked_links.id = ?2 || links.id) "
        "FROM links WHERE room = ?1 ORDER BY made_at, id",
        *id, revoked_link_id(room, ""));
    std::vector<LinkRow> found;
    while (query.next()) {
        found.push_back({query.text(0), static_cast<Role>(query.integer(1)), query.text(2), query.text(3),
                         query.text(4), query.integer(5), query.integer(6), query.integer(7) != 0});
    }
    if (!query.ok()) return failed(query.code());
    return found;
}

Result<std::vector<LinkRow>, StoreError> SqliteEngine::void_links(const std::string& room, const std::string& life,
                                                                  UnixMs until) {
    std::vector<LinkRow> voided;
    const Outcome outcome = atomically([&]() -> Outcome {
        auto all = links(room, life);
        if (!all) return all.error();
        voided = std::move(*all);
        std::erase_if(voided, [](const LinkRow& link) { return link.revoked; });
        for (LinkRow& link : voided) {
            link.revoked = true;
            if (const Outcome revoked = revoke_link(revoked_link_id(room, link.id), until); !revoked) return revoked;
        }
        return revoke_link(unrecorded_links_id(room, life), until);
    });
    if (!outcome) return outcome.error();
    return voided;
}

}  // namespace waaft::store
