#include "tests/unit/room/servers.h"

#include "server/room/replica_state.h"
#include "tests/support/catch.h"

#include <algorithm>

namespace waaft::room::test {

using namespace waaft::signaling;
using std::chrono::seconds;

namespace {

constexpr Duration beat_every = seconds(2);
constexpr Duration dead_after = seconds(6);

}  // namespace

Servers::Servers(std::size_t count, Settings settings, Options options)
    : order(std::move(settings)),
      now{TimePoint(std::chrono::hours(1000)), 1700000000000},
      options_(options),
      servers_(count) {
    order.tail_max = options.tail_records_max;
    for (std::size_t i = 0; i < count; ++i) start(i);
    after(beat_every, [this] { beat(); });
}

// ---- time ----

Now Servers::clock_of(std::size_t server) const {
    return {now.steady + std::chrono::hours(static_cast<int>(server)), now.wall};
}

void Servers::after(Duration duration, Task task) {
    events_.emplace(std::pair(now.steady + duration, next_event_++), std::move(task));
}

void Servers::run(std::size_t server, const Task& task) {
    if (!at(server).alive) return;
    if (at(server).paused) {
        at(server).deferred.push_back(task);
        return;
    }
    task();
    drain(server);
}

void Servers::run_after(std::size_t server, Duration duration, Task task) {
    after(duration, [this, server, life = at(server).life, task = std::move(task)] {
        if (at(server).life == life) run(server, task);
    });
}

void Servers::run_in_line(std::size_t server, Task task) {
    at(server).line = std::max(at(server).line, now.steady + delay());
    run_after(server, at(server).line - now.steady, std::move(task));
}

void Servers::advance(Duration duration) {
    const TimePoint until = now.steady + duration;
    while (step(until)) {
    }
}

bool Servers::step(TimePoint until) {
    TimePoint next = events_.begin()->first.first;
    std::optional<std::size_t> due;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (!at(i).replica || at(i).paused) continue;
        const auto deadline = at(i).replica->deadline();
        if (!deadline) continue;
        const TimePoint when = std::max(now.steady, *deadline - (clock_of(i).steady - now.steady));
        if (when > next) continue;
        next = when;
        due = i;
    }
    const TimePoint then = std::min(next, until);
    now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(then - now.steady).count();
    now.steady = then;
    if (next > until) return false;
    if (due) {
        run_deadline(*due);
        return true;
    }
    const auto event = events_.extract(events_.begin());
    event.mapped()();
    return true;
}

void Servers::run_deadline(std::size_t server) {
    const auto before = at(server).replica->deadline();
    at(server).replica->on_deadline(clock_of(server));
    drain(server);
    if (!at(server).replica) return;
    const auto next = at(server).replica->deadline();
    INFO("a deadline that has passed is there again");
    REQUIRE((!next || *next > clock_of(server).steady || *next != *before));
}

// ---- people ----

At Servers::connect(std::size_t server) {
    const At made{server, at(server).next_connection++};
    at(server).open.insert(made.connection);
    return made;
}

void Servers::join(At who, Admission admission) {
    admission.connection = who.connection;
    run(who.server, [this, who, admission = std::move(admission)] {
        if (open_room(who.server)) {
            at(who.server).replica->join(admission, clock_of(who.server));
            return;
        }
        const ErrorCode code = order.has_ended() ? ErrorCode::room_unknown : ErrorCode::busy;
        apply(who.server, Send{who.connection, ErrorMessage{code, {}, "join"}});
        apply(who.server, Close{who.connection, CloseCode::refused});
    });
}

bool Servers::open_room(std::size_t server) {
    Server& opening = at(server);
    if (opening.replica) return true;
    auto snapshot = opening.up ? order.read() : std::nullopt;
    if (!snapshot) return false;
    const auto new_key = [this] { return "key-" + std::to_string(next_key_++); };
    const auto new_epoch = [this] { return "epoch-" + std::to_string(next_key_++); };
    opening.replica = std::make_unique<Replica>(opening.name, options_, *std::move(snapshot),
                                                Replica::Randoms{new_key, new_epoch}, clock_of(server));
    return true;
}

void Servers::say(At who, ClientMessage message) {
    run(who.server, [this, who, message = std::move(message)] {
        if (at(who.server).replica) at(who.server).replica->handle(who.connection, message, clock_of(who.server));
    });
}

void Servers::disconnect(At who) {
    at(who.server).open.erase(who.connection);
    run(who.server, [this, who] {
        at(who.server).attached.erase(who.connection);
        at(who.server).gone.insert(who.connection);
        if (at(who.server).replica)
            at(who.server).replica->disconnected(who.connection, room::Away::lost, clock_of(who.server));
    });
}

// ---- servers ----

void Servers::drop_link(std::size_t server) {
    Server& cut = at(server);
    if (!cut.up) return;
    cut.up = false;
    ++cut.link;
    cut.held.clear();
    if (cut.on_its_way && arrives_late()) reach_store(server, 0, cut.name, *cut.on_its_way);
    cut.on_its_way.reset();
    const auto connection = [this, server] {
        if (at(server).replica) at(server).replica->on_connection(false, clock_of(server));
    };
    const auto committing = [this, server, id = cut.committing] {
        answer(server, id, Answer{Answer::Outcome::away, 0, 0, {}});
    };
    run_in_line(server, connection);
    run_in_line(server, committing);
    run_in_line(server, [this, server, id = cut.reading] { fail_to_read(server, id); });
}

void Servers::fail_to_read(std::size_t server, std::uint64_t id) {
    if (id == 0 || at(server).reading != id) return;
    at(server).reading = 0;
    at(server).replica->on_read_failed(clock_of(server));
}

void Servers::restore_link(std::size_t server) {
    if (at(server).up) return;
    at(server).up = true;
    run_in_line(server, [this, server] {
        if (at(server).replica) at(server).replica->on_connection(true, clock_of(server));
    });
}

void Servers::kill(std::size_t server) {
    Server& dead = at(server);
    if (dead.on_its_way && arrives_late()) reach_store(server, 0, dead.name, *dead.on_its_way);
    const auto open = std::exchange(dead.open, {});
    const ConnectionId next = dead.next_connection;
    const std::uint64_t life = dead.life;
    const std::uint64_t link = dead.link;
    dead = Server{};
    dead.alive = dead.up = false;
    dead.life = life + 1;
    dead.link = link + 1;
    dead.next_connection = next;
    for (const ConnectionId connection : open) on_cut({server, connection});
}

void Servers::start(std::size_t server) {
    Server& started = at(server);
    ++started.life;
    started.name = "s" + std::to_string(server) + "." + std::to_string(started.life);
    started.alive = started.up = true;
    started.seen = now.steady;
}

void Servers::pause(std::size_t server) { at(server).paused = at(server).alive; }

void Servers::go_on(std::size_t server) {
    at(server).paused = false;
    for (const Task& task : std::exchange(at(server).deferred, {})) run(server, task);
}

void Servers::hold(std::size_t server) { at(server).holds = true; }

void Servers::let_through(std::size_t server) {
    at(server).holds = false;
    for (const Told& told : std::exchange(at(server).held, {})) tell(server, told);
}

void Servers::fail_over(SharedOrder older) {
    for (std::size_t i = 0; i < count(); ++i) drop_link(i);
    order = std::move(older);
    order.end_may_be_lost = true;
}

bool Servers::forget_if_idle(std::size_t server) {
    Server& idle = at(server);
    if (!idle.replica || !idle.replica->idle() || !idle.open.empty() || !idle.up || idle.paused) return false;
    idle.replica.reset();
    idle.committing = idle.reading = 0;
    order.forget(idle.name);
    return true;
}

void Servers::beat() {
    std::set<std::string> alive;
    for (Server& server : servers_) {
        if (server.alive && server.up && !server.paused) server.seen = now.steady;
        if (now.steady - server.seen < dead_after && !server.name.empty()) alive.insert(server.name);
    }
    for (std::size_t i = 0; i < count(); ++i) {
        if (!at(i).up) continue;
        run_after(i, delay(), [this, i, alive] {
            if (at(i).replica) at(i).replica->on_servers(alive, clock_of(i));
        });
    }
    after(beat_every, [this] { beat(); });
}

// ---- the store ----

void Servers::perform(std::size_t server, const Commit& request) {
    const std::uint64_t id = next_request_++;
    INFO("one commit is under way at a time");
    REQUIRE(at(server).committing == 0);
    at(server).committing = id;
    if (!at(server).up) {
        run_in_line(server, [this, server, id] { answer(server, id, Answer{Answer::Outcome::away, 0, 0, {}}); });
        return;
    }
    at(server).on_its_way = request.change;
    after(delay(), [this, server, id, link = at(server).link, change = request.change] {
        if (at(server).link != link) return;
        at(server).on_its_way.reset();
        reach_store(server, id, at(server).name, change);
    });
}

void Servers::reach_store(std::size_t server, std::uint64_t id, const std::string& name, const Change& change) {
    SharedOrder::Result result = order.commit(name, change, now.wall);
    if (result.told) {
        on_taken(change);
        tell(*result.told);
    }
    run_after(server, delay(), [this, server, id, link = at(server).link, answered = std::move(result.answer)] {
        if (at(server).link == link) answer(server, id, answered);
    });
}

void Servers::answer(std::size_t server, std::uint64_t id, const Answer& answer) {
    if (id == 0 || at(server).committing != id) return;
    at(server).committing = 0;
    at(server).replica->on_answer(answer, clock_of(server));
}

void Servers::tell(const Told& told) {
    for (std::size_t i = 0; i < count(); ++i) {
        if (at(i).holds && at(i).up)
            at(i).held.push_back(told);
        else
            tell(i, told);
    }
}

void Servers::tell(std::size_t server, const Told& told) {
    if (!at(server).up) return;
    for (unsigned times = times_told(); times > 0; --times) {
        const TimePoint when = std::max(at(server).line, now.steady + delay());
        run_after(server, when - now.steady, [this, server, link = at(server).link, told] {
            if (at(server).link == link && at(server).replica) at(server).replica->on_told(told, clock_of(server));
        });
    }
}

void Servers::perform(std::size_t server, const Whisper& request) {
    for (std::size_t i = 0; i < count(); ++i) {
        if (i == server || !at(i).up) continue;
        run_after(i, delay(), [this, i, word = request.word] {
            if (at(i).replica) at(i).replica->on_whisper(word);
        });
    }
}

void Servers::perform(std::size_t server, const ReadAgain&) {
    ++reads_;
    const std::uint64_t id = next_request_++;
    at(server).reading = id;
    if (!at(server).up) {
        run_in_line(server, [this, server, id] { fail_to_read(server, id); });
        return;
    }
    after(delay(), [this, server, id, link = at(server).link] {
        if (at(server).link != link) return;
        run_after(server, delay(), [this, server, id, link, snapshot = order.read()] {
            if (at(server).link != link || at(server).reading != id) return;
            at(server).reading = 0;
            at(server).replica->on_read(snapshot, clock_of(server));
        });
    });
}

// ---- what a replica says ----

void Servers::drain(std::size_t server) {
    while (at(server).replica) {
        if (auto output = at(server).replica->poll_output()) {
            std::visit([&](auto& which) { apply(server, which); }, *output);
        } else if (auto request = at(server).replica->poll_request()) {
            std::visit([&](auto& which) { perform(server, which); }, *request);
        } else {
            return;
        }
    }
}

void Servers::apply(std::size_t server, const Send& output) {
    REQUIRE_FALSE(is_stand_in(output.to));
    if (at(server).open.contains(output.to)) on_message({server, output.to}, output.message);
}

void Servers::apply(std::size_t server, const SendAll& output) {
    const auto attached = at(server).attached;
    for (const ConnectionId connection : attached) {
        if (connection != output.except) on_message({server, connection}, output.message);
    }
}

void Servers::apply(std::size_t server, const Attach& output) {
    INFO("nobody is attached whose connection is gone");
    REQUIRE_FALSE(at(server).gone.contains(output.connection));
    if (!at(server).open.contains(output.connection)) return;
    at(server).attached.insert(output.connection);
    on_attach({server, output.connection}, output);
}

void Servers::apply(std::size_t server, const Close& output) {
    at(server).attached.erase(output.connection);
    if (at(server).open.erase(output.connection) == 0) return;
    on_close({server, output.connection}, output.code);
    run_after(server, delay(), [this, server, connection = output.connection] {
        at(server).gone.insert(connection);
        if (at(server).replica) at(server).replica->disconnected(connection, room::Away::lost, clock_of(server));
    });
}

void Servers::apply(std::size_t server, const Lookup& output) {
    run_after(server, delay(), [this, server, output] {
        if (at(server).replica)
            at(server).replica->on_lookup(output.token, order.find(output.target), clock_of(server));
    });
}

void Servers::apply(std::size_t server, const Ended&) {
    INFO("everybody's connection is closed before the end");
    REQUIRE(at(server).attached.empty());
    at(server).replica.reset();
    at(server).committing = at(server).reading = 0;
}

template <class Other>
void Servers::apply(std::size_t, const Other&) {
    FAIL("what several servers share is kept by committing it");
}

}  // namespace waaft::room::test
