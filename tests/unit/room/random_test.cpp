// Thousands of random steps against a small model of each client: what it must have heard, and no more.
#include "tests/support/catch.h"

#include "server/room/room.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace waaft;
using namespace waaft::room;
using namespace waaft::signaling;

namespace {

const std::string random_epoch = "00000000000000af";
constexpr std::uint32_t mesh_max = 4;

// A person with a browser: what it knows survives a lost connection.
struct Client {
    std::string name;
    ConnectionId connection = 0;  // 0: none
    std::string member;           // empty: has no token
    Role role = Role::viewer;     // as its token says
    UnixMs joined = 0;
    std::vector<Seq> heard;  // durable records, in the order of hearing
    Seq seen = 0;
    std::map<std::string, std::string> unacked;  // nonce -> text
    std::map<std::string, Seq> acked;
    std::map<std::string, Member> members;  // as this client believes
};

class World {
public:
    World(std::uint32_t seed, RoomKind kind) : random_(seed), room_(settings(kind), options(), {}, now_) {
        for (int i = 0; i < 12; ++i) {
            clients_.push_back({"c" + std::to_string(i), 0, "", Role::viewer, 0, {}, 0, {}, {}, {}});
        }
    }

    void step() {
        act();
        drain();
        check_places();
    }

    // Everybody comes back, the disk answers, and all have the same picture.
    void finish() {
        while (!disk_.empty()) {
            answer_disk();
            drain();
        }
        for (Client& client : clients_) {
            if (client.connection == 0) {
                join(client);
                drain();
            }
        }
        for (const Client& client : clients_) {
            if (client.connection != 0) {
                REQUIRE(client.seen == (durable_.empty() ? 0 : durable_.back()));
                check_members(client);
            }
        }
    }

    std::size_t posted() const { return durable_.size(); }
    std::size_t resumed() const { return resumed_; }
    std::size_t failed() const { return failed_; }

private:
    static Settings settings(RoomKind kind) {
        Settings settings;
        settings.name = "blue-sky";
        settings.epoch = random_epoch;
        settings.kind = kind;
        return settings;
    }

    static Options options() {
        Options options;
        options.mesh_max = mesh_max;
        options.tail_records_max = 30;
        options.welcome_items = 10;
        options.pending_max = 8;
        options.nonce_keep = std::chrono::hours(10);
        return options;
    }

    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    Client& any() { return clients_[below(static_cast<std::uint32_t>(clients_.size()))]; }

    void act() {
        Client& client = any();
        if (below(4) == 0) {
            advance();
        }
        switch (below(16)) {
            case 0:
            case 1:
            case 2: join(client); return;
            case 3: lose(client); return;
            case 4:
            case 5:
            case 6: answer_disk(); return;
            case 7:
                if (below(20) == 0) {
                    say(client, Leave{});
                }
                return;
            case 8: retry(client); return;
            case 9: say(client, State{{below(2) == 0, below(2) == 0, false}}); return;
            case 10:
            case 11: moderate(client); return;
            default: post(client);
        }
    }

    void advance() {
        const auto pause = std::chrono::milliseconds(below(50) == 0 ? 70'000 : below(2000));
        now_.steady += pause;
        now_.wall += pause.count();
        if (room_.deadline() && *room_.deadline() <= now_.steady) {
            room_.on_deadline(now_);
        }
    }

    void join(Client& client) {
        if (client.connection != 0 && below(8) != 0) {
            return;
        }
        Admission admission;
        admission.connection = next_connection_++;
        admission.name = client.name;
        admission.host = below(10) == 0;
        const bool again = !client.member.empty();
        if (again) {
            admission.resume = Admission::Claim{client.member, client.name, client.role, client.joined};
            admission.seen = Position{random_epoch, client.seen};
        } else {
            admission.new_member_id = "m" + std::to_string(1'000'000 + next_connection_);
        }
        connecting_ = admission.connection;
        connecting_client_ = &client;
        room_.join(std::move(admission), now_);
    }

    void lose(Client& client) {
        if (client.connection != 0) {
            room_.disconnected(std::exchange(client.connection, 0), Away::lost, now_);
        }
    }

    void say(Client& client, ClientMessage message) {
        if (client.connection != 0) {
            room_.handle(client.connection, std::move(message), now_);
        }
    }

    void post(Client& client) {
        if (client.connection == 0) {
            return;
        }
        const std::string nonce = "n-" + std::to_string(next_nonce_++);
        if (below(4) == 0 && client.seen > 0) {
            say(client, React{nonce, 1 + below(static_cast<std::uint32_t>(client.seen)), "x", below(2) == 0});
            return;
        }
        client.unacked[nonce] = client.name + " " + nonce;
        say(client, Chat{nonce, client.unacked[nonce]});
    }

    void retry(Client& client) {
        if (!client.unacked.empty()) {
            const auto& [nonce, text] = *client.unacked.begin();
            say(client, Chat{nonce, text});
        }
        if (!client.acked.empty() && below(4) == 0) {
            const auto& entry = *client.acked.begin();
            say(client, Chat{entry.first, "never again"});
        }
    }

    void moderate(Client& client) {
        const std::string other = any().member;
        switch (below(6)) {
            case 0: say(client, Invite{other}); return;
            case 1: say(client, Accept{}); return;
            case 2: say(client, SetRole{other, below(2) == 0 ? Role::speaker : Role::viewer}); return;
            case 3: say(client, Handover{other}); return;
            case 4:
                if (below(10) == 0) {
                    say(client, Remove{other});
                }
                return;
            default: say(client, Decline{});
        }
    }

    void answer_disk() {
        if (disk_.empty()) {
            return;
        }
        const Persist persist = disk_.front();
        disk_.pop_front();
        const bool durable = below(10) != 0;
        if (durable) {
            durable_.push_back(persist.record.seq);
            REQUIRE((persist.nonce.empty() || nonces_.insert(persist.record.from + persist.nonce).second));
        } else {
            ++failed_;
        }
        room_.on_persisted(persist.record.seq, durable, now_);
    }

    Client* client_of(ConnectionId connection) {
        for (Client& client : clients_) {
            if (client.connection == connection) {
                return &client;
            }
        }
        return nullptr;
    }

    void drain() {
        while (std::optional<Output> output = room_.poll_output()) {
            std::visit([&](const auto& o) { apply(o); }, *output);
        }
    }

    void apply(const Attach& output) {
        Client* client = output.connection == connecting_ ? connecting_client_ : client_of(output.connection);
        REQUIRE(client != nullptr);
        client->connection = output.connection;
        client->member = output.member;
        client->role = output.role;
        client->joined = output.joined;
    }

    void apply(const Close& output) {
        if (Client* client = client_of(output.connection)) {
            client->connection = 0;
            if (output.code != CloseCode::replaced) {
                forget(*client);
            }
        } else if (output.connection == connecting_) {
            forget(*connecting_client_);
        }
    }

    static void forget(Client& client) { client = Client{client.name, 0, "", Role::viewer, 0, {}, 0, {}, {}, {}}; }

    void apply(const Send& output) {
        if (Client* client = client_of(output.to)) {
            std::visit([&](const auto& m) { hear(*client, m); }, output.message);
        }
    }

    void apply(const SendAll& output) {
        for (Client& client : clients_) {
            if (client.connection != 0 && client.connection != output.except) {
                std::visit([&](const auto& m) { hear(client, m); }, output.message);
            }
        }
    }

    void apply(const Persist& output) {
        REQUIRE(output.record.seq > last_assigned_);
        last_assigned_ = output.record.seq;
        disk_.push_back(output);
    }

    void apply(const Lookup& output) {
        std::optional<Record> record;
        if (std::binary_search(durable_.begin(), durable_.end(), output.target)) {
            record.emplace().seq = output.target;
        }
        room_.on_lookup(output.token, record, now_);
    }

    template <class Other>
    void apply(const Other&) {}

    void hear(Client& client, const Welcome& message) {
        REQUIRE(message.you == client.member);
        REQUIRE(message.seq == (durable_.empty() ? 0 : durable_.back()));
        client.members.clear();
        for (const Member& member : message.members) {
            client.members[member.id] = member;
        }
        if (message.resumed) {
            ++resumed_;
            check_missed(client, message);
        }
        client.seen = message.seq;
    }

    // The gap and the items together are exactly what is durable after `seen`.
    void check_missed(const Client& client, const Welcome& message) {
        std::vector<Seq> got;
        for (const Seq seq : durable_) {
            if (message.gap && seq >= message.gap->from && seq <= message.gap->to) {
                got.push_back(seq);
            }
        }
        for (const Record& record : message.items) {
            got.push_back(record.seq);
        }
        const auto missed = std::upper_bound(durable_.begin(), durable_.end(), client.seen);
        REQUIRE(got == std::vector<Seq>(missed, durable_.end()));
        if (message.gap) {
            REQUIRE(message.items.size() == 30);
            REQUIRE(message.gap->from == client.seen + 1);
        }
    }

    // Nothing before it is durable, nothing twice, nothing left out.
    void hear(Client& client, const RecordAdded& message) {
        const auto next = std::upper_bound(durable_.begin(), durable_.end(), client.seen);
        REQUIRE(next != durable_.end());
        REQUIRE(message.record.seq == *next);
        client.seen = message.record.seq;
    }

    void hear(Client& client, const Ack& message) {
        REQUIRE(std::binary_search(durable_.begin(), durable_.end(), message.seq));
        const auto before = client.acked.find(message.nonce);
        if (before != client.acked.end()) {
            REQUIRE(before->second == message.seq);
        }
        if (client.unacked.erase(message.nonce) > 0) {
            client.acked[message.nonce] = message.seq;
        }
    }

    static void hear(Client& client, const Joined& message) {
        REQUIRE(client.members.emplace(message.member.id, message.member).second);
    }
    static void hear(Client& client, const MemberChanged& message) {
        REQUIRE(client.members.contains(message.member.id));
        client.members[message.member.id] = message.member;
    }
    static void hear(Client& client, const Left& message) { REQUIRE(client.members.erase(message.id) == 1); }
    template <class Other>
    void hear(Client&, const Other&) {}

    // Any connected client's picture is the room's: compare two of them and the rules.
    void check_places() {
        const auto someone =
            std::find_if(clients_.begin(), clients_.end(), [](const Client& client) { return client.connection != 0; });
        if (someone == clients_.end()) {
            return;
        }
        std::size_t places = 0;
        std::size_t hosts = 0;
        for (const auto& [id, member] : someone->members) {
            places += member.place ? 1 : 0;
            hosts += member.role == Role::host ? 1 : 0;
            REQUIRE(room_.has_member(id));
        }
        REQUIRE(someone->members.size() == room_.counts().members);
        REQUIRE(places == std::min<std::size_t>(mesh_max, someone->members.size()));
        REQUIRE(hosts <= 1);
    }

    // A client's own `state` is not echoed, so its own live flags are left out.
    void check_members(const Client& client) {
        for (const Client& other : clients_) {
            if (other.connection == 0) {
                continue;
            }
            auto mine = client.members;
            auto theirs = other.members;
            for (const std::string& id : {client.member, other.member}) {
                mine[id].live = {};
                theirs[id].live = {};
            }
            REQUIRE(mine == theirs);
        }
    }

    std::mt19937 random_;
    Now now_{TimePoint(std::chrono::hours(1000)), 1700000000000};
    Room room_;
    std::vector<Client> clients_;
    ConnectionId next_connection_ = 1;
    ConnectionId connecting_ = 0;
    Client* connecting_client_ = nullptr;
    std::uint64_t next_nonce_ = 1;
    std::deque<Persist> disk_;
    std::vector<Seq> durable_;
    std::set<std::string> nonces_;
    Seq last_assigned_ = 0;
    std::size_t resumed_ = 0;
    std::size_t failed_ = 0;
};

}  // namespace

TEST_CASE("random steps: one order, nothing lost, nothing twice, nothing acked too soon") {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        INFO("seed " << seed);
        World world(seed, seed % 2 == 0 ? RoomKind::broadcast : RoomKind::call);
        for (int i = 0; i < 2000; ++i) {
            world.step();
        }
        world.finish();
        CHECK(world.posted() > 200);
        CHECK(world.resumed() > 50);
        CHECK(world.failed() > 10);
    }
}
