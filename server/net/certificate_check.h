// What people should know of the certificate that they see: whether it is in its time and bears the name.
//
// Thread: any, no state. Ownership: values. Units: UnixMs. Errors: none; an empty answer means that all is well.
// Source: RFC 5280 section 4.1.2.5, RFC 6125 section 6.4 (names and wildcards).
#pragma once

#include "server/base/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::net {

struct CertificateFacts {
    UnixMs begins_at = 0;
    UnixMs expires_at = 0;
    std::vector<std::string> names;  // DNS names and addresses
};

// Whether a name stands for a host; both in lower case. A star stands for one whole label at the left.
bool name_covers(std::string_view name, std::string_view host);

// `host`: what people reach us by, empty if it is not known. "ends on 2026-12-01", to follow "The certificate ".
std::string certificate_trouble(const CertificateFacts& facts, std::string_view host, UnixMs now);

}  // namespace waaft::net
