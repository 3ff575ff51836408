#include "server/base/disk_full.h"
#include "server/base/id.h"
#include "server/net/bind_address.h"
#include "server/net/tls.h"
#include "server/net/x509.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace waaft::net {
namespace {

constexpr UnixMs day_ms = 86'400'000;
constexpr UnixMs ca_life_ms = 3650 * day_ms;
constexpr UnixMs clock_skew_ms = day_ms;  // a phone whose clock is a little behind still believes us

constexpr std::array private_networks{"10.0.0.0/255.0.0.0",      "172.16.0.0/255.240.0.0",
                                      "192.168.0.0/255.255.0.0", "169.254.0.0/255.255.0.0",
                                      "127.0.0.0/255.0.0.0",     "::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                      "fc00::/fe00::",           "fe80::/ffc0::"};

struct Pair {
    X509Ptr certificate;
    KeyPtr key;
};

Error write_error(const std::string& file) {
    if (says_disk_full(errno)) return {"tls_full", "cannot write: the disk is full", file, "make space"};
    return {"tls_write", std::string("cannot write: ") + std::strerror(errno), file,
            "give the setting data a directory that this user may write to"};
}

// Whole or not at all, also after a crash.
Result<void> write_file(const std::string& file, const std::string& content, mode_t mode) {
    const std::string temporary = file + '.' + random_member_id();
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return write_error(temporary);
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0 && written < static_cast<ssize_t>(content.size())) errno = ENOSPC;
    const bool whole = written == static_cast<ssize_t>(content.size()) && ::fsync(fd) == 0;
    const bool closed = ::close(fd) == 0;
    if (whole && closed && ::rename(temporary.c_str(), file.c_str()) == 0) return {};
    const Error error = write_error(file);
    ::unlink(temporary.c_str());
    return error;
}

std::string read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<Pair> read_pair(const std::string& cert, const std::string& key) {
    Pair pair{read_certificate(cert), read_key(key)};
    ERR_clear_error();
    if (!pair.certificate || !pair.key || X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1)
        return std::nullopt;
    return pair;
}

Result<void> write_pair(const std::string& cert, const std::string& key, const std::string& base) {
    if (const auto written = write_file(base + ".key", key, 0600); !written) return written.error();
    return write_file(base + ".crt", cert, 0644);
}

bool add_extension(X509& certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer ? issuer : &certificate, &certificate, nullptr, nullptr, 0);
    X509V3_set_ctx_nodb(&context);
    const std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>> extension(
        X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

void set_serial(X509& certificate) {
    std::array<unsigned char, 16> serial{};
    RAND_bytes(serial.data(), serial.size());
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, full length
    const std::unique_ptr<BIGNUM, OpensslFree<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate));
}

Pair blank(const std::string& common_name, UnixMs now, UnixMs life_ms) {
    Pair pair{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
    X509* certificate = pair.certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    set_serial(*certificate);
    ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<time_t>((now - clock_skew_ms) / 1000));
    ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<time_t>((now + life_ms) / 1000));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate, pair.key.get());
    return pair;
}

bool is_private(const IpAddress& address) {
    constexpr std::array<std::pair<const char*, unsigned>, 8> networks{{{"10.0.0.0", 8},
                                                                        {"172.16.0.0", 12},
                                                                        {"192.168.0.0", 16},
                                                                        {"169.254.0.0", 16},
                                                                        {"127.0.0.0", 8},
                                                                        {"::1", 128},
                                                                        {"fc00::", 7},
                                                                        {"fe80::", 10}}};
    return std::any_of(networks.begin(), networks.end(), [&](const auto& network) {
        return address.in_network(*IpAddress::parse(network.first), network.second);
    });
}

bool under(std::string_view name, std::string_view parent) {
    return name == parent ||
           (name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.');
}

bool is_dns_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '*';
           });
}

// Lower case, sorted, without doubles and without what a certificate cannot say.
std::vector<std::string> normalized(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (std::string name : names) {
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (const auto address = IpAddress::parse(name))
            out.push_back(address->text());
        else if (is_dns_name(name))
            out.push_back(name);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::string permitted(const std::vector<std::string>& names, bool any_address) {
    std::string value = "critical,permitted;DNS:localhost,permitted;DNS:local";
    if (any_address)
        value += ",permitted;IP:0.0.0.0/0.0.0.0,permitted;IP:::/::";
    else
        for (const auto* network : private_networks) value += std::string(",permitted;IP:") + network;
    for (const auto& name : names) {
        const auto address = IpAddress::parse(name);
        if (address && any_address) continue;
        if (address && !is_private(*address))
            value += ",permitted;IP:" + name +
                     (address->v6 ? "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "/255.255.255.255");
        else if (!address && !under(name, "localhost") && !under(name, "local"))
            value += ",permitted;DNS:" + (name.starts_with("*.") ? name.substr(2) : name);
    }
    return value;
}

Result<Pair> make_ca(const std::vector<std::string>& names, bool any_address, UnixMs now) {
    Pair ca = blank("waaft local CA " + random_member_id().substr(0, 6), now, ca_life_ms);
    X509& certificate = *ca.certificate;
    X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
    const bool made = add_extension(certificate, nullptr, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      add_extension(certificate, nullptr, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      add_extension(certificate, nullptr, NID_subject_key_identifier, "hash") &&
                      add_extension(certificate, nullptr, NID_name_constraints, permitted(names, any_address)) &&
                      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
    if (!made)
        return Error{"tls_write", "cannot make a local CA: " + openssl_reason(), "", "check the setting tls.names"};
    return ca;
}

Result<Pair> make_leaf(const Pair& ca, const std::vector<std::string>& names, UnixMs life_ms, UnixMs now) {
    Pair leaf = blank("waaft", now, life_ms);
    X509& certificate = *leaf.certificate;
    X509_set_issuer_name(&certificate, X509_get_subject_name(ca.certificate.get()));
    std::string alternative;
    for (const auto& name : names)
        alternative += (alternative.empty() ? "" : ",") + std::string(IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    X509* issuer = ca.certificate.get();
    const bool made = add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
                      add_extension(certificate, issuer, NID_subject_alt_name, alternative) &&
                      add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
                      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
                      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
    if (!made)
        return Error{"tls_write", "cannot make a certificate: " + openssl_reason(), "", "check the setting tls.names"};
    return leaf;
}

bool verifies(X509& leaf, X509& ca, UnixMs now) {
    const std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>> store(X509_STORE_new());
    const std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_add_cert(store.get(), &ca);
    X509_STORE_CTX_init(context.get(), store.get(), &leaf, nullptr);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now / 1000));
    const bool good = X509_verify_cert(context.get()) == 1;
    ERR_clear_error();
    return good;
}

UnixMs in_ms(std::chrono::days days) { return std::chrono::milliseconds(days).count(); }

// The CA may speak for all the names, and for longer than a leaf lives.
bool ca_serves(const Pair& ca, const std::vector<std::string>& names, UnixMs leaf_life_ms, UnixMs now) {
    if (expiry_of(*ca.certificate) < now + leaf_life_ms) return false;
    const auto trial = make_leaf(ca, names, leaf_life_ms, now);
    return trial && verifies(*trial->certificate, *ca.certificate, now);
}

bool leaf_serves(const Pair& leaf, const Pair& ca, const std::vector<std::string>& names, UnixMs renew_before_ms,
                 UnixMs now) {
    const auto present = normalized(names_of(*leaf.certificate));
    return expiry_of(*leaf.certificate) >= now + renew_before_ms && verifies(*leaf.certificate, *ca.certificate, now) &&
           std::includes(present.begin(), present.end(), names.begin(), names.end());
}

std::string fingerprint(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        std::array<char, 4> part{};
        std::snprintf(part.data(), part.size(), "%02X", digest[i]);
        text += (i == 0 ? "" : ":") + std::string(part.data());
    }
    return text;
}

}  // namespace

Result<RenewedCertificates> renew_certificates(const Certificates& present, const CertificatePolicy& policy,
                                               UnixMs now) {
    const auto names = normalized(policy.names);
    if (names.empty()) return Error{"tls_write", "a certificate needs a name", "", "give one in the setting tls.names"};
    const UnixMs life_ms = in_ms(policy.leaf_life);
    RenewedCertificates renewed{present, {}, 0, false, false};
    auto ca = read_pair(present.ca_cert, present.ca_key);
    if (!ca || !ca_serves(*ca, names, life_ms, now)) {
        auto made = make_ca(names, policy.any_address, now);
        if (!made) return made.error();
        ca = std::move(*made);
        renewed.certificates.ca_cert = to_pem(*ca->certificate);
        renewed.certificates.ca_key = to_pem(*ca->key);
        renewed.ca_made = true;
    }
    auto leaf = read_pair(present.cert, present.key);
    if (!leaf || !leaf_serves(*leaf, *ca, names, in_ms(policy.renew_before), now)) {
        auto made = make_leaf(*ca, names, life_ms, now);
        if (!made) return made.error();
        leaf = std::move(*made);
        renewed.certificates.cert = to_pem(*leaf->certificate);
        renewed.certificates.key = to_pem(*leaf->key);
        renewed.leaf_made = true;
    }
    renewed.fingerprint_sha256 = fingerprint(*ca->certificate);
    renewed.leaf_expires_at = expiry_of(*leaf->certificate);
    return renewed;
}

namespace {

Result<void> write_certificates(const std::string& directory, const Certificates& made, bool with_ca, bool with_leaf) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    if (says_disk_full(failed.value()))
        return Error{"tls_full", "cannot write: the disk is full", directory, "make space"};
    if (failed)
        return Error{"tls_write", "cannot make the directory: " + failed.message(), directory,
                     "give the setting data a directory that this user may write to"};
    if (with_ca)
        if (const auto written = write_pair(made.ca_cert, made.ca_key, directory + "/ca"); !written) return written;
    return with_leaf ? write_pair(made.cert, made.key, directory + "/server") : Result<void>{};
}

}  // namespace

Result<LocalCa> ensure_local_ca(const LocalCaOptions& options, UnixMs now) {
    const std::string ca = options.directory + "/ca";
    const std::string leaf = options.directory + "/server";
    const bool unwritten = !options.unwritten.ca_cert.empty();
    const Certificates present = unwritten ? options.unwritten
                                           : Certificates{read_file(ca + ".crt"), read_file(ca + ".key"),
                                                          read_file(leaf + ".crt"), read_file(leaf + ".key")};
    auto renewed = renew_certificates(present, {options.names}, now);
    if (!renewed) {
        Error error = renewed.error();
        error.where = options.directory;
        return error;
    }
    const auto written = write_certificates(options.directory, renewed->certificates, renewed->ca_made || unwritten,
                                            renewed->leaf_made || unwritten);
    LocalCa made{std::move(renewed->certificates), leaf + ".crt", leaf + ".key", renewed->fingerprint_sha256,
                 renewed->leaf_expires_at,         std::nullopt};
    if (written) return made;
    if (written.error().code != "tls_full") return written.error();
    made.not_written = written.error();
    return made;
}

Result<Authority> read_authority(const std::string& file) {
    const auto certificate = read_certificate(read_file(file));
    if (!certificate)
        return Error{"tls_file", "cannot read a certificate: " + openssl_reason(), file, "check the setting tls.ca"};
    // Only the certificate itself is given away, whatever else the file holds.
    return Authority{to_pem(*certificate), fingerprint(*certificate)};
}

std::vector<std::string> machine_names() {
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) == 0) {
        names.emplace_back(host.data());
        const std::string_view full = host.data();
        names.push_back(std::string(full.substr(0, full.find('.'))) + ".local");
    }
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) == 0) {
        for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
            if (entry->ifa_addr && (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6))
                names.push_back(IpAddress::from_sockaddr(*entry->ifa_addr).text());
        }
        ::freeifaddrs(list);
    }
    return normalized(names);
}

std::string outward_address() {
    const OwnedFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in far{};
    far.sin_family = AF_INET;
    far.sin_port = htons(9);
    far.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1, an address of nobody (RFC 5737)
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&far), sizeof far) != 0) return {};
    sockaddr_storage near{};
    socklen_t size = sizeof near;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&near), &size) != 0) return {};
    return IpAddress::from_sockaddr(reinterpret_cast<const sockaddr&>(near)).text();
}

}  // namespace waaft::net
