#include "server/net/proxies.h"

#include "server/base/text.h"
#include "server/net/field_lists.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace waaft::net {
namespace {

// Each proxy adds its item at the end: behind so many trusted ones the client's stands so far before it. A list that is
// shorter was begun by a later proxy, and its first item is the nearest to the client.
std::string_view item_before(const std::vector<std::string_view>& items, std::size_t hops) {
    if (items.empty()) return {};
    return items[items.size() - std::min(std::max<std::size_t>(hops, 1), items.size())];
}

// Some proxies add the port: "192.0.2.1:443", "[2001:db8::1]:443".
std::optional<IpAddress> parse_forwarded(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end == text.npos ? std::nullopt : IpAddress::parse(text.substr(1, end - 1));
    }
    if (const auto colon = text.find(':'); colon != text.npos && text.find(':', colon + 1) == text.npos)
        text = text.substr(0, colon);
    return IpAddress::parse(text);
}

Error bad_entry(const std::string& entry) {
    return {"proxy_bad", "not an address or network in CIDR notation", entry, "write it like 10.0.0.0/8 or fd00::/8"};
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& entries) {
    TrustedProxies proxies;
    for (const auto& entry : entries) {
        const std::string_view text = without_outer_blanks(entry);
        const auto slash = text.find('/');
        const auto address = IpAddress::parse(text.substr(0, slash));
        if (!address) return bad_entry(entry);
        const unsigned widest = address->v6 ? 128 : 32;
        unsigned bits = widest;
        if (slash != text.npos) {
            const auto digits = text.substr(slash + 1);
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            if (error != std::errc{} || end != digits.data() + digits.size() || bits > widest) return bad_entry(entry);
        }
        proxies.networks_.push_back({*address, bits});
    }
    return proxies;
}

bool TrustedProxies::trusts(const IpAddress& address) const {
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const Network& network) { return address.in_network(network.address, network.bits); });
}

TrustedProxies::Client TrustedProxies::resolve(const IpAddress& peer,
                                               const std::vector<std::pair<std::string, std::string>>& headers) const {
    Client client{peer, {}, {}};
    if (!trusts(peer)) return client;
    const auto hops = field_items(headers, "X-Forwarded-For");
    std::size_t walked = 0;
    for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(client.address); ++hop) {
        const auto address = parse_forwarded(*hop);
        if (!address) break;
        client.address = *address;
        ++walked;
    }
    const auto proto = item_before(field_items(headers, "X-Forwarded-Proto"), walked);
    if (same_in_any_case(proto, "https") || same_in_any_case(proto, "wss"))
        client.proto = "https";
    else if (same_in_any_case(proto, "http") || same_in_any_case(proto, "ws"))
        client.proto = "http";
    client.host = item_before(field_items(headers, "X-Forwarded-Host"), walked);
    return client;
}

}  // namespace waaft::net
