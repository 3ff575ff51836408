// How many connections are open in all and per address, and how many handshakes an address begins
// in a second, over all shards. An IPv6 address is its /64; whoever has many of these is counted by the /56 (twice as
// much) and the /48 (four times) as well.
//
// Thread: any (a mutex per stripe of addresses). Ownership: a Ticket is one open connection and
// gives its place back when it is destroyed; it keeps the table alive. Units: connections,
// handshakes per second (a second's worth may come at once). Errors: a refusal, no ticket.
#pragma once

#include "server/base/time.h"
#include "server/net/ip_address.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waaft::net {

// The address as text, or "<prefix>::/64" for an IPv6 one; a text that is no address is its own key.
std::string address_key(std::string_view address);
// The network that one owner of many addresses may have: the /24 of an IPv4 address, the /48 of an IPv6 one.
std::string network_key(std::string_view address);

class AddressLimits {
public:
    struct Options {
        std::uint32_t connections_max = 18000;
        std::uint32_t connections_per_address = 640;
        std::uint32_t handshakes_per_second = 100;  // per address
    };

    explicit AddressLimits(const Options& options);

    class Ticket {
    public:
        Ticket() = default;
        Ticket(Ticket&& other) noexcept { swap(other); }
        Ticket& operator=(Ticket&& other) noexcept;
        ~Ticket();

    private:
        friend class AddressLimits;
        void swap(Ticket& other) noexcept;
        std::shared_ptr<struct AddressTable> table_;
        bool counted_in_all_ = false;
        std::vector<std::uint64_t> keys_;  // that it is counted under
    };

    // A place for one connection; nullopt if there is none. `per_address` false counts the total
    // alone (a trusted proxy speaks for many addresses).
    std::optional<Ticket> admit(const IpAddress& address, bool per_address = true);
    // The client of a connection that a trusted proxy opened, and that is counted in all already.
    std::optional<Ticket> admit_behind_proxy(const IpAddress& client);

    // True if the address may begin one more TLS handshake now.
    bool allow_handshake(const IpAddress& address, TimePoint now);

    std::uint32_t open_connections() const;
    // Addresses that are remembered now; bounded by open connections and a second of handshakes.
    std::size_t remembered_addresses() const;

private:
    bool count(Ticket& ticket, const IpAddress& address);

    std::shared_ptr<AddressTable> table_;
};

}  // namespace waaft::net
