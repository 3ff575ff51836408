#include "server/store/queued_store.h"

#include "server/store/weight.h"

#include <pthread.h>

#include <algorithm>

namespace waaft::store {
namespace {

// `Work` is a function of the engine that gives Result<T, StoreError>.
template <class T, class Work>
class OneCall final : public QueuedStore::Call {
public:
    OneCall(bool writes, Work work, Done<T> done, std::size_t bytes)
        : Call(bytes), writes_(writes), work_(std::move(work)), done_(std::move(done)) {}

    bool writes() const override { return writes_; }
    void run(Engine& engine) override { result_.emplace(work_(engine)); }
    void fail(StoreError error) override { result_.emplace(error); }
    void answer() override {
        if (done_) done_(std::move(*result_));
    }

private:
    const bool writes_;
    Work work_;
    Done<T> done_;
    std::optional<Result<T, StoreError>> result_;
};

template <class T, class Work>
std::unique_ptr<QueuedStore::Call> make_write(Work work, Done<T> done, std::size_t bytes = 0) {
    return std::make_unique<OneCall<T, Work>>(true, std::move(work), std::move(done), call_bytes + bytes);
}
template <class T, class Work>
std::unique_ptr<QueuedStore::Call> make_read(Work work, Done<T> done) {
    return std::make_unique<OneCall<T, Work>>(false, std::move(work), std::move(done), call_bytes);
}

// Runs one step a batch, so that others get their turn between.
class SweepCall final : public QueuedStore::Call {
public:
    SweepCall(Retention retention, UnixMs now, Done<std::uint64_t> done)
        : Call(call_bytes), retention_(retention), now_(now), done_(std::move(done)) {}

    bool writes() const override { return true; }
    void run(Engine& engine) override {
        const Outcome outcome = engine.sweep(retention_, now_, progress_);
        if (!outcome) fail(outcome.error());
    }
    void fail(StoreError error) override { error_ = error; }
    bool unfinished() const override { return !error_ && !progress_.finished; }
    void answer() override {
        if (done_) done_(error_ ? Result<std::uint64_t, StoreError>(*error_) : progress_.removed);
    }

private:
    const Retention retention_;
    const UnixMs now_;
    Done<std::uint64_t> done_;
    SweepProgress progress_;
    std::optional<StoreError> error_;
};

}  // namespace

QueuedStore::QueuedStore(std::unique_ptr<Engine> engine, Budget::Max queue_max)
    : QueuedStore(std::move(engine), queue_max, {}) {}

QueuedStore::QueuedStore(std::unique_ptr<Engine> engine, Budget::Max queue_max, Later later)
    : engine_(std::move(engine)),
      later_(std::move(later)),
      later_at_(Clock::now() + later_.every),
      budget_(queue_max),
      thread_([this] { work(); }) {}

QueuedStore::~QueuedStore() { close(); }

void QueuedStore::create_room(RoomRow row, Done<void> done) {
    push(make_write([row = std::move(row)](Engine& engine) { return engine.create_room(row); }, std::move(done)));
}

void QueuedStore::load_room(std::string name, std::uint32_t tail_max, UnixMs nonces_since,
                            Done<std::optional<LoadedRoom>> done) {
    push(make_read([name = std::move(name), tail_max,
                    nonces_since](Engine& engine) { return engine.load_room(name, tail_max, nonces_since); },
                   std::move(done)));
}

void QueuedStore::update_room(RoomRow row, Done<void> done) {
    push(make_write([row = std::move(row)](Engine& engine) { return engine.update_room(row); }, std::move(done)));
}

void QueuedStore::mark_member(std::string room, MemberMark mark, std::string banned_address, Done<void> done) {
    push(make_write([room = std::move(room), mark = std::move(mark), address = std::move(banned_address)](
                        Engine& engine) { return engine.mark_member(room, mark, address); },
                    std::move(done)));
}

void QueuedStore::append(Append append, Done<void> done) {
    const std::size_t bytes = bytes_of(append.record);
    push(make_write([append = std::move(append)](Engine& engine) { return engine.append(append); }, std::move(done),
                    bytes));
}

void QueuedStore::history(std::string room, Seq before, std::uint32_t limit, Done<Page> done) {
    push(make_read(
        [room = std::move(room), before, limit](Engine& engine) { return engine.history(room, before, limit); },
        std::move(done)));
}

void QueuedStore::since(std::string room, Seq after, std::uint32_t limit, Done<Page> done) {
    push(make_read([room = std::move(room), after, limit](Engine& engine) { return engine.since(room, after, limit); },
                   std::move(done)));
}

void QueuedStore::revoke_link(std::string id, UnixMs expires_at, Done<void> done) {
    push(make_write([id = std::move(id), expires_at](Engine& engine) { return engine.revoke_link(id, expires_at); },
                    std::move(done)));
}

void QueuedStore::revoked_links(Done<std::vector<std::string>> done) {
    push(make_read([](Engine& engine) { return engine.revoked_links(read_clocks().wall); }, std::move(done)));
}

void QueuedStore::record_link(std::string room, std::string life, LinkRow link, Done<Recorded> done) {
    push(make_write([room = std::move(room), life = std::move(life),
                     link = std::move(link)](Engine& engine) { return engine.record_link(room, life, link); },
                    std::move(done)));
}

void QueuedStore::links(std::string room, std::string life, Done<std::vector<LinkRow>> done) {
    push(
        make_read([room = std::move(room), life = std::move(life)](Engine& engine) { return engine.links(room, life); },
                  std::move(done)));
}

void QueuedStore::void_links(std::string room, std::string life, UnixMs until, Done<std::vector<LinkRow>> done) {
    push(make_write([room = std::move(room), life = std::move(life),
                     until](Engine& engine) { return engine.void_links(room, life, until); },
                    std::move(done)));
}

void QueuedStore::sweep(Retention retention, UnixMs now, Done<std::uint64_t> done) {
    push(std::make_unique<SweepCall>(retention, now, std::move(done)));
}

std::size_t QueuedStore::queued() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
}

void QueuedStore::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
    std::call_once(joined_, [this] { thread_.join(); });
}

void QueuedStore::push(std::unique_ptr<Call> call) {
    std::optional<StoreError> refused;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            refused = StoreError::closed;
        } else if (!budget_.take(call->bytes())) {
            refused = StoreError::busy;
        } else {
            calls_.push_back(std::move(call));
        }
    }
    if (!refused) return changed_.notify_one();
    call->fail(*refused);
    call->answer();
}

std::optional<QueuedStore::Batch> QueuedStore::take() {
    const auto deadline = later_.make ? later_at_ : engine_->deadline();
    const auto ready = [this] { return closed_ || !calls_.empty(); };
    std::unique_lock lock(mutex_);
    if (deadline)
        changed_.wait_until(lock, *deadline, ready);
    else
        changed_.wait(lock, ready);
    if (closed_ && calls_.empty()) return std::nullopt;
    const auto end = calls_.begin() + static_cast<std::ptrdiff_t>(std::min(calls_.size(), batch_max));
    Batch batch(std::make_move_iterator(calls_.begin()), std::make_move_iterator(end));
    calls_.erase(calls_.begin(), end);
    for (const auto& call : batch) budget_.give_back(call->bytes());
    return batch;
}

void QueuedStore::work() {
    pthread_setname_np(pthread_self(), "store");  // who looks for what is slow finds it
    while (auto batch = take()) {
        if (!batch->empty()) {
            execute(*batch);
            finish(std::move(*batch));
        }
        if (later_.make)
            try_later_engine();
        else
            engine_->on_deadline(Clock::now());
    }
    engine_.reset();
}

void QueuedStore::try_later_engine() {
    if (Clock::now() < later_at_) return;
    if (auto made = later_.make()) {
        engine_ = std::move(made);
        later_ = {};
    }
    later_at_ = Clock::now() + later_.every;
}

void QueuedStore::execute(Batch& batch) {
    const bool writes = std::any_of(batch.begin(), batch.end(), [](const auto& call) { return call->writes(); });
    if (later_.make) return lose(batch, StoreError::full);
    if (const Outcome begun = engine_->begin(writes); !begun) return lose(batch, begun.error());
    for (const auto& call : batch) {
        call->run(*engine_);
        if (!engine_->in_batch()) return lose(batch, engine_->commit().error());
    }
    if (const Outcome committed = engine_->commit(); !committed) lose(batch, committed.error());
}

// Nothing of the batch was kept. What was read may have been what is now undone, so it's read again.
void QueuedStore::lose(Batch& batch, StoreError error) {
    for (const auto& call : batch) {
        if (call->writes() || !engine_) {
            call->fail(error);
        } else {
            call->run(*engine_);
        }
    }
}

void QueuedStore::finish(Batch batch) {
    for (auto& call : batch) {
        if (call->unfinished()) {
            const std::lock_guard lock(mutex_);
            if (!closed_) {
                budget_.overdraw(call->bytes());
                calls_.push_back(std::move(call));
                continue;
            }
            call->fail(StoreError::closed);
        }
        call->answer();
    }
}

}  // namespace waaft::store
