#include "cmd/commands.h"
#include "cmd/json_text.h"

#include <waaft_commit.h>
#include <waaft_versions.h>

#include <openssl/crypto.h>
#include <qrencode.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <CLI/Version.hpp>
#include <boost/json/object.hpp>
#include <boost/version.hpp>

#include <ostream>

namespace waaft::cmd {
namespace {

struct VersionOptions {
    std::string output = "text";
};

struct Library {
    std::string name;
    std::string version;
};

std::string boost_version() {
    return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "." +
           std::to_string(BOOST_VERSION % 100);
}

std::string spdlog_version() {
    return std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) + "." +
           std::to_string(SPDLOG_VER_PATCH);
}

// Those that can be asked say what is loaded now, not what was compiled against.
std::vector<Library> libraries() {
    return {{"argon2", WAAFT_ARGON2_VERSION},
            {"boost", boost_version()},
            {"cli11", CLI11_VERSION},
            {"cpp-httplib", WAAFT_HTTPLIB_VERSION},
            {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
            {"prometheus-cpp", WAAFT_PROMETHEUS_CPP_VERSION},
            {"qrencode", QRcode_APIVersionString()},
            {"spdlog", spdlog_version()},
            {"sqlite", sqlite3_libversion()},
            {"yaml-cpp", WAAFT_YAML_CPP_VERSION}};
}

std::string as_json() {
    boost::json::object versions;
    for (const auto& library : libraries()) {
        versions[library.name] = library.version;
    }
    const auto build = build_info();
    return pretty(boost::json::object{{"schema", "waaft.version/1"},
                                      {"version", build.version},
                                      {"commit", build.commit},
                                      {"libraries", std::move(versions)}});
}

Exit print_version(const VersionOptions& options, const Streams& streams) {
    if (options.output == "json") {
        streams.out << as_json();
        return Exit::ok;
    }
    const auto build = build_info();
    streams.out << "waaft " << build.version << " (" << build.commit << ")\n";
    for (const auto& library : libraries()) {
        streams.out << "  " << library.name << ' ' << library.version << '\n';
    }
    return Exit::ok;
}

}  // namespace

app::BuildInfo build_info() { return {WAAFT_VERSION, WAAFT_COMMIT}; }

Command version_command() {
    const auto options = std::make_shared<VersionOptions>();
    return {
        .name = "version",
        .doc = "Show the version, the commit and the libraries.",
        .options = {{.name = "--output",
                     .aliases = {},
                     .value = "FORMAT",
                     .doc = "How to show it.",
                     .group = {},
                     .choices = {"text", "json"},
                     .set = [options](const std::string&, const std::string& value) { options->output = value; }}},
        .arguments = {},
        .subcommands = {},
        .run = [options](const Streams& streams) -> Result<Exit, Errors> { return print_version(*options, streams); }};
}

}  // namespace waaft::cmd
