#include "server/net/tls.h"

#include "server/net/x509.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>
#include <tuple>

namespace waaft::net {
namespace {

int select_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                  void*) {
    constexpr std::string_view ours = "http/1.1";
    for (unsigned i = 0; i < in_size; i += in[i] + 1U) {
        const bool whole = in[i] == ours.size() && i + 1 + ours.size() <= in_size;
        if (whole && std::memcmp(in + i + 1, ours.data(), ours.size()) == 0) {
            *out = in + i + 1;
            *out_size = in[i];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

void configure(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // Of TLS 1.2: forward secrecy and authenticated encryption only.
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Buffers are given back when empty: an idle connection then costs a third.
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    // Resumption is by tickets alone; a cache of sessions would grow with every visitor.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    constexpr std::string_view id = "waaft";
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()), id.size());
    SSL_CTX_set_alpn_select_cb(context, select_http11, nullptr);
}

struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

struct Loaded {
    std::shared_ptr<ssl_ctx_st> context;
    CertificateFacts facts;
};

Result<void> check_readable(const std::string& file) {
    if (::access(file.c_str(), R_OK) == 0) return {};
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return Error{"tls_file",
                 missing ? "there is no such file" : "the file cannot be read: " + std::string(std::strerror(errno)),
                 file, missing ? "check the path" : "let the user of waaft read it"};
}

Result<Loaded> blank_context(const std::string& cert_file) {
    ERR_clear_error();
    Loaded loaded;
    loaded.context = std::shared_ptr<SSL_CTX>(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!loaded.context) return Error{"tls_file", "OpenSSL gave no context: " + openssl_reason(), cert_file, ""};
    configure(loaded.context.get());
    return loaded;
}

CertificateFacts facts_of(const SSL_CTX* context) {
    const X509* leaf = SSL_CTX_get0_certificate(context);
    return {begin_of(*leaf), expiry_of(*leaf), names_of(*leaf)};
}

Result<Loaded> load(const std::string& cert_file, const std::string& key_file) {
    for (const std::string& file : {cert_file, key_file}) {
        if (const auto readable = check_readable(file); !readable) return readable.error();
    }
    auto blank = blank_context(cert_file);
    if (!blank) return blank.error();
    Loaded loaded = std::move(*blank);
    SSL_CTX* context = loaded.context.get();
    if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1)
        return Error{"tls_file", "cannot read a certificate: " + openssl_reason(), cert_file,
                     "give a PEM file with the certificate first and its chain after it"};
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
            return Error{"tls_mismatch", "the key does not belong to the certificate", key_file,
                         "give the key that the certificate in " + cert_file + " was issued for"};
        return Error{"tls_file", "cannot read a private key: " + openssl_reason(), key_file,
                     "give an unencrypted PEM key that this user may read"};
    }
    if (SSL_CTX_check_private_key(context) != 1)
        return Error{"tls_mismatch", "the key does not belong to the certificate", key_file,
                     "give the key that the certificate in " + cert_file + " was issued for"};
    loaded.facts = facts_of(context);
    return loaded;
}

}  // namespace

struct TlsContext::Impl {
    std::string cert_file;
    std::string key_file;
    mutable std::mutex mutex;  // guards all below; held for a copy of pointers only
    Loaded loaded;
    FileStamp cert_stamp;
    FileStamp key_stamp;
    // Of the pair that was refused last: it is told once.
    FileStamp bad_cert_stamp;
    FileStamp bad_key_stamp;
};

TlsContext::TlsContext() : impl_(std::make_unique<Impl>()) {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::from_files(std::string cert_file, std::string key_file) {
    std::shared_ptr<TlsContext> context(new TlsContext);
    context->impl_->cert_file = std::move(cert_file);
    context->impl_->key_file = std::move(key_file);
    if (const auto loaded = context->reload_if_changed(); !loaded) return loaded.error();
    return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::from_local_ca(const LocalCa& local_ca) {
    auto loaded = blank_context(local_ca.cert_file);
    if (!loaded) return loaded.error();
    const X509Ptr certificate = read_certificate(local_ca.certificates.cert);
    const KeyPtr key = read_key(local_ca.certificates.key);
    SSL_CTX* in_force = loaded->context.get();
    if (!certificate || !key || SSL_CTX_use_certificate(in_force, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(in_force, key.get()) != 1)
        return Error{"tls_file", "cannot use the certificate that was made: " + openssl_reason(), local_ca.cert_file,
                     ""};
    loaded->facts = facts_of(in_force);
    std::shared_ptr<TlsContext> context(new TlsContext);
    Impl& impl = *context->impl_;
    impl.cert_file = local_ca.cert_file;
    impl.key_file = local_ca.key_file;
    impl.loaded = std::move(*loaded);
    impl.cert_stamp = stamp_of(impl.cert_file);
    impl.key_stamp = stamp_of(impl.key_file);
    return context;
}

Result<bool> TlsContext::reload_if_changed() {
    // Stamps first: a file that changes while it is read is read again the next time.
    const auto cert_stamp = stamp_of(impl_->cert_file);
    const auto key_stamp = stamp_of(impl_->key_file);
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->loaded.context && cert_stamp == impl_->cert_stamp && key_stamp == impl_->key_stamp) return false;
        if (impl_->loaded.context && cert_stamp == impl_->bad_cert_stamp && key_stamp == impl_->bad_key_stamp)
            return false;
    }
    auto loaded = load(impl_->cert_file, impl_->key_file);
    const std::lock_guard lock(impl_->mutex);
    if (!loaded) {
        impl_->bad_cert_stamp = cert_stamp;
        impl_->bad_key_stamp = key_stamp;
        return loaded.error();
    }
    impl_->loaded = std::move(*loaded);
    impl_->cert_stamp = cert_stamp;
    impl_->key_stamp = key_stamp;
    return true;
}

std::shared_ptr<ssl_ctx_st> TlsContext::current() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->loaded.context;
}

CertificateFacts TlsContext::facts() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->loaded.facts;
}

}  // namespace waaft::net
