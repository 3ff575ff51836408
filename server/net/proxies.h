// Which peers may say for whom they ask, and what they said: X-Forwarded-For, -Proto and -Host.
//
// Thread: read-only after parse(). Ownership: values. Errors: proxy_bad, with the entry in `where`.
// From anybody but a trusted peer these headers are ignored: anyone can write them. Every proxy
// appends, so only what stands to the right of the last untrusted entry is believed.
// Source: RFC 7239 section 7.4 and 8.1 (trust), common use of the X-Forwarded-* names.
#pragma once

#include "server/base/result.h"
#include "server/net/ip_address.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waaft::net {

class TrustedProxies {
public:
    // "10.0.0.0/8", "fd00::/8", or single addresses.
    static Result<TrustedProxies> parse(const std::vector<std::string>& entries);

    bool trusts(const IpAddress& address) const;
    bool empty() const { return networks_.empty(); }

    struct Client {
        IpAddress address;
        std::string proto;  // "http" or "https"; empty: nothing was said
        std::string host;   // empty: nothing was said
    };
    // `headers` as they came; several lines of one name count as one list, in order.
    Client resolve(const IpAddress& peer, const std::vector<std::pair<std::string, std::string>>& headers) const;

private:
    struct Network {
        IpAddress address;
        unsigned bits = 0;
    };
    std::vector<Network> networks_;
};

}  // namespace waaft::net
