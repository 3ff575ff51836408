#include "cmd/load/tls_client.h"

#include "server/base/own_program.h"

#include <openssl/ssl.h>

namespace waaft::load {

Result<std::shared_ptr<ssl_ctx_st>> make_tls_client(const TlsOptions& options) {
    std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context) return Error{"tls", "TLS cannot be set up", {}, {}};
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (options.insecure) return context;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const auto file = options.ca_file.empty() ? authorities_file() : options.ca_file;
    const int loaded = file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                    : SSL_CTX_load_verify_locations(context.get(), file.c_str(), nullptr);
    if (loaded != 1) {
        return Error{"ca_file", "the certificates to trust cannot be read", options.ca_file,
                     "give a PEM file; a server's own is at /ca.crt"};
    }
    return context;
}

}  // namespace waaft::load
