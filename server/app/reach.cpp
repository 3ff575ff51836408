#include "server/app/reach.h"

#include "server/base/origin.h"
#include "server/base/text.h"
#include "server/net/certificate_check.h"
#include "server/net/ip_address.h"

#include <algorithm>
#include <array>

namespace waaft::app {

using net::IpAddress;

namespace {

// RFC 2606, 6761, 6762, 8375, ICANN's reservation of .internal, and what home routers use.
constexpr std::array<std::string_view, 9> not_public{".localhost", ".local", ".internal",    ".home.arpa", ".lan",
                                                     ".home",      ".corp",  ".localdomain", ".intranet"};

bool is_link_local(const IpAddress& address) {
    const auto& bytes = address.bytes;
    return address.v6 ? bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 : bytes[0] == 169 && bytes[1] == 254;
}

// Of those that the machine has.
bool is_listened_on(const IpAddress& address, const std::string& listen) {
    const auto only = IpAddress::parse(listen);
    if (!only) return true;
    const IpAddress any{{}, only->v6};
    if (*only == any) return only->v6 || !address.v6;
    return *only == address;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host.ends_with(".localhost")) return true;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    return address && address->loopback();
}

}  // namespace

Reach reach_of(const Config& config, std::uint16_t port, const std::vector<std::string>& machine,
               const std::vector<std::string>& certificate) {
    Reach reach;
    reach.own = config.public_url;
    const std::string scheme = config.tls == Config::Tls::off ? "http" : "https";
    for (const std::string& name : machine) {
        const auto address = IpAddress::parse(name);
        if (!address) reach.names.push_back(lower_case(name));
        if (!address || is_link_local(*address) || !is_listened_on(*address, config.address)) continue;
        // Browsers take localhost for secure without a certificate.
        if (address->loopback())
            reach.local = text_of({"http", "localhost", port});
        else
            reach.network.push_back(text_of({scheme, address->v6 ? "[" + name + "]" : name, port}));
    }
    if (const auto own = parse_origin(config.public_url)) reach.names.push_back(own->host);
    for (const auto* names : {&config.tls_names, &certificate}) {
        for (const std::string& name : *names) reach.names.push_back(lower_case(name));
    }
    return reach;
}

bool knows_host(const Reach& reach, std::string_view host) {
    if (host.starts_with('[') || IpAddress::parse(host) || host.find('.') == std::string_view::npos) return true;
    const auto below = [host](std::string_view domain) { return host.ends_with(domain); };
    if (std::any_of(not_public.begin(), not_public.end(), below)) return true;
    return std::any_of(reach.names.begin(), reach.names.end(),
                       [host](const std::string& name) { return net::name_covers(name, host); });
}

std::vector<std::string> origins_to_share(const Reach& reach, const std::string& asked) {
    if (!reach.own.empty()) return {reach.own};
    const auto origin = parse_origin(asked);
    if (!origin || !is_loopback(origin->host) || reach.network.empty()) return {asked};
    return reach.network;
}

}  // namespace waaft::app
