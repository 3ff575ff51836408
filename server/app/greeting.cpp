#include "server/app/greeting.h"

#include "server/base/origin.h"

#include <qrencode.h>

#include <memory>

namespace waaft::app {

Greeting make_greeting(const Config& config, const Reach& reach, std::uint16_t ops_port,
                       const std::string& ca_fingerprint) {
    Greeting greeting;
    greeting.ca_fingerprint = ca_fingerprint;
    if (ops_port != 0) {
        const bool v6 = config.ops_address.find(':') != std::string::npos;
        const std::string host = v6 ? "[" + config.ops_address + "]" : config.ops_address;
        greeting.ops_link = text_of({"http", host, ops_port}) + "/";
    }
    for (const std::string* origin : {&reach.own, &reach.local}) {
        if (!origin->empty()) greeting.links.push_back(*origin + "/");
    }
    for (const std::string& origin : reach.network) {
        greeting.links.push_back(origin + "/");
        // Phones take a certificate from where it is served plainly; an IPv6 address is no help to most of them.
        const bool v4 = origin.find('[') == std::string::npos && origin.starts_with("https://");
        if (greeting.ca_link.empty() && !ca_fingerprint.empty() && v4)
            greeting.ca_link = "http://" + origin.substr(std::string_view("https://").size()) + "/ca.crt";
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
