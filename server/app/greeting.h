// What `waaft serve` tells the person who started it: links that work, and how to trust the CA.
//
// Thread: any. Ownership: values. Errors: none; a QR code that cannot be made is left out.
#pragma once

#include "server/app/config.h"
#include "server/app/reach.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::app {

struct Greeting {
    std::vector<std::string> links;  // this machine first
    std::string ca_link;             // where a phone gets the CA; empty: there is none of ours
    std::string ca_fingerprint;
    std::string ops_link;  // empty: off
};

Greeting make_greeting(const Config& config, const Reach& reach, std::uint16_t ops_port,
                       const std::string& ca_fingerprint);

// For a terminal; `colour` also draws the QR code of ca_link.
std::string render_greeting(const Greeting& greeting, bool colour);

// Two modules a character, dark on light; empty if the text is too long.
std::string qr_code(std::string_view text);

}  // namespace waaft::app
