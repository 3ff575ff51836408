#include "server/net/limits.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace waaft::net {

struct AddressTable {
    struct Entry {
        std::uint32_t connections = 0;
        double tokens = 0;
        TimePoint filled_at{};
        bool limited_lately = false;  // tokens and filled_at mean something
    };
    struct Stripe {
        std::mutex mutex;
        std::unordered_map<std::uint64_t, Entry> entries;
        std::size_t sweep_at = 64;
    };

    explicit AddressTable(const AddressLimits::Options& the_options) : options(the_options) {}

    Stripe& stripe(std::uint64_t key) { return stripes[(key * 0x9e37'79b9'7f4a'7c15ULL) >> 60]; }

    const AddressLimits::Options options;
    std::atomic<std::uint32_t> open{0};
    std::array<Stripe, 16> stripes;
};

namespace {

// Forgets addresses without connections whose bucket is full again. Runs when the stripe has
// doubled since the last time, so its cost per insertion stays constant.
void sweep(AddressTable::Stripe& stripe, TimePoint now) {
    if (stripe.entries.size() < stripe.sweep_at) return;
    std::erase_if(stripe.entries, [now](const auto& item) {
        const AddressTable::Entry& entry = item.second;
        const bool refilled = !entry.limited_lately || now - entry.filled_at > std::chrono::seconds(1);
        return entry.connections == 0 && refilled;
    });
    stripe.sweep_at = std::max<std::size_t>(64, 2 * stripe.entries.size());
}

struct Scope {
    std::uint64_t key = 0;
    std::uint32_t factor = 1;  // how many times the limit of one address it may have
};

// The widest last: who is refused by its own address costs its neighbours nothing.
std::vector<Scope> scopes_of(const IpAddress& address) {
    std::vector<Scope> scopes{{address.limit_key(), 1}};
    if (!address.v6) return scopes;
    // Their own part of the numbers: an odd factor moves each /56 and /48 away from the /64 that begins like it.
    constexpr std::uint64_t apart = 0xd6e8'feb8'6659'fd93ULL;
    scopes.push_back({address.network(56).limit_key() * apart + 56, 2});
    scopes.push_back({address.network(48).limit_key() * apart + 48, 4});
    return scopes;
}

bool take_token(AddressTable::Entry& entry, double rate, TimePoint now) {
    if (!entry.limited_lately) {
        entry.tokens = rate;
    } else {
        const double elapsed = std::chrono::duration<double>(now - entry.filled_at).count();
        entry.tokens = std::min(rate, entry.tokens + rate * std::max(0.0, elapsed));
    }
    entry.filled_at = now;
    entry.limited_lately = true;
    if (entry.tokens < 1) return false;
    entry.tokens -= 1;
    return true;
}

}  // namespace

std::string address_key(std::string_view address) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return std::string(address);
    if (!parsed->v6) return parsed->text();
    IpAddress prefix = *parsed;
    std::fill(prefix.bytes.begin() + 8, prefix.bytes.end(), std::uint8_t{0});
    return prefix.text() + "/64";
}

std::string network_key(std::string_view address) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return std::string(address);
    const unsigned bits = parsed->v6 ? 48 : 24;
    return parsed->network(bits).text() + "/" + std::to_string(bits);
}

AddressLimits::AddressLimits(const Options& options) : table_(std::make_shared<AddressTable>(options)) {}

bool AddressLimits::count(Ticket& ticket, const IpAddress& address) {
    for (const auto& [key, factor] : scopes_of(address)) {
        auto& stripe = table_->stripe(key);
        const std::lock_guard lock(stripe.mutex);
        auto& entry = stripe.entries[key];
        if (entry.connections >= table_->options.connections_per_address * factor) return false;
        ++entry.connections;
        ticket.keys_.push_back(key);
    }
    return true;
}

std::optional<AddressLimits::Ticket> AddressLimits::admit(const IpAddress& address, bool per_address) {
    if (table_->open.fetch_add(1) >= table_->options.connections_max) {
        table_->open.fetch_sub(1);
        return std::nullopt;
    }
    Ticket ticket;
    ticket.table_ = table_;
    ticket.counted_in_all_ = true;
    if (per_address && !count(ticket, address)) return std::nullopt;
    return ticket;
}

std::optional<AddressLimits::Ticket> AddressLimits::admit_behind_proxy(const IpAddress& client) {
    Ticket ticket;
    ticket.table_ = table_;
    if (!count(ticket, client)) return std::nullopt;
    return ticket;
}

bool AddressLimits::allow_handshake(const IpAddress& address, TimePoint now) {
    for (const auto& [key, factor] : scopes_of(address)) {
        auto& stripe = table_->stripe(key);
        const std::lock_guard lock(stripe.mutex);
        sweep(stripe, now);
        if (!take_token(stripe.entries[key], table_->options.handshakes_per_second * factor, now)) return false;
    }
    return true;
}

std::uint32_t AddressLimits::open_connections() const { return table_->open.load(); }

std::size_t AddressLimits::remembered_addresses() const {
    std::size_t total = 0;
    for (auto& stripe : table_->stripes) {
        const std::lock_guard lock(stripe.mutex);
        total += stripe.entries.size();
    }
    return total;
}

AddressLimits::Ticket& AddressLimits::Ticket::operator=(Ticket&& other) noexcept {
    Ticket moved(std::move(other));
    swap(moved);
    return *this;
}

void AddressLimits::Ticket::swap(Ticket& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(counted_in_all_, other.counted_in_all_);
    std::swap(keys_, other.keys_);
}

AddressLimits::Ticket::~Ticket() {
    if (!table_) return;
    if (counted_in_all_) table_->open.fetch_sub(1);
    for (const std::uint64_t key : keys_) {
        auto& stripe = table_->stripe(key);
        const std::lock_guard lock(stripe.mutex);
        const auto found = stripe.entries.find(key);
        if (found != stripe.entries.end() && --found->second.connections == 0 && !found->second.limited_lately)
            stripe.entries.erase(found);
    }
}

}  // namespace waaft::net
