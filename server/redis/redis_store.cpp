#include "server/redis/redis_store.h"

#include "server/base/log.h"
#include "server/store/weight.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace waaft::redis {
namespace {

using store::Done;
using store::Snapshot;
using store::StoreError;

constexpr auto complaint_every = std::chrono::seconds(1);

Read<bool> read_any(const Reply&) { return true; }

bool is_id(std::string_view text) {
    return text.size() == 16 &&
           text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

bool is_prefix(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") ==
               std::string_view::npos;
}

}  // namespace

RedisStoreImpl::RedisStoreImpl(RedisOptions options, RedisUrl url, store::SharedListener& listener)
    : options_(std::move(options)),
      listener_(listener),
      commands_(Keys(options_.prefix, url.database),
                {options_.tail_max, options_.chat_keep_messages, options_.nonce_keep}),
      work_(io_.get_executor()),
      session_(io_, options_, std::move(url), commands_, *this),
      waiting_(options_.queue_max) {}

RedisStoreImpl::~RedisStoreImpl() { close(); }

Result<void> RedisStoreImpl::start() {
    if (const auto loaded = session_.load_authorities(); !loaded) {
        closed_ = true;
        return loaded.error();
    }
    auto first = first_.get_future();
    thread_ = std::thread([this] {
        session_.start();
        io_.run();
    });
    return first.get();
}

void RedisStoreImpl::close() {
    {
        const std::lock_guard lock(mutex_);
        if (!closed_) {
            boost::asio::post(io_, [this] {
                session_.stop([this] {
                    work_.reset();
                    io_.stop();
                });
            });
        }
        closed_ = true;
    }
    std::call_once(joined_, [this] {
        if (thread_.joinable()) thread_.join();
    });
}

RedisStatus RedisStoreImpl::status() const {
    RedisStatus status = session_.status();
    status.waiting = waiting_.count();
    status.unreadable = unreadable_;
    return status;
}

template <class T, class Run>
void RedisStoreImpl::enqueue(Done<T> done, Run run, std::size_t bytes) {
    bytes += store::call_bytes;
    std::optional<StoreError> refused;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            refused = StoreError::closed;
        } else if (!waiting_.take(bytes)) {
            refused = StoreError::busy;
        } else {
            auto counted = [this, done, bytes](Result<T, StoreError> result) {
                waiting_.give_back(bytes);
                if (done) done(std::move(result));
            };
            boost::asio::post(io_, [run = std::move(run), counted = std::move(counted)]() mutable {
                run(Done<T>(std::move(counted)));
            });
        }
    }
    if (refused && done) done(*refused);
}

// ---- answers ----

StoreError RedisStoreImpl::note_refusal(const Reply& reply, const std::string& room) {
    if (means_full(reply)) {
        complain("Redis takes nothing more: " + reply.text, room);
        return StoreError::full;
    }
    ++unreadable_;
    complain("Redis cannot do it: " + reply.text, room);
    return StoreError::io;
}

// At most one line a second; the next one says how many were left out.
void RedisStoreImpl::complain(const std::string& what, const std::string& where) {
    const TimePoint now = Clock::now();
    if (now < next_complaint_) {
        ++silent_complaints_;
        return;
    }
    next_complaint_ = now + complaint_every;
    log::error(what, {{"where", where}, {"left_out", std::to_string(std::exchange(silent_complaints_, 0))}});
}

template <class T>
void RedisStoreImpl::ask(const Command& command, const std::string& room, Reader<T> reader, Done<T> done) {
    session_.request(command, [this, room, reader, done = std::move(done)](const Result<Reply, StoreError>& reply) {
        if (!reply) return done(reply.error());
        if (reply->is(Reply::Kind::error)) return done(note_refusal(*reply, room));
        auto value = reader(*reply);
        if (value) return done(std::move(*value));
        ++unreadable_;
        complain("What lies in Redis cannot be read: " + value.error().what, room);
        done(StoreError::io);
    });
}

// It counts as a call until it is answered: what a slow Redis did not read yet is bounded, too.
void RedisStoreImpl::tell_only(const Command& command, const std::string& room, Done<void> done) {
    ask<bool>(command, room, read_any, [done = std::move(done)](const Result<bool, StoreError>&) { done({}); });
}

// ---- rooms ----

void RedisStoreImpl::create_room(store::RoomRow row, Duration keep, Done<void> done) {
    enqueue<void>(std::move(done), [this, row = std::move(row), keep](Done<void> answer) {
        const auto command = commands_.create(row, keep);
        if (!command) return answer(StoreError::io);
        ask<bool>(*command, row.name, read_created, [answer](const Result<bool, StoreError>& made) {
            if (!made) return answer(made.error());
            answer(*made ? Result<void, StoreError>() : StoreError::exists);
        });
    });
}

RedisStoreImpl::OpenRoom* RedisStoreImpl::find(const std::string& name, std::uint64_t opened) {
    const auto found = rooms_.find(name);
    return found != rooms_.end() && found->second.opened == opened ? &found->second : nullptr;
}

void RedisStoreImpl::forget(const std::string& name, std::uint64_t opened) {
    if (find(name, opened) == nullptr) return;
    rooms_.erase(name);
    session_.unsubscribe(commands_.keys().channel(name));
}

// First it listens, then it reads: so nothing lies between the snapshot and what is told.
void RedisStoreImpl::open_room(std::string name, Done<std::optional<Snapshot>> done) {
    enqueue<std::optional<Snapshot>>(std::move(done), [this, name = std::move(name)](auto answer) {
        const auto [room, fresh] = rooms_.try_emplace(name);
        if (!fresh) return read(name, std::move(answer));
        const auto now =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
        last_opened_ = std::max(last_opened_ + 1, static_cast<std::uint64_t>(now.count()));
        room->second.opened = last_opened_;
        room->second.held.emplace();
        session_.subscribe(
            commands_.keys().channel(name),
            [this, name, opened = last_opened_, answer = std::move(answer)](const Result<void, StoreError>& heard) {
                if (heard) return read_open(name, opened, answer);
                forget(name, opened);
                answer(heard.error());
            });
    });
}

void RedisStoreImpl::read_open(const std::string& name, std::uint64_t opened, Done<std::optional<Snapshot>> done) {
    read(name, [this, name, opened, done = std::move(done)](Result<std::optional<Snapshot>, StoreError> snapshot) {
        const bool there = snapshot && *snapshot;
        const store::Revision revision = there ? (*snapshot)->revision : 0;
        if (!there) forget(name, opened);
        done(std::move(snapshot));
        if (there) settle(name, opened, revision);
    });
}

// Passes on what came between listening and reading.
void RedisStoreImpl::settle(const std::string& name, std::uint64_t opened, store::Revision revision) {
    OpenRoom* room = find(name, opened);
    if (room == nullptr || !room->held) return;
    auto held = std::move(*room->held).take();
    room->held.reset();
    room->first = revision;
    for (auto& [heard, bytes] : held) deliver(name, std::move(heard));
}

void RedisStoreImpl::read(const std::string& name, Done<std::optional<Snapshot>> done) {
    const std::uint64_t connection = session_.connection_number();
    session_.request(commands_.read(name),
                     [this, name, connection, done = std::move(done)](const Result<Reply, StoreError>& reply) {
                         if (!reply) return done(reply.error());
                         if (reply->is(Reply::Kind::error)) return done(note_refusal(*reply, name));
                         auto snapshot = read_snapshot(*reply, name);
                         if (!snapshot) {
                             ++unreadable_;
                             complain("A room in Redis cannot be read: " + snapshot.error().what, name);
                             return done(StoreError::io);
                         }
                         if (const auto room = rooms_.find(name); room != rooms_.end())
                             room->second.read_in = connection;
                         done(std::move(*snapshot));
                     });
}

void RedisStoreImpl::read_room(std::string name, Done<std::optional<Snapshot>> done) {
    enqueue<std::optional<Snapshot>>(std::move(done),
                                     [this, name = std::move(name)](auto answer) { read(name, std::move(answer)); });
}

void RedisStoreImpl::close_room(std::string name) {
    enqueue<void>({}, [this, name = std::move(name)](const Done<void>& answer) {
        if (const auto room = rooms_.find(name); room != rooms_.end()) forget(name, room->second.opened);
        answer({});
    });
}

void RedisStoreImpl::commit(store::Change change, Done<store::Committed> done) {
    const std::size_t bytes = store::bytes_of(change);
    auto run = [this, change = std::move(change)](auto answer) mutable {
        const auto room = rooms_.find(change.room);
        if (room == rooms_.end()) return answer(StoreError::conflict);
        // Redis may have lost what it was decided against, and have counted up to the same number since.
        if (room->second.read_in != session_.connection_number()) change.rules = no_rules;
        const auto command = commands_.commit(change, room->second.opened);
        if (command) return ask<store::Committed>(*command, change.room, read_committed, std::move(answer));
        complain("A change is too large to be kept.", change.room);
        answer(StoreError::io);
    };
    enqueue<store::Committed>(std::move(done), std::move(run), bytes);
}

void RedisStoreImpl::tell(std::string room, std::string message) {
    const std::size_t bytes = message.size();
    auto run = [this, room = std::move(room), message = std::move(message)](Done<void> answer) {
        tell_only(commands_.whisper(room, {options_.server, message}), room, std::move(answer));
    };
    enqueue<void>({}, std::move(run), bytes);
}

void RedisStoreImpl::keep_room(std::string room, Duration keep, UnixMs records_since) {
    enqueue<void>({}, [this, room = std::move(room), keep, records_since](Done<void> answer) {
        tell_only(commands_.keep(room, keep, records_since), room, std::move(answer));
    });
}

void RedisStoreImpl::history(std::string room, store::Seq before, std::uint32_t limit, Done<store::Page> done) {
    enqueue<store::Page>(std::move(done), [this, room = std::move(room), before, limit](auto answer) {
        read_on(room, std::make_shared<PageReading>(before, limit), std::move(answer));
    });
}

void RedisStoreImpl::read_on(const std::string& room, const std::shared_ptr<PageReading>& page,
                             Done<store::Page> done) {
    const Reader<bool> reader = [page](const Reply& reply) -> Read<bool> {
        auto step = read_page(reply);
        if (!step) return step.error();
        return page->take(std::move(*step));
    };
    ask<bool>(commands_.history(room, page->cursor()), room, reader,
              [this, room, page, done = std::move(done)](const Result<bool, StoreError>& complete) {
                  if (!complete) return done(complete.error());
                  if (!*complete) return read_on(room, page, done);
                  done(std::move(*page).page());
              });
}

void RedisStoreImpl::record_link(std::string room, std::string life, store::LinkRow link, Done<store::Recorded> done) {
    enqueue<store::Recorded>(
        std::move(done), [this, room = std::move(room), life = std::move(life), link = std::move(link)](auto answer) {
            ask<store::Recorded>(commands_.record_link(room, life, link), room, read_recorded, std::move(answer));
        });
}

void RedisStoreImpl::links(std::string room, std::string life, Done<std::vector<store::LinkRow>> done) {
    enqueue<std::vector<store::LinkRow>>(
        std::move(done), [this, room = std::move(room), life = std::move(life)](auto answer) {
            ask<std::vector<store::LinkRow>>(commands_.list_links(room, life), room, read_links, std::move(answer));
        });
}

void RedisStoreImpl::void_links(std::string room, std::string life, UnixMs until,
                                Done<std::vector<store::LinkRow>> done) {
    enqueue<std::vector<store::LinkRow>>(std::move(done), [this, room = std::move(room), life = std::move(life),
                                                           until](auto answer) {
        ask<std::vector<store::LinkRow>>(commands_.void_links(room, life, until), room, read_links, std::move(answer));
    });
}

// ---- what concerns no room ----

void RedisStoreImpl::revoke_link(std::string id, UnixMs expires_at, Done<void> done) {
    enqueue<void>(std::move(done), [this, id = std::move(id), expires_at](Done<void> answer) {
        ask<bool>(commands_.revoke(id, expires_at), "links", read_any,
                  [answer = std::move(answer)](const Result<bool, StoreError>& revoked) {
                      answer(revoked ? Result<void, StoreError>() : revoked.error());
                  });
    });
}

void RedisStoreImpl::revoked_links(Done<std::vector<std::string>> done) {
    enqueue<std::vector<std::string>>(std::move(done), [this](auto answer) {
        ask<std::vector<std::string>>(commands_.links(), "links", read_list, std::move(answer));
    });
}

void RedisStoreImpl::allow(std::string key, std::uint32_t most, Duration period, Done<bool> done) {
    enqueue<bool>(std::move(done), [this, key = std::move(key), most, period](auto answer) {
        ask<bool>(commands_.allow(key, most, period), "limits", read_flag, std::move(answer));
    });
}

// ---- from the session ----

void RedisStoreImpl::on_up() {
    // A replica that took over may count from further back.
    for (auto& [name, room] : rooms_) room.first = 0;
    if (!std::exchange(first_told_, true)) first_.set_value({});
    listener_.on_connection(true);
}

void RedisStoreImpl::on_down() { listener_.on_connection(false); }

void RedisStoreImpl::on_start_failed(Error why) {
    first_told_ = true;
    first_.set_value(std::move(why));
}

void RedisStoreImpl::on_servers(std::vector<std::string> servers) { listener_.on_servers(std::move(servers)); }

void RedisStoreImpl::on_message(std::string_view channel, std::string_view payload) {
    auto heard = decode_heard(payload);
    if (!heard) {
        ++unreadable_;
        return complain("What was told is " + std::string(to_string(heard.error())) + ".", std::string(channel));
    }
    if (const auto* link = std::get_if<LinkRevoked>(&*heard)) {
        if (channel == commands_.keys().links_channel()) listener_.on_link_revoked(link->id, link->expires_at);
        return;
    }
    const std::string name(commands_.keys().room_of(channel));
    const auto room = rooms_.find(name);
    if (room == rooms_.end()) return;
    if (!room->second.held) return deliver(name, std::move(*heard));
    room->second.held->add(std::move(*heard), sizeof(Heard) + payload.size());
}

void RedisStoreImpl::deliver(const std::string& room, Heard heard) {
    if (auto* told = std::get_if<store::Told>(&heard)) {
        const auto found = rooms_.find(room);
        if (found != rooms_.end() && told->revision <= found->second.first) return;
        told->room = room;
        return listener_.on_told(std::move(*told));
    }
    auto& whisper = std::get<Whisper>(heard);
    if (whisper.server != options_.server)
        listener_.on_whisper(room, std::move(whisper.server), std::move(whisper.message));
}

Result<std::unique_ptr<RedisStore>> open_redis(RedisOptions options, store::SharedListener& listener) {
    auto url = parse_redis_url(options.url);
    if (!url) return url.error();
    if (!is_prefix(options.prefix)) {
        return Error{"redis_url", "The prefix of Redis's keys is not one.", "redis.prefix",
                     "write 1 to 64 letters, digits, dots, dashes"};
    }
    if (!is_id(options.server)) return Error{"redis_url", "The server's id is not 16 of 0-9 and a-z.", options.server};
    auto made = std::make_unique<RedisStoreImpl>(std::move(options), std::move(*url), listener);
    if (const auto started = made->start(); !started) return started.error();
    return std::unique_ptr<RedisStore>(std::move(made));
}

}  // namespace waaft::redis
