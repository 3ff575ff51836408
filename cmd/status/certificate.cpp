#include "cmd/status/certificate.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace waaft::status {
namespace {

constexpr std::size_t certificate_max = 64 * 1024;

std::optional<std::string> from_base64(std::string_view text) {
    if (text.empty() || text.size() > certificate_max || text.size() % 4 != 0) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    // What stood for the padding is a zero byte, which PEM has nowhere.
    bytes.resize(static_cast<std::size_t>(size));
    while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();
    return bytes;
}

}  // namespace

std::optional<UnixMs> end_of_certificate(std::string_view pem) {
    if (pem.size() > certificate_max) return std::nullopt;
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        BIO_free);
    if (!bio) return std::nullopt;
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    std::tm parts{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) return std::nullopt;
    return static_cast<UnixMs>(timegm(&parts)) * 1000;
}

std::optional<Certificate> certificate_of(const kube::Object& secret) {
    const auto pem = from_base64(kube::text(secret, {"data", "tls.crt"}));
    const auto ends = pem ? end_of_certificate(*pem) : std::nullopt;
    if (!ends) return std::nullopt;
    return Certificate{kube::name_of(secret), *ends};
}

}  // namespace waaft::status
