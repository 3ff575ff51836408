// What the TLS connections of one run share: trusted certificates.
//
// Thread: one. Ownership: shared. Errors: Error{"ca_file"}. Source: SSL_CTX_new(3).
#pragma once

#include "server/base/result.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace waaft::load {

struct TlsOptions {
    bool insecure = false;  // believe any certificate
    std::string ca_file;    // PEM; empty: the system's
};

Result<std::shared_ptr<ssl_ctx_st>> make_tls_client(const TlsOptions& options);

}  // namespace waaft::load
