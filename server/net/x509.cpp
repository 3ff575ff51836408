#include "server/net/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace waaft::net {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;

BioPtr memory_of(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::string openssl_reason() {
    std::array<char, 256> text{};
    const auto code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return "no reason given";
    if (ERR_SYSTEM_ERROR(code)) return ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "system error";
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

UnixMs time_of(const ASN1_TIME& time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(&time, &parts) != 1) return 0;
    return static_cast<UnixMs>(timegm(&parts)) * 1000;
}

UnixMs begin_of(const X509& certificate) { return time_of(*X509_get0_notBefore(&certificate)); }

UnixMs expiry_of(const X509& certificate) { return time_of(*X509_get0_notAfter(&certificate)); }

std::vector<std::string> names_of(const X509& certificate) {
    std::vector<std::string> names;
    const NamesPtr list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
        const auto* data = ASN1_STRING_get0_data(name->d.ip);
        const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->d.ip));
        if (name->type == GEN_DNS) {
            names.emplace_back(reinterpret_cast<const char*>(data), size);
        } else if (size == 4 || size == 16) {
            IpAddress address;
            address.v6 = size == 16;
            std::copy(data, data + size, address.bytes.begin());
            names.push_back(address.text());
        }
    }
    return names;
}

int no_password(char*, int, int, void*) { return -1; }

X509Ptr read_certificate(const std::string& pem) {
    const auto memory = memory_of(pem);
    return X509Ptr(PEM_read_bio_X509(memory.get(), nullptr, no_password, nullptr));
}

KeyPtr read_key(const std::string& pem) {
    const auto memory = memory_of(pem);
    return KeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
}

std::string to_pem(const X509& certificate) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), &certificate);
    return text_of(memory.get());
}

std::string to_pem(const EVP_PKEY& key) {
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(memory.get());
}

}  // namespace waaft::net
