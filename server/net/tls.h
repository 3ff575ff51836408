// Certificates: a local CA and leaf made when there is none, files that are reloaded when they
// change, and the OpenSSL context that new connections use.
//
// Thread: TlsContext is shared by all shards; replace() and current() may race (atomic swap), open
// connections keep the context they began with. Ownership: RAII over SSL_CTX. Errors: Error with
// code tls_file, tls_mismatch, tls_expired, tls_write. Source: RFC 5280 (name constraints 4.2.1.10).
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"
#include "server/net/certificate_check.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace waaft::net {

// A CA and one certificate that it signed, as PEM texts; empty or broken ones count as missing.
struct Certificates {
    std::string ca_cert;
    std::string ca_key;
    std::string cert;
    std::string key;
};
struct LocalCaOptions {
    std::string directory;           // ca.crt, ca.key, server.crt, server.key live here; keys 0600
    std::vector<std::string> names;  // host names and IP addresses for the leaf
    Certificates unwritten{};        // what could not be written the last time: it counts instead of the files
};
struct LocalCa {
    Certificates certificates;
    std::string cert_file;
    std::string key_file;
    std::string fingerprint_sha256;  // of the CA, "AB:CD:..."
    UnixMs leaf_expires_at = 0;
    std::optional<Error> not_written;  // the disk is full (tls_full): the files are missing, old, or of another CA
};
// Makes or reuses a CA (P-256, 10 years, name constraints: exactly the host names of this machine,
// localhost, .local, and private, link-local and loopback addresses plus the machine's own ones)
// and a leaf (P-256, 90 days). A leaf that has less than 30 days left, or lacks a name, is
// made anew; a CA whose constraints forbid a needed name too. On a full disk they are made all the same.
Result<LocalCa> ensure_local_ca(const LocalCaOptions& options, UnixMs now);

struct CertificatePolicy {
    std::vector<std::string> names;
    // The CA may speak for every IP address (still not for every name): where it is made before the
    // address of a load balancer is known, or must outlive it.
    bool any_address = false;
    std::chrono::days leaf_life{90};
    std::chrono::days renew_before{30};  // of the leaf's end
};
struct RenewedCertificates {
    Certificates certificates;
    std::string fingerprint_sha256;  // of the CA
    UnixMs leaf_expires_at = 0;
    bool ca_made = false;
    bool leaf_made = false;
};
// The decision and the making behind ensure_local_ca(), without files.
Result<RenewedCertificates> renew_certificates(const Certificates& present, const CertificatePolicy& policy,
                                               UnixMs now);

struct Authority {
    std::string pem;
    std::string fingerprint_sha256;
};
// A CA's certificate for people to download.
Result<Authority> read_authority(const std::string& file);

// localhost, the host's names and every address of its interfaces.
std::vector<std::string> machine_names();
// The address with which this machine reaches others: what they most likely reach it by. Empty
// without a network. Asks the routing table; nothing is sent.
std::string outward_address();

class TlsContext {
public:
    static Result<std::shared_ptr<TlsContext>> from_files(std::string cert_file, std::string key_file);
    // In force until the files, which may be missing, change.
    static Result<std::shared_ptr<TlsContext>> from_local_ca(const LocalCa& local_ca);
    ~TlsContext();
    // Reads the files again if their size, time or inode changed. True: a new certificate is in force.
    // On an error, which is told once for each change, the old one stays in force.
    Result<bool> reload_if_changed();
    std::shared_ptr<ssl_ctx_st> current() const;
    CertificateFacts facts() const;

private:
    TlsContext();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::net
