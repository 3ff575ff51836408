// Lists of proxies and X-Forwarded-* headers: an address that is believed stands in the header.
#include "server/net/limits.h"
#include "server/net/proxies.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace waaft::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Lines: a network, then header values.
    std::vector<std::string> lines;
    std::string text(reinterpret_cast<const char*>(data), size);
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    std::vector<std::pair<std::string, std::string>> headers;
    for (std::size_t i = 1; i < lines.size(); ++i)
        headers.emplace_back(i % 3 == 1   ? "X-Forwarded-For"
                             : i % 3 == 2 ? "X-Forwarded-Proto"
                                          : "x-forwarded-host",
                             lines[i]);
    const auto peer = *IpAddress::parse("10.0.0.1");
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8"});
    const auto client = proxies->resolve(peer, headers);
    if (!client.proto.empty() && client.proto != "http" && client.proto != "https") std::abort();
    if (IpAddress::parse(client.address.text()) != client.address) std::abort();
    static_cast<void>(waaft::net::address_key(lines[0]));
    if (const auto list = TrustedProxies::parse({lines[0]})) {
        const auto other = list->resolve(peer, headers);
        if (!list->trusts(peer) && (other.address != peer || !other.proto.empty() || !other.host.empty())) std::abort();
    }
    return 0;
}
