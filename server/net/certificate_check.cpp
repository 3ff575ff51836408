#include "server/net/certificate_check.h"

#include "server/base/text.h"
#include "server/net/ip_address.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace waaft::net {
namespace {

constexpr UnixMs soon_ms = UnixMs{14} * 24 * 3600 * 1000;

std::string day_of(UnixMs at) {
    const auto seconds = static_cast<std::time_t>(at / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
    return std::string(text.data(), size);
}

std::string plain(std::string_view name) {
    if (name.size() > 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    if (const auto address = IpAddress::parse(name)) return address->text();
    return lower_case(name);
}

}  // namespace

bool name_covers(std::string_view name, std::string_view host) {
    if (name == host) return true;
    if (!name.starts_with("*.") || IpAddress::parse(host)) return false;
    const auto dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == name.substr(1);
}

std::string certificate_trouble(const CertificateFacts& facts, std::string_view host, UnixMs now) {
    if (now >= facts.expires_at) return "has expired on " + day_of(facts.expires_at);
    if (now < facts.begins_at) return "is not valid before " + day_of(facts.begins_at);
    const std::string wanted = plain(host);
    const bool named = wanted.empty() || std::any_of(facts.names.begin(), facts.names.end(), [&](const auto& name) {
                           return name_covers(plain(name), wanted);
                       });
    if (!named) return "is not for " + wanted;
    if (facts.expires_at - now < soon_ms) return "ends on " + day_of(facts.expires_at);
    return {};
}

}  // namespace waaft::net
