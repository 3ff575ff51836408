// The rooms whose home is this shard: their engines, the store behind them, who is attached where.
//
// Thread: the shard's own, except that store and password answers are posted to it. Ownership:
// owns the rooms; the services and the io_context outlive it. Bounds: rooms_max over all shards,
// waiting_max requests for a room that is being loaded, JoinQueue. Errors: a refused request is answered
// with an ErrorMessage or a REST error.
#pragma once

#include "server/app/join_queue.h"
#include "server/app/load.h"
#include "server/app/mail.h"
#include "server/app/news_inbox.h"
#include "server/app/services.h"
#include "server/room/engine.h"
#include "server/room/shared.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace waaft::app {

struct Attached;

class Home final : public NewsTaker {
public:
    Home(Services& services, ShardIndex self, boost::asio::io_context& io, ShardCounters& counters, ShardLoad& load);
    ~Home() override;

    void on_mail(std::unique_ptr<JoinMail> mail);
    void on_mail(ClientMail mail);
    void on_mail(const GoneMail& mail);
    void on_mail(std::unique_ptr<RestMail> mail);

    // What servers that share rooms heard of each other; on the shard's thread.
    void on_told(const store::Told& told) override;
    void on_whisper(const std::string& name, const std::string& message) override;
    void on_missed(const std::string& name) override;
    void on_servers(const std::set<std::string>& alive) override;
    void on_connection(bool up) override;

    void on_thread(std::function<void()> task) override;

    void start();
    // Nothing new is taken; called before the store is closed.
    void stop();

private:
    struct HomeRoom;
    struct Limited {
        KeyedLimit* limit = nullptr;
        std::string key;
    };
    using Waiting = std::function<void(HomeRoom&)>;

    // ---- finding and loading rooms (home_rooms.cpp) ----
    // Runs `then` at once or when the room was read from the store; `refuse` if there is none.
    void with_room(const std::string& name, Waiting then, std::function<void(signaling::ErrorCode)> refuse);
    void load(const std::string& name);
    struct Loading {
        std::vector<std::pair<Waiting, std::function<void(signaling::ErrorCode)>>> waiting;
    };
    void answer_waiting(const std::string& name, Loading& loading, std::optional<signaling::ErrorCode> refusal);
    void on_loaded(const std::string& name, Result<std::optional<store::LoadedRoom>, store::StoreError> loaded);
    HomeRoom& open_room(store::RoomRow row, room::Kept kept);
    HomeRoom& keep_open(std::unique_ptr<HomeRoom> made, store::RoomRow row);
    void forget(HomeRoom& home_room);
    // Whether `rooms_max` allows for one more. Rooms that nobody has come into for so long since they were opened are
    // put away for it; they are in the store, and opened again when somebody asks for them.
    bool has_space(std::uint64_t rooms_max, Duration unentered_for);
    bool has_space_for_loaded();
    room::Options room_options() const;

    // ---- joining (home_join.cpp) ----
    // Its room is open. It waits for its turn: who is in the rooms goes first.
    void line_up(std::unique_ptr<JoinMail> mail);
    void take_joins_soon();
    void take_joins();
    void take(std::unique_ptr<JoinMail> mail);
    void join(HomeRoom& home_room, std::unique_ptr<JoinMail> mail);
    bool is_revoked(const auth::JoinLink& link) const;
    std::optional<signaling::ErrorCode> check_claims(const HomeRoom& home_room, const JoinMail& mail,
                                                     room::Admission& admission) const;
    std::optional<signaling::ErrorCode> check_link(const HomeRoom& home_room, const std::string& token,
                                                   room::Admission& admission) const;
    // Of somebody who is arriving.
    std::optional<signaling::ErrorCode> check_link_again(const HomeRoom& home_room, ConnectionId connection) const;
    std::vector<Limited> limits_of(const HomeRoom& home_room, const JoinMail& mail) const;
    void verify_password(HomeRoom& home_room, std::unique_ptr<JoinMail> mail);
    void check_password(ConnectionId connection, RoomHandle handle);
    void on_verified(ConnectionId connection, RoomHandle handle, auth::PasswordVerdict verdict);
    void admit(HomeRoom& home_room, const JoinMail& mail, room::Admission admission);
    void refuse(ConnectionId connection, signaling::ErrorCode code);
    void turn_away(const JoinMail& mail);
    Millis retry_in(Work work);

    // ---- the engine's outputs, one overload each (home.cpp) ----
    enum class People : std::uint8_t { same, maybe_changed };
    static People concerns_people(const signaling::ClientMessage& message);
    void drain(HomeRoom& home_room, People people = People::maybe_changed);
    void perform(HomeRoom& home_room, room::Send output);
    void perform(HomeRoom& home_room, const room::SendAll& output);
    void perform(HomeRoom& home_room, const room::Attach& output);
    void perform(HomeRoom& home_room, const room::Close& output);
    void perform(HomeRoom& home_room, room::Persist output);
    void perform(HomeRoom& home_room, const room::SaveRoom& output);
    void perform(HomeRoom& home_room, const room::SaveMark& output);
    void perform(HomeRoom& home_room, const room::RotateHostKey& output);
    void perform(HomeRoom& home_room, const room::ReadHistory& output);
    void perform(HomeRoom& home_room, const room::Lookup& output);
    void perform(HomeRoom& home_room, const room::Ended& output);
    void detach(HomeRoom& home_room, ConnectionId connection);
    std::string resume_token(const HomeRoom& home_room, const Attached& who) const;
    // Some at a time, everybody within token_age().
    void renew_tokens();
    Duration token_age() const;
    void on_persisted(RoomHandle handle, signaling::Seq seq, std::optional<store::StoreError> failure);
    void note_writing(std::optional<store::StoreError> failure);

    // ---- what was decided is written (home_saving.cpp) ----
    struct UnsavedMark {
        store::MemberMark mark;
        std::string ban_key;  // may be empty
    };
    // Of one room; it may be over already.
    struct Saving {
        std::optional<store::RoomRow> row;
        std::optional<store::RoomRow> row_under_way;
        bool to_create = false;  // the store does not have the room yet
        bool told_of_dropped = false;
        std::deque<UnsavedMark> marks;  // the first ones may be under way
        std::size_t open_answers = 0;
        std::size_t marks_under_way = 0;
        std::size_t marks_written = 0;  // of these
        std::optional<store::StoreError> failure;
    };
    enum class Saved : std::uint8_t { mark, row };
    void save_row(HomeRoom& home_room);
    void write_row(const store::RoomRow& row, bool to_create, store::Done<void> done);
    bool is_to_create(const std::string& name) const;
    bool has_unwritten_end(const std::string& name) const;
    void save(const std::string& name);
    void on_saved(const std::string& name, Saved what, std::optional<store::StoreError> failure);
    void save_all();
    void save_rest();

    // ---- rooms that several servers share (home_shared.cpp) ----
    void load_shared(const std::string& name);
    void on_shared_loaded(const std::string& name, Result<std::optional<store::Snapshot>, store::StoreError> loaded);
    HomeRoom& open_replica(store::RoomRow row, room::Snapshot snapshot);
    void perform(HomeRoom& home_room, room::Commit request);
    void perform(HomeRoom& home_room, const room::Whisper& request);
    void perform(HomeRoom& home_room, const room::ReadAgain& request);
    void on_committed(RoomHandle handle, Result<store::Committed, store::StoreError> result);
    void on_read_again(RoomHandle handle, Result<std::optional<store::Snapshot>, store::StoreError> result);
    // Before what waits is decided: of those who wait with a link that was revoked meanwhile nobody shall hear.
    void refuse_revoked(HomeRoom& home_room);
    std::optional<room::Snapshot> understood(const store::Snapshot& snapshot) const;
    // Keeps rooms in the store, and forgets here those that nobody of this server is in.
    void look_after_replicas();
    Duration keep_of(const HomeRoom& home_room) const;

    // ---- the store behind the room, whichever it is ----
    void read_history(const std::string& name, signaling::Seq before, std::uint32_t limit,
                      store::Done<store::Page> done);
    store::LinkStore& link_store() const;
    void revoke(const std::string& id, UnixMs until, store::Done<void> done);
    // What a resume token must name: the room's life, so that it holds as long as the member may come back.
    std::string token_epoch(const HomeRoom& home_room) const;
    // Which host key is in force, without telling the key: what a host's link must name.
    static std::string host_key_generation(const HomeRoom& home_room);
    // Runs `then` if each key is within its limit, over all servers; else `refuse`. The last one is asked first.
    void within_limits(std::vector<Limited> limits, std::function<void()> then, std::function<void()> refuse);

    // ---- REST (home_rest.cpp) ----
    void create(std::shared_ptr<RestMail> mail, const CreateRoom& command);
    void make_room(std::shared_ptr<RestMail> mail, const CreateRoom& command);
    void create_row(std::shared_ptr<RestMail> mail, store::RoomRow row, std::string host_key);
    void on_created(const std::shared_ptr<RestMail>& mail, const store::RoomRow& row, const std::string& host_key,
                    const Result<void, store::StoreError>& done);
    void open_unwritten(const std::shared_ptr<RestMail>& mail, const store::RoomRow& row, const std::string& host_key);
    void answer_created(const RestMail& mail, const store::RoomRow& row, const std::string& host_key);
    void rest(HomeRoom& home_room, const RestMail& mail, const ShowRoom& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const EndRoom& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const ReadChat& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const ShowIce& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const CreateRoom& command);
    bool may_manage(const HomeRoom& home_room, const Caller& caller) const;
    bool may_read(const HomeRoom& home_room, const Caller& caller) const;

    // ---- REST: join links (home_links.cpp) ----
    void rest(HomeRoom& home_room, const RestMail& mail, const MakeLink& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const ListLinks& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const RevokeLink& command);
    void rest(HomeRoom& home_room, const RestMail& mail, const VoidLinks& command);
    void answer_link(const RestMail& mail, const auth::JoinLink& link,
                     const Result<store::Recorded, store::StoreError>& recorded);
    // Whether it lets nobody in though nobody revoked it: its key or its host is not any more.
    bool has_lapsed(const store::LinkRow& link, const std::string& host_key) const;

    void post(ShardIndex to, Mail mail);
    void send(ConnectionId to, const signaling::ServerMessage& message);
    void reply(const RestMail& mail, net::Response response);
    void schedule(HomeRoom& home_room);
    void arm_timer();
    // Marks the rooms that are in use, so that retention spares them.
    void keep_rooms_alive();
    void on_timer();
    void count(HomeRoom& home_room);
    HomeRoom* find(RoomHandle handle);

    Services& services_;
    const ShardIndex self_;
    boost::asio::io_context& io_;
    ShardCounters& counters_;
    ShardLoad& load_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer alive_timer_;
    boost::asio::steady_timer replica_timer_;
    boost::asio::steady_timer renewal_timer_;
    boost::asio::steady_timer saving_timer_;
    std::map<std::string, Saving> saving_;
    bool saving_fails_ = false;
    std::uint64_t renewal_turn_ = 0;
    bool stopping_ = false;
    JoinQueue joins_;
    bool joins_posted_ = false;

    std::unordered_map<std::string, std::unique_ptr<HomeRoom>> rooms_;  // by name
    std::unordered_map<RoomHandle, HomeRoom*> by_handle_;
    std::set<std::pair<TimePoint, RoomHandle>> deadlines_;
    std::unordered_map<std::string, Loading> loading_;                       // by name
    std::unordered_set<ConnectionId> present_;                               // from their JoinMail to their GoneMail
    std::set<RoomHandle> unentered_;                                         // oldest first
    std::unordered_set<ConnectionId> reading_;                               // a page of history is on its way to them
    std::unordered_map<ConnectionId, std::unique_ptr<JoinMail>> verifying_;  // their password is being checked
    RoomHandle next_handle_;
};

}  // namespace waaft::app
