// Where this server is reached: the links that are printed, given by the API and shown by the page, and the names by
// which it may be asked.
//
// Thread: any, values. Ownership: values. Errors: none.
// Source of the check of names: DNS rebinding, where a page of a stranger's domain is led to an address of ours.
#pragma once

#include "server/app/config.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::app {

// Origins, "https://192.0.2.7:3000"; names and hosts in lower case.
struct Reach {
    std::string own;                   // public_url; empty: not known
    std::string local;                 // for a browser on this machine; empty: it is not listened there
    std::vector<std::string> network;  // by addresses that other machines can use
    std::vector<std::string> names;    // ours, "*.example.org" for each one below it
};

// `machine`: its names and addresses, those that are likely used first. `certificate`: names in one that was given to
// us.
Reach reach_of(const Config& config, std::uint16_t port, const std::vector<std::string>& machine,
               const std::vector<std::string>& certificate);

// Whether the host of a request ("[::1]", "live.example.org") is ours, or one that no stranger can own: an address, a
// name without a dot, or below a domain that is not in the public DNS.
bool knows_host(const Reach& reach, std::string_view host);

// The origins to give to others, the best first, when this server was asked at `asked` ("http://localhost:3000").
std::vector<std::string> origins_to_share(const Reach& reach, const std::string& asked);

}  // namespace waaft::app
