// RAII and reading helpers over OpenSSL's certificates. Internal to server/net.
//
// Thread: any. Ownership: unique_ptr with OpenSSL's own free functions. Units: UnixMs.
// Errors: openssl_reason() is the last error of this thread as a sentence, and clears it.
#pragma once

#include "server/base/time.h"
#include "server/net/ip_address.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace waaft::net {

template <auto Free>
struct OpensslFree {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;

std::string openssl_reason();
// For OpenSSL's readers: a key that is encrypted is an error, and nobody is asked at the terminal.
int no_password(char* into, int size, int writing, void* data);
UnixMs time_of(const ASN1_TIME& time);
UnixMs begin_of(const X509& certificate);
UnixMs expiry_of(const X509& certificate);
// DNS names and addresses of subjectAltName.
std::vector<std::string> names_of(const X509& certificate);

X509Ptr read_certificate(const std::string& pem);
KeyPtr read_key(const std::string& pem);
std::string to_pem(const X509& certificate);
std::string to_pem(const EVP_PKEY& key);

}  // namespace waaft::net
