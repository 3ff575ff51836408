#include "server/base/own_program.h"

#include <nss.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace waaft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view place_in_archive = "/usr/bin/waaft";
constexpr std::string_view launcher_in_archive = "/waaft";

bool is_there(const std::string& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

std::string own_maps() {
    std::ostringstream text;
    text << std::ifstream("/proc/self/maps").rdbuf();
    return text.str();
}

bool covers(std::string_view line, std::uintptr_t address) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    const auto* const last = line.data() + line.size();
    const auto first = std::from_chars(line.data(), last, begin, 16);
    if (first.ec != std::errc{} || first.ptr == last || *first.ptr != '-') return false;
    return std::from_chars(first.ptr + 1, last, end, 16).ec == std::errc{} && address >= begin && address < end;
}

}  // namespace

std::string mapped_file(std::string_view maps, std::uintptr_t address) {
    while (!maps.empty()) {
        const auto line = maps.substr(0, maps.find('\n'));
        maps.remove_prefix(std::min(maps.size(), line.size() + 1));
        // The path is the only part with a slash that is no device's number.
        if (covers(line, address)) return std::string(line.substr(std::min(line.size(), line.find('/'))));
    }
    return {};
}

OwnProgram program_of(const std::string& mapped, const std::string& started) {
    if (mapped.empty() || mapped == started) return {started, {}, started};
    OwnProgram result{mapped, {}, mapped};
    if (!mapped.ends_with(place_in_archive)) return result;
    const auto root = mapped.substr(0, mapped.size() - place_in_archive.size());
    if (root.empty() || !is_there(root + std::string(launcher_in_archive))) return result;
    result.root = root;
    result.launcher = root + std::string(launcher_in_archive);
    return result;
}

const OwnProgram& own_program() {
    static const OwnProgram result = [] {
        std::error_code error;
        const auto started = fs::read_symlink("/proc/self/exe", error).string();
        return program_of(mapped_file(own_maps(), reinterpret_cast<std::uintptr_t>(&own_program)), started);
    }();
    return result;
}

const std::vector<std::string>& authorities_places() {
    // Debian and Alpine, Fedora, openSUSE.
    static const std::vector<std::string> places{"/etc/ssl/certs/ca-certificates.crt",
                                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};
    return places;
}

std::string authorities_file() {
    if (const char* const named = std::getenv("SSL_CERT_FILE"); named != nullptr && is_there(named)) return named;
    for (const auto& place : authorities_places()) {
        if (is_there(place)) return place;
    }
    const auto& root = own_program().root;
    const auto own = root + authorities_places().front();
    return !root.empty() && is_there(own) ? own : std::string();
}

void look_up_names() {
    const bool as_told = own_program().root.empty() && is_there("/etc/nsswitch.conf");
    if (!as_told) __nss_configure_lookup("hosts", "files dns");
}

}  // namespace waaft
