// Thousands of random steps of people on servers that lose their store, each other, their lives and their memory.
#include "tests/support/catch.h"
#include "tests/unit/room/servers.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace waaft;
using namespace waaft::room;
using namespace waaft::room::test;
using namespace waaft::signaling;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint32_t replica_mesh_max = 3;
constexpr std::uint32_t members_max = 9;
constexpr std::size_t servers_count = 3;

Settings shared_settings(RoomKind kind) {
    Settings settings;
    settings.name = "blue-sky";
    settings.epoch = "epoch-0";
    settings.kind = kind;
    return settings;
}

Options options() {
    Options options;
    options.mesh_max = replica_mesh_max;
    options.members_max = members_max;
    options.tail_records_max = 40;
    options.welcome_items = 10;
    options.nonce_keep = std::chrono::hours(10);
    options.resume_window = seconds(20);
    return options;
}

// A person with a browser: what it knows survives a lost connection.
struct ReplicaClient {
    std::string name;
    std::optional<At> at;
    bool welcomed = false;
    std::string member;  // empty: has no token
    Role role = Role::viewer;
    UnixMs joined = 0;
    Position seen;
    std::map<std::string, std::string> unacked;  // nonce -> text
    std::map<std::string, Member> members;       // as this client believes
};

struct Acked {
    std::string member, nonce, epoch;
    Seq seq = 0;
};

class ReplicaWorld : public Servers {
public:
    ReplicaWorld(std::uint32_t seed, RoomKind kind)
        : Servers(servers_count, shared_settings(kind), options()), random_(seed), older_(order) {
        for (int i = 0; i < 10; ++i)
            clients_.push_back(ReplicaClient{"c" + std::to_string(i), {}, {}, {}, {}, {}, {}, {}, {}});
    }

    void step() {
        advance(milliseconds(below(30) == 0 ? below(30'000) : below(120)));
        if (one_in(20)) older_ = order;
        if (one_in(8))
            disturb(below(servers_count));
        else
            act(clients_[below(static_cast<std::uint32_t>(clients_.size()))]);
    }

    // All is well again: everybody comes back and all have the same picture.
    void finish() {
        order.memory_is_full = false;
        for (std::size_t i = 0; i < count(); ++i) {
            if (!is_alive(i)) start(i);
            go_on(i);
            restore_link(i);
            let_through(i);
        }
        advance(seconds(3));
        unlock();
        for (int round = 0; round < 6; ++round) {
            for (ReplicaClient& client : clients_) {
                if (!client.at) come(client, below(servers_count), false);
                retry(client);
            }
            advance(seconds(40));
        }
        check_all();
    }

    std::size_t posted() const { return order.log().size(); }
    std::size_t resumed() const { return resumed_; }
    std::size_t failovers() const { return failovers_; }

private:
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    bool one_in(std::uint32_t count) { return below(count) == 0; }

    Duration delay() override {
        const std::uint32_t kind = below(20);
        return milliseconds(kind == 0 ? below(400) : kind < 10 ? below(3) : below(40));
    }
    unsigned times_told() override { return one_in(10) ? 2 : 1; }
    bool arrives_late() override { return one_in(2); }

    // ---- what goes wrong ----

    void disturb(std::size_t server) {
        switch (below(16)) {
            case 0:
            case 1:
            case 2: drop_link(server); return;
            case 3:
            case 4:
            case 5:
            case 6: restore_link(server); return;
            case 7:
                if (one_in(3)) kill(server);
                return;
            case 8:
                if (!is_alive(server)) start(server);
                return;
            case 9: pause(server); return;
            case 10:
            case 11: go_on(server); return;
            case 12: order.memory_is_full = one_in(3); return;
            case 13: change_held(server); return;
            case 14: forget_if_idle(server); return;
            default: go_back();
        }
    }

    void change_held(std::size_t server) {
        if (one_in(2))
            hold(server);
        else if (one_in(2))
            let_through(server);
        else
            lose_held(server);
    }

    void go_back() {
        if (!one_in(3)) return;
        std::erase_if(heard_, [&](const auto& heard) { return heard.second.seq > older_.log().size(); });
        ++failovers_;
        fail_over(older_);
    }

    // ---- what people do ----

    void act(ReplicaClient& client) {
        switch (below(16)) {
            case 0:
            case 1:
            case 2:
                if (!client.at || one_in(6)) come(client, below(servers_count), one_in(12));
                return;
            case 3: go(client); return;
            case 4:
                if (one_in(6)) speak(client, Leave{});
                return;
            case 5: retry(client); return;
            case 6:
            case 7: speak(client, State{{one_in(2), one_in(2), false}}); return;
            case 8:
            case 9:
            case 10: moderate(client); return;
            default: post(client);
        }
    }

    void come(ReplicaClient& client, std::size_t server, bool host) {
        if (!is_alive(server)) return;
        // Who has a token may come again while the old connection is open; the room closes that one.
        if (!client.welcomed) go(client);
        client.at = connect(server);
        client.welcomed = false;
        Admission admission;
        admission.name = client.name;
        admission.host = host;
        admission.new_member_id = "m" + std::to_string(1'000'000 + next_member_++);
        admission.ban_keys = {"client:" + admission.new_member_id};
        if (!client.member.empty()) {
            admission.resume = Admission::Claim{client.member, client.name, client.role, client.joined};
            if (!client.seen.epoch.empty()) admission.seen = client.seen;
        }
        join(*client.at, std::move(admission));
    }

    void go(ReplicaClient& client) {
        if (!client.at) return;
        client.welcomed = false;
        disconnect(*std::exchange(client.at, std::nullopt));
    }

    void speak(ReplicaClient& client, ClientMessage message) {
        if (client.welcomed) say(*client.at, std::move(message));
    }

    void post(ReplicaClient& client) {
        if (!client.welcomed) return;
        const std::string nonce = "n-" + std::to_string(next_nonce_++);
        if (one_in(4) && client.seen.seq > 0) {
            const Seq target = 1 + below(static_cast<std::uint32_t>(client.seen.seq));
            if (one_in(3))
                speak(client, Delete{nonce, target});
            else
                speak(client, React{nonce, target, "x", one_in(2)});
            return;
        }
        client.unacked[nonce] = client.name + " " + nonce;
        speak(client, Chat{nonce, client.unacked[nonce]});
    }

    void retry(ReplicaClient& client) {
        for (const auto& [nonce, text] : std::map(client.unacked)) speak(client, Chat{nonce, text});
    }

    void moderate(ReplicaClient& client) {
        const std::string other = clients_[below(static_cast<std::uint32_t>(clients_.size()))].member;
        switch (below(12)) {
            case 0:
            case 1: speak(client, Invite{other}); return;
            case 2:
            case 3: speak(client, Accept{}); return;
            case 4: speak(client, SetRole{other, one_in(2) ? Role::speaker : Role::viewer}); return;
            case 5: speak(client, Handover{other}); return;
            case 6: speak(client, Mute{other, {true, true, true}}); return;
            case 7: speak(client, Signal{other, "{}"}); return;
            case 8: speak(client, Lock{one_in(4)}); return;
            case 9:
                if (one_in(4)) speak(client, Remove{other});
                return;
            case 10:
                if (one_in(4)) speak(client, Ban{other});
                return;
            default: speak(client, Decline{});
        }
    }

    void unlock() {
        ReplicaClient& first = clients_.front();
        // Whose token is void is somebody new at the next try.
        for (int tries = 0; tries < 4 && (tries == 0 || !first.welcomed); ++tries) {
            go(first);
            come(first, 0, true);
            advance(seconds(3));
        }
        REQUIRE(first.welcomed);
        speak(first, Lock{false});
        advance(seconds(3));
    }

    // ---- what people hear ----

    ReplicaClient* client_of(At at) {
        const auto found = std::find_if(clients_.begin(), clients_.end(),
                                        [&](const ReplicaClient& client) { return client.at == at; });
        return found == clients_.end() ? nullptr : &*found;
    }

    void on_attach(At at, const Attach& attach) override {
        ReplicaClient* client = client_of(at);
        if (client == nullptr) return;
        client->member = attach.member;
        client->role = attach.role;
        client->joined = attach.joined;
    }

    void on_close(At at, CloseCode code) override {
        ReplicaClient* client = client_of(at);
        if (client == nullptr) return;
        client->at.reset();
        client->welcomed = false;
        const bool keeps = code == CloseCode::replaced || code == CloseCode::busy;
        if (!keeps && !(code == CloseCode::refused && may_try_again_)) forget(*client);
        may_try_again_ = false;
    }

    void on_cut(At at) override {
        ReplicaClient* client = client_of(at);
        if (client == nullptr) return;
        client->at.reset();
        client->welcomed = false;
    }

    static void forget(ReplicaClient& client) { client = ReplicaClient{client.name, {}, {}, {}, {}, {}, {}, {}, {}}; }

    void on_message(At at, const ServerMessage& message) override {
        ReplicaClient* client = client_of(at);
        if (client == nullptr) return;
        if (const auto* welcome = std::get_if<Welcome>(&message)) {
            hear(*client, *welcome);
            return;
        }
        const auto* error = std::get_if<ErrorMessage>(&message);
        may_try_again_ = error != nullptr && error->code != ErrorCode::resume_bad && error->code != ErrorCode::banned;
        INFO("nothing comes before the welcome");
        REQUIRE((client->welcomed || error != nullptr));
        std::visit([&](const auto& one) { hear(*client, one); }, message);
    }

    void hear(ReplicaClient& client, const Welcome& message) {
        REQUIRE_FALSE(client.welcomed);
        REQUIRE(message.you == client.member);
        client.welcomed = true;
        client.members.clear();
        for (const Member& member : message.members) client.members[member.id] = member;
        REQUIRE(client.members.contains(message.you));
        if (message.resumed) {
            ++resumed_;
            check_missed(client, message);
        }
        client.seen = {message.epoch, message.seq};
        if (!message.resumed) client.unacked.clear();
    }

    // The gap and the items together are exactly what came after `seen`; of another epoch or time, all is a gap.
    void check_missed(const ReplicaClient& client, const Welcome& message) const {
        if (client.seen.epoch.empty()) return;
        if (client.seen.epoch != message.epoch || client.seen.seq > message.seq) {
            REQUIRE(message.gap);
            REQUIRE(message.gap->from == 1);
            REQUIRE(message.gap->to == message.seq);
            return;
        }
        Seq next = client.seen.seq + 1;
        if (message.gap) {
            REQUIRE(message.gap->from == next);
            next = message.gap->to + 1;
        }
        for (const Record& record : message.items) REQUIRE(record.seq == next++);
        REQUIRE(next == message.seq + 1);
    }

    void hear(ReplicaClient& client, const RecordAdded& message) {
        REQUIRE(message.record.seq == client.seen.seq + 1);
        client.seen.seq = message.record.seq;
        heard_.push_back({client.seen.epoch, message.record});
    }

    void hear(ReplicaClient& client, const Ack& message) {
        if (client.unacked.erase(message.nonce) == 0) return;
        acked_.push_back({client.member, message.nonce, message.epoch, message.seq});
    }

    static void hear(ReplicaClient& client, const Joined& message) {
        REQUIRE(client.members.emplace(message.member.id, message.member).second);
    }
    static void hear(ReplicaClient& client, const MemberChanged& message) {
        REQUIRE(client.members.contains(message.member.id));
        client.members[message.member.id] = message.member;
    }
    static void hear(ReplicaClient& client, const Left& message) { REQUIRE(client.members.erase(message.id) == 1); }
    template <class Other>
    void hear(ReplicaClient&, const Other&) {}

    // ---- what must be so ----

    void on_taken(const Change&) override {
        std::size_t places = 0;
        std::size_t hosts = 0;
        for (const auto& [id, member] : order.members()) {
            places += member.first.shown.place ? 1 : 0;
            hosts += member.first.shown.role == Role::host ? 1 : 0;
        }
        REQUIRE(places <= replica_mesh_max);
        REQUIRE(hosts <= 1);
    }

    void check_all() {
        std::size_t places = 0;
        for (const auto& [id, member] : order.members()) places += member.first.shown.place ? 1 : 0;
        REQUIRE(places == std::min<std::size_t>(replica_mesh_max, order.members().size()));
        std::size_t here = 0;
        for (const ReplicaClient& client : clients_) {
            if (!client.at) continue;
            INFO(client.name << " on server " << client.at->server);
            ++here;
            REQUIRE(client.welcomed);
            check_picture(client);
            REQUIRE(client.seen == Position{order.settings().epoch, order.log().size()});
            REQUIRE(client.unacked.empty());
        }
        REQUIRE(here >= members_max);
        REQUIRE(order.members().size() == here);
        check_log();
        for (std::size_t i = 0; i < count(); ++i) {
            if (replica(i) != nullptr) REQUIRE(replica(i)->counts().pending == 0);
        }
        check_newcomers();
    }

    // A client's own `state` is not echoed, so its own live flags are left out.
    void check_picture(const ReplicaClient& client) const {
        std::map<std::string, Member> mine = client.members;
        REQUIRE(mine.size() == order.members().size());
        for (const auto& [id, member] : order.members()) {
            REQUIRE(mine.contains(id));
            if (id == client.member) mine[id].live = member.first.shown.live;
            REQUIRE(mine[id] == member.first.shown);
        }
    }

    void check_log() const {
        std::set<std::pair<std::string, std::string>> nonces;
        for (const SharedOrder::Kept& kept : order.log()) {
            if (!kept.nonce.empty()) REQUIRE(nonces.emplace(kept.record.from, kept.nonce).second);
        }
        for (const Acked& acked : acked_) {
            if (acked.epoch != order.settings().epoch) continue;
            REQUIRE(order.find(acked.seq));
            REQUIRE(order.log()[acked.seq - 1].nonce == acked.nonce);
            REQUIRE(order.find(acked.seq)->from == acked.member);
        }
        for (const auto& [epoch, record] : heard_) {
            if (epoch == order.settings().epoch) REQUIRE(order.find(record.seq) == record);
        }
    }

    // What a welcome shows is the same on each server: the host comes in however many there are.
    void check_newcomers() {
        for (std::size_t i = 0; i < count(); ++i) {
            go(clients_.front());
            come(clients_.front(), i, true);
            advance(seconds(3));
            REQUIRE(clients_.front().welcomed);
            check_picture(clients_.front());
        }
    }

    std::mt19937 random_;
    SharedOrder older_;
    std::vector<ReplicaClient> clients_;
    std::uint64_t next_member_ = 1;
    std::uint64_t next_nonce_ = 1;
    bool may_try_again_ = false;
    std::vector<Acked> acked_;
    std::vector<std::pair<std::string, Record>> heard_;  // with its epoch
    std::size_t resumed_ = 0;
    std::size_t failovers_ = 0;
};

}  // namespace

TEST_CASE("random steps on three servers: one order, one picture, nothing lost, nothing twice") {
    std::size_t posted = 0;
    std::size_t resumed = 0;
    std::size_t failovers = 0;
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        INFO("seed " << seed);
        ReplicaWorld world(seed, seed % 2 == 0 ? RoomKind::broadcast : RoomKind::call);
        for (int i = 0; i < 800; ++i) world.step();
        world.finish();
        posted += world.posted();
        resumed += world.resumed();
        failovers += world.failovers();
    }
    CHECK(posted > 500);
    CHECK(resumed > 400);
    CHECK(failovers > 20);
}
