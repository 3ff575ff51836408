#include "server/app/greeting.h"

#include <qrencode.h>

#include <memory>

namespace waaft::app {

namespace {

bool is_v6(std::string_view address) { return address.find(':') != std::string_view::npos; }
bool is_v4(std::string_view address) {
    return !address.empty() && address.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Addresses that another device on the network can use.
bool is_reachable(std::string_view address) {
    if (is_v6(address)) return !address.starts_with("fe80") && address != "::1";
    return is_v4(address) && !address.starts_with("127.") && !address.starts_with("169.254.");
}

std::string link_to(std::string_view scheme, std::string_view host, std::uint16_t port) {
    std::string link(scheme);
    link += is_v6(host) ? "://[" + std::string(host) + "]" : "://" + std::string(host);
    const bool default_port = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
    if (!default_port) link += ":" + std::to_string(port);
    return link + "/";
}

}  // namespace

Greeting make_greeting(const Config& config, std::uint16_t port, std::uint16_t ops_port,
                       const std::vector<std::string>& addresses, const std::string& ca_fingerprint) {
    Greeting greeting;
    greeting.ca_fingerprint = ca_fingerprint;
    if (ops_port != 0) greeting.ops_link = link_to("http", config.ops_address, ops_port);
    if (!config.public_url.empty()) greeting.links.push_back(config.public_url + "/");
    greeting.links.push_back(link_to("http", "localhost", port));
    const std::string_view scheme = config.tls == Config::Tls::off ? "http" : "https";
    for (const std::string& address : addresses) {
        if (!is_reachable(address)) continue;
        greeting.links.push_back(link_to(scheme, address, port));
        if (greeting.ca_link.empty() && !ca_fingerprint.empty() && is_v4(address)) {
            greeting.ca_link = link_to("http", address, port) + "ca.crt";
        }
    }
    return greeting;
}

std::string render_greeting(const Greeting& greeting, bool colour) {
    const std::string bold = colour ? "\x1b[1m" : "";
    const std::string plain = colour ? "\x1b[0m" : "";
    std::string text = "\n  " + bold + "waaft is live." + plain + " Open one of these:\n\n";
    for (const std::string& link : greeting.links) text += "    " + bold + link + plain + "\n";
    if (!greeting.ca_link.empty()) {
        text +=
            "\n  Other devices will warn about the certificate until they trust this server's own CA.\n"
            "  On a phone open " +
            greeting.ca_link +
            " and install it, then open the link above.\n"
            "  SHA-256 " +
            greeting.ca_fingerprint + "\n";
        if (colour) text += "\n" + qr_code(greeting.ca_link);
    }
    if (!greeting.ops_link.empty()) text += "\n  Health and metrics: " + greeting.ops_link + "statusz\n";
    return text + "  Ctrl-C stops.\n\n";
}

std::string qr_code(std::string_view text) {
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1), &QRcode_free);
    if (!code) return {};
    constexpr int quiet = 2;
    const auto dark = [&](int x, int y) {
        const bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
        return inside && (code->data[y * code->width + x] & 1) != 0;
    };
    std::string out;
    for (int y = -quiet; y < code->width + quiet; y += 2) {
        out += "    \x1b[30;107m";
        for (int x = -quiet; x < code->width + quiet; ++x) {
            const bool upper = dark(x, y);
            const bool lower = dark(x, y + 1);
            out += upper ? (lower ? "\u2588" : "\u2580") : (lower ? "\u2584" : " ");
        }
        out += "\x1b[0m\n";
    }
    return out;
}

}  // namespace waaft::app
