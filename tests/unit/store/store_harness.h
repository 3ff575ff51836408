// What the store's tests share: a directory of their own, calls that wait for their answer, values.
#pragma once

#include "server/store/store.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <future>
#include <string>

namespace waaft::store::testing {

using waaft::testing::TemporaryDirectory;

// Makes one call and waits for its answer.
template <class T, class Call>
Result<T, StoreError> wait_for(Call call) {
    auto promise = std::make_shared<std::promise<Result<T, StoreError>>>();
    call(Done<T>([promise](Result<T, StoreError> result) { promise->set_value(std::move(result)); }));
    return promise->get_future().get();
}

inline Result<void, StoreError> create_room(Store& store, RoomRow row) {
    return wait_for<void>([&](Done<void> done) { store.create_room(std::move(row), std::move(done)); });
}
inline Result<void, StoreError> update_room(Store& store, RoomRow row) {
    return wait_for<void>([&](Done<void> done) { store.update_room(std::move(row), std::move(done)); });
}
inline Result<void, StoreError> append(Store& store, Append value) {
    return wait_for<void>([&](Done<void> done) { store.append(std::move(value), std::move(done)); });
}
inline Result<void, StoreError> mark(Store& store, const std::string& room, MemberMark value,
                                     const std::string& address = {}) {
    return wait_for<void>(
        [&](Done<void> done) { store.mark_member(room, std::move(value), address, std::move(done)); });
}
inline std::optional<LoadedRoom> load(Store& store, const std::string& name, std::uint32_t tail_max = 1000,
                                      UnixMs nonces_since = 0) {
    auto loaded = wait_for<std::optional<LoadedRoom>>(
        [&](auto done) { store.load_room(name, tail_max, nonces_since, std::move(done)); });
    REQUIRE(loaded.has_value());
    return std::move(*loaded);
}
inline Page history(Store& store, const std::string& name, Seq before, std::uint32_t limit) {
    auto page = wait_for<Page>([&](auto done) { store.history(name, before, limit, std::move(done)); });
    REQUIRE(page.has_value());
    return std::move(*page);
}
inline Page since(Store& store, const std::string& name, Seq after, std::uint32_t limit) {
    auto page = wait_for<Page>([&](auto done) { store.since(name, after, limit, std::move(done)); });
    REQUIRE(page.has_value());
    return std::move(*page);
}
inline Result<std::uint64_t, StoreError> sweep(Store& store, Retention retention, UnixMs now) {
    return wait_for<std::uint64_t>([&](auto done) { store.sweep(retention, now, std::move(done)); });
}

inline Recorded record_link(Store& store, const RoomRow& room, LinkRow link) {
    const auto recorded = wait_for<Recorded>(
        [&](auto done) { store.record_link(room.name, room.epoch, std::move(link), std::move(done)); });
    REQUIRE(recorded.has_value());
    return *recorded;
}
inline std::vector<LinkRow> links_of(Store& store, const RoomRow& room) {
    auto links =
        wait_for<std::vector<LinkRow>>([&](auto done) { store.links(room.name, room.epoch, std::move(done)); });
    REQUIRE(links.has_value());
    return std::move(*links);
}
inline std::vector<LinkRow> void_links(Store& store, const RoomRow& room, UnixMs until) {
    auto links = wait_for<std::vector<LinkRow>>(
        [&](auto done) { store.void_links(room.name, room.epoch, until, std::move(done)); });
    REQUIRE(links.has_value());
    return std::move(*links);
}

inline LinkRow make_link(std::string id, UnixMs made_at, UnixMs expires_at) {
    LinkRow link;
    link.id = std::move(id);
    link.name = "Ann \xF0\x9F\xA6\x89";
    link.key = "a school";
    link.host_key = "0011";
    link.made_at = made_at;
    link.expires_at = expires_at;
    return link;
}

inline RoomRow make_room(std::string name = "blue-owl") {
    RoomRow row;
    row.name = std::move(name);
    row.epoch = "0123456789abcdef";
    row.kind = RoomKind::broadcast;
    row.host_key_hash = "aa";
    row.password_hash = "$argon2id$";
    row.members_max = 7;
    row.created_at = 1000;
    row.last_active_at = 1000;
    return row;
}

inline Record make_chat(Seq seq, std::string text, UnixMs at = 2000, std::string from = "ann") {
    Record record;
    record.kind = Record::Kind::chat;
    record.seq = seq;
    record.at = at;
    record.from = std::move(from);
    record.name = "Ann";
    record.text = std::move(text);
    return record;
}
inline Record make_delete(Seq seq, Seq target) {
    Record record;
    record.kind = Record::Kind::remove;
    record.seq = seq;
    record.at = 2000;
    record.from = "ann";
    record.target = target;
    return record;
}
inline Record make_erase(Seq seq) {
    Record record = make_delete(seq, 0);
    record.kind = Record::Kind::erase;
    return record;
}
inline Record make_reaction(Seq seq, Seq target, std::string from, bool on = true, std::string emoji = "+1") {
    Record record = make_delete(seq, target);
    record.kind = Record::Kind::react;
    record.from = std::move(from);
    record.emoji = std::move(emoji);
    record.on = on;
    return record;
}
inline Append to(const RoomRow& room, Record record, std::string nonce = {}) {
    return {room.name, room.epoch, std::move(record), std::move(nonce)};
}

}  // namespace waaft::store::testing
