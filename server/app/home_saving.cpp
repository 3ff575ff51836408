// Home: what hosts decided is written, and tried again until it is: a ban, a role or a lock that was told to people
// holds after a restart, too.
#include "server/app/home_room.h"

#include "server/base/log.h"

namespace waaft::app {

using store::StoreError;

namespace {

constexpr std::chrono::seconds save_again{2};
constexpr std::size_t marks_max = 65'536;  // of one room, that are not written yet

// Whether it may succeed later.
bool is_passing(StoreError error) {
    return error == StoreError::full || error == StoreError::io || error == StoreError::busy ||
           error == StoreError::away;
}

}  // namespace

void Home::save_row(HomeRoom& home_room) {
    home_room.row.last_active_at = read_clocks().wall;
    Saving& saving = saving_[home_room.row.name];
    saving.row = home_room.row;
    save(home_room.row.name);
}

void Home::write_row(const store::RoomRow& row, bool to_create, store::Done<void> done) {
    if (to_create)
        services_.store->create_room(row, std::move(done));
    else
        services_.store->update_room(row, std::move(done));
}

bool Home::is_to_create(const std::string& name) const {
    const auto found = saving_.find(name);
    return found != saving_.end() && found->second.to_create;
}

bool Home::has_unwritten_end(const std::string& name) const {
    const auto found = saving_.find(name);
    if (found == saving_.end()) return false;
    const auto& newest = found->second.row ? found->second.row : found->second.row_under_way;
    return newest && newest->ended_at != 0;
}

void Home::perform(HomeRoom& home_room, const room::SaveMark& output) {
    Saving& saving = saving_[home_room.row.name];
    const store::MemberMark mark{output.member, static_cast<store::MemberMark::Kind>(output.kind), output.role,
                                 read_clocks().wall};
    const auto add = [&](const std::string& key) {
        if (saving.marks.size() < marks_max)
            saving.marks.push_back({mark, key});
        else if (!std::exchange(saving.told_of_dropped, true))
            log::error(
                "More was decided in a room than can be remembered until it is written: the rest of it holds "
                "only until a restart.",
                {{"room", home_room.row.name}, {"remembered", std::to_string(marks_max)}});
    };
    if (output.ban_keys.empty()) add({});
    for (const std::string& key : output.ban_keys) add(key);
    save(home_room.row.name);
}

// All at once, so that they are made durable together; the next ones follow when it is known what became of these.
void Home::save(const std::string& name) {
    if (stopping_) return save_rest();  // nobody waits for answers any more
    const auto found = saving_.find(name);
    if (found == saving_.end() || found->second.open_answers > 0) return;
    Saving& saving = found->second;
    if (!saving.row && saving.marks.empty()) {
        saving_.erase(found);
        if (!saving_.empty() || !std::exchange(saving_fails_, false)) return;
        if (services_.homes_that_cannot_save.fetch_sub(1) == 1) services_.troubles.clear("settings");
        return;
    }
    saving.marks_written = 0;
    saving.marks_under_way = saving.marks.size();
    saving.failure.reset();
    saving.open_answers = saving.marks.size() + (saving.row ? 1 : 0);
    const auto answered = [this, name](Saved what) {
        return [this, name, what](auto done) {
            const auto failure = done.has_value() ? std::nullopt : std::optional<StoreError>(done.error());
            on_thread([this, name, what, failure] { on_saved(name, what, failure); });
        };
    };
    saving.row_under_way = std::exchange(saving.row, std::nullopt);
    if (saving.row_under_way) write_row(*saving.row_under_way, saving.to_create, answered(Saved::row));
    for (const UnsavedMark& each : saving.marks)
        services_.store->mark_member(name, each.mark, each.ban_key, answered(Saved::mark));
}

// The answers come in the order of the calls.
void Home::on_saved(const std::string& name, Saved what, std::optional<StoreError> failure) {
    const auto found = saving_.find(name);
    if (found == saving_.end()) return;
    Saving& saving = found->second;
    const bool again = failure && is_passing(*failure);
    if (again) saving.failure = failure;
    // From the first that failed on all are written again, so that of two marks of one member the later one holds.
    if (what == Saved::mark && !saving.failure) ++saving.marks_written;
    if (what == Saved::row && again && !saving.row) saving.row = saving.row_under_way;
    if (what == Saved::row && !failure) saving.to_create = false;
    if (--saving.open_answers > 0) return;
    saving.marks.erase(saving.marks.begin(), saving.marks.begin() + static_cast<std::ptrdiff_t>(saving.marks_written));
    saving.marks_under_way = 0;
    if (!saving.failure) return save(name);
    if (!std::exchange(saving_fails_, true)) services_.homes_that_cannot_save.fetch_add(1);
    services_.troubles.tell("settings",
                            "What hosts decided, or a room that was made, cannot be written; it holds until a "
                            "restart, and is tried again: " +
                                std::string(store::sentence(*saving.failure)),
                            Troubles::Weight::error);
    saving_timer_.expires_after(save_again);
    saving_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) save_all();
    });
}

// The store still writes what it has been given.
void Home::save_rest() {
    for (auto& [name, saving] : saving_) {
        // Where answers are open the room is made before by what is under way.
        if (saving.row) write_row(*saving.row, saving.to_create && saving.open_answers == 0, {});
        for (auto mark = saving.marks.begin() + static_cast<std::ptrdiff_t>(saving.marks_under_way);
             mark != saving.marks.end(); ++mark)
            services_.store->mark_member(name, mark->mark, mark->ban_key, {});
    }
    saving_.clear();
}

void Home::save_all() {
    std::vector<std::string> names;
    for (const auto& [name, saving] : saving_) names.push_back(name);
    for (const std::string& name : names) save(name);
}

}  // namespace waaft::app
