#include "tests/unit/room/driver.h"

#include <algorithm>
#include <utility>

namespace waaft::room::test {

using namespace waaft::signaling;

namespace {

constexpr UnixMs start_wall = 1700000000000;

Now start() { return {TimePoint(std::chrono::hours(1000)), start_wall}; }

Settings settings_of(const Setup& setup) {
    Settings settings;
    settings.name = "blue-sky";
    settings.epoch = epoch;
    settings.kind = setup.kind;
    settings.password = setup.password;
    return settings;
}

std::string name_of(const std::string& id) { return id.substr(0, id.find('0')); }

std::string words_of(const Live& live) {
    return std::string(live.mic ? " mic" : "") + (live.cam ? " cam" : "") + (live.screen ? " screen" : "");
}

std::string words_of(const Member& member) {
    return name_of(member.id) + " " + std::string(to_string(member.role)) + (member.place ? " place" : "") +
           (member.away ? " away" : "") + words_of(member.live);
}

std::string words_of(const Record& record) {
    const std::string head = std::to_string(record.seq) + " " + name_of(record.from);
    switch (record.kind) {
        case Record::Kind::chat: {
            std::string line = "chat " + head + (record.deleted ? " deleted" : " " + record.text);
            for (const auto& [emoji, members] : record.reactions) {
                line += " " + emoji + std::to_string(members.size());
            }
            return line;
        }
        case Record::Kind::remove: return "delete " + head + " " + std::to_string(record.target);
        case Record::Kind::react:
            return "react " + head + " " + std::to_string(record.target) + (record.on ? " +" : " -") + record.emoji;
        case Record::Kind::erase: return "erase " + head;
    }
    return {};
}

std::string words_of(const std::vector<Record>& items) {
    std::string words;
    for (const Record& record : items) {
        words += (words.empty() ? "" : "; ") + words_of(record);
    }
    return "[" + words + "]";
}

struct LineOf {
    std::string operator()(const Welcome& m) const {
        std::string members;
        for (const Member& member : m.members) {
            members += (members.empty() ? "" : ", ") + words_of(member);
        }
        return "welcome " + name_of(m.you) + (m.resumed ? " resumed" : "") + " seq=" + std::to_string(m.seq) + " " +
               words_of(m.items) + (m.more ? " more" : "") +
               (m.gap ? " gap=" + std::to_string(m.gap->from) + "-" + std::to_string(m.gap->to) : "") + " (" + members +
               ")";
    }
    std::string operator()(const Joined& m) const { return "joined " + words_of(m.member); }
    std::string operator()(const MemberChanged& m) const { return "member " + words_of(m.member); }
    std::string operator()(const Left& m) const {
        return "left " + name_of(m.id) + " " + std::string(to_string(m.why));
    }
    std::string operator()(const RoomChanged& m) const { return m.room.locked ? "room locked" : "room open"; }
    std::string operator()(const RecordAdded& m) const { return words_of(m.record); }
    std::string operator()(const Ack& m) const { return "ack " + m.nonce + " " + std::to_string(m.seq); }
    std::string operator()(const History&) const { return "history"; }
    std::string operator()(const SignalFrom& m) const { return "signal " + name_of(m.from) + " " + m.payload; }
    std::string operator()(const Invited& m) const { return "invited " + name_of(m.by); }
    std::string operator()(const Muted& m) const { return "muted " + name_of(m.by) + words_of(m.off); }
    std::string operator()(const HostKey&) const { return "hostKey"; }
    std::string operator()(const Resume&) const { return "resume"; }
    std::string operator()(const Ping&) const { return "ping"; }
    std::string operator()(const Restarting&) const { return "restarting"; }
    std::string operator()(const Waiting& m) const { return m.on ? "waiting" : "waiting no more"; }
    std::string operator()(const Bye&) const { return "bye"; }
    std::string operator()(const ErrorMessage& m) const {
        return "error " + std::string(to_string(m.code)) + (m.re.empty() ? "" : " " + m.re);
    }
};

}  // namespace

std::string id_of(const std::string& name) { return name + std::string(16 - name.size(), '0'); }

std::string line_of(const ServerMessage& message) { return std::visit(LineOf{}, message); }

Driver::Driver(Setup setup) : room(settings_of(setup), setup.options, std::move(setup.kept), start()), now(start()) {}

Admission Driver::admission_of(const std::string& name) const {
    Admission admission;
    admission.name = name;
    return admission;
}

Admission Driver::claim_of(const std::string& name, std::optional<Seq> seen) const {
    Admission admission;
    admission.name = name;
    admission.password_passed = true;
    admission.resume = Admission::Claim{id_of(name), name, Role::speaker, start_wall};
    if (seen) {
        admission.seen = Position{epoch, *seen};
    }
    return admission;
}

ConnectionId Driver::join(const std::string& name, bool host) {
    Admission admission = admission_of(name);
    admission.host = host;
    admission.password_passed = host;
    return join(std::move(admission));
}

ConnectionId Driver::join(Admission admission) {
    if (admission.connection == 0) {
        admission.connection = next_connection_++;
        connections_[admission.connection];
    }
    if (admission.new_member_id.empty()) {
        admission.new_member_id = id_of(admission.name);
    }
    const ConnectionId connection = admission.connection;
    room.join(std::move(admission), now);
    drain();
    return connection;
}

ConnectionId Driver::resume(const std::string& name, std::optional<Seq> seen) { return join(claim_of(name, seen)); }

void Driver::say(ConnectionId from, ClientMessage message) {
    room.handle(from, std::move(message), now);
    drain();
}

void Driver::chat(ConnectionId from, const std::string& nonce, const std::string& text) {
    say(from, Chat{nonce, text});
}

void Driver::disconnect(ConnectionId connection, Away why) {
    connections_[connection].open = false;
    connections_[connection].attached = false;
    room.disconnected(connection, why, now);
    drain();
}

void Driver::persist(Seq seq, bool is_durable) {
    const auto found =
        std::find_if(waiting.begin(), waiting.end(), [&](const Persist& persist) { return persist.record.seq == seq; });
    if (found != waiting.end()) {
        if (is_durable) {
            durable.push_back(found->record);
        }
        waiting.erase(found);
    }
    room.on_persisted(seq, is_durable, now);
    drain();
}

void Driver::persist_all() {
    while (!waiting.empty()) {
        persist(waiting.front().record.seq, true);
    }
}

void Driver::answer_lookup(std::optional<Record> record) {
    const std::uint64_t token = lookups_.front();
    lookups_.pop_front();
    room.on_lookup(token, std::move(record), now);
    drain();
}

void Driver::advance(double seconds) {
    const TimePoint until = now.steady + std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    while (true) {
        const std::optional<TimePoint> deadline = room.deadline();
        const TimePoint next = deadline ? std::max(now.steady, std::min(*deadline, until)) : until;
        now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(next - now.steady).count();
        now.steady = next;
        if (!deadline || *deadline > now.steady) {
            return;
        }
        room.on_deadline(now);
        drain();
    }
}

void Driver::end() {
    room.end(now);
    drain();
}

Lines Driver::heard(ConnectionId connection) { return std::exchange(connections_[connection].lines, {}); }

Lines Driver::done() { return std::exchange(done_, {}); }

void Driver::forget_all() {
    done_.clear();
    for (auto& entry : connections_) {
        entry.second.lines.clear();
    }
}

bool Driver::is_open(ConnectionId connection) const { return connections_.at(connection).open; }

void Driver::drain() {
    while (std::optional<Output> output = room.poll_output()) {
        std::visit([&](auto& o) { apply(o); }, *output);
    }
}

void Driver::apply(Send& output) { connections_[output.to].lines.push_back(line_of(output.message)); }

void Driver::apply(SendAll& output) {
    const std::string line = line_of(output.message);
    for (auto& [id, connection] : connections_) {
        if (connection.attached && id != output.except) {
            connection.lines.push_back(line);
        }
    }
}

void Driver::apply(Attach& output) {
    connections_[output.connection].attached = true;
    done_.push_back("attach " + output.name + " " + std::string(to_string(output.role)) +
                    (output.on_air ? " on_air" : ""));
}

void Driver::apply(Close& output) {
    Connection& connection = connections_[output.connection];
    connection.open = false;
    connection.attached = false;
    connection.lines.push_back("close " + std::string(to_string(output.code)));
}

void Driver::apply(Persist& output) {
    const Seq seq = output.record.seq;
    waiting.push_back(std::move(output));
    if (disk_is_fast) {
        persist(seq, true);
    }
}

void Driver::apply(SaveRoom& output) {
    done_.push_back(std::string("save") + (output.settings.locked ? " locked" : "") +
                    (output.settings.ended ? " ended" : ""));
}

void Driver::apply(SaveMark& output) {
    std::string line = "mark " + name_of(output.member);
    switch (output.kind) {
        case SaveMark::Kind::role: line += " " + std::string(to_string(output.role)); break;
        case SaveMark::Kind::removed: line += " removed"; break;
        case SaveMark::Kind::banned: line += " banned"; break;
    }
    for (const std::string& key : output.ban_keys) {
        line += " " + key;
    }
    done_.push_back(line);
}

void Driver::apply(RotateHostKey& output) { done_.push_back("rotate " + std::to_string(output.to)); }

void Driver::apply(ReadHistory& output) {
    done_.push_back("history " + std::to_string(output.to) + " before " + std::to_string(output.before) + " limit " +
                    std::to_string(output.limit));
}

void Driver::apply(Lookup& output) {
    lookups_.push_back(output.token);
    done_.push_back("lookup " + std::to_string(output.target));
}

void Driver::apply(Ended&) { done_.push_back("ended"); }

}  // namespace waaft::room::test
