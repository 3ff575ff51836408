#include "server/net/tls.h"
#include "server/net/limits.h"
#include "server/net/x509.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/net/test_client.h"
#include "tests/unit/net/test_server.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace waaft;
using namespace waaft::net;
using namespace waaft::net::test;
using waaft::testing::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

constexpr UnixMs day_ms = 86'400'000;

std::string content(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& file, const std::string& text) {
    std::ofstream(file + ".new") << text;
    std::filesystem::rename(file + ".new", file);
}

// X509_V_OK, or why `leaf` is not trusted under `ca`.
int verify(X509& leaf, X509& ca, UnixMs now) {
    const std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>> store(X509_STORE_new());
    const std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_add_cert(store.get(), &ca);
    X509_STORE_CTX_init(context.get(), store.get(), &leaf, nullptr);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now / 1000));
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

// What somebody could sign who stole the CA's key.
X509Ptr forge(const X509& ca, EVP_PKEY& ca_key, const std::string& alternative_name) {
    X509Ptr leaf(X509_new());
    X509_set_version(leaf.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), 7);
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), 86400);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(&ca));
    X509_set_pubkey(leaf.get(), &ca_key);
    const std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name.c_str()));
    REQUIRE(extension);
    X509_add_ext(leaf.get(), extension.get(), -1);
    X509_sign(leaf.get(), &ca_key, EVP_sha256());
    return leaf;
}

unsigned mode_of(const std::string& file) {
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    return info.st_mode & 0777;
}

ServerOptions tls_options(const LocalCa& ca) {
    ServerOptions options;
    options.address = "127.0.0.1";
    options.tls = TlsContext::from_files(ca.cert_file, ca.key_file).value();
    return options;
}

}  // namespace

TEST_CASE("the local CA is good for the names it was made for, and for nothing else") {
    const TemporaryDirectory directory;
    const UnixMs now = read_clocks().wall;
    const auto local = ensure_local_ca(
        {directory.path().string(), {"studio", "LOCALHOST", "192.168.1.5", "203.0.113.9", "fd00::5", "2001:db8::9"}},
        now);
    REQUIRE(local.has_value());
    const auto ca = read_certificate(local->certificates.ca_cert);
    const auto leaf = read_certificate(content(local->cert_file));
    const auto key = read_key(content(directory.file("ca.key")));
    REQUIRE((ca && leaf && key));
    CHECK(mode_of(local->key_file) == 0600);
    CHECK(mode_of(directory.file("ca.key")) == 0600);
    CHECK(verify(*leaf, *ca, now) == X509_V_OK);
    CHECK(verify(*leaf, *ca, now - day_ms / 2) == X509_V_OK);  // a clock that is behind
    CHECK(names_of(*leaf) ==
          std::vector<std::string>{"192.168.1.5", "2001:db8::9", "203.0.113.9", "fd00::5", "localhost", "studio"});
    CHECK(local->leaf_expires_at == expiry_of(*leaf));
    CHECK(local->fingerprint_sha256.size() == 95);

    const std::pair<const char*, int> table[] = {
        {"DNS:studio", X509_V_OK},
        {"DNS:printer.local", X509_V_OK},
        {"IP:10.9.8.7", X509_V_OK},
        {"IP:203.0.113.9", X509_V_OK},
        {"IP:2001:db8::9", X509_V_OK},
        {"DNS:bank.example", X509_V_ERR_PERMITTED_VIOLATION},
        {"DNS:notstudio", X509_V_ERR_PERMITTED_VIOLATION},
        {"IP:203.0.113.10", X509_V_ERR_PERMITTED_VIOLATION},
        {"IP:2001:db8::a", X509_V_ERR_PERMITTED_VIOLATION},
        {"DNS:studio,DNS:bank.example", X509_V_ERR_PERMITTED_VIOLATION},
    };
    for (const auto& [name, expected] : table) {
        CAPTURE(name);
        CHECK(verify(*forge(*ca, *key, name), *ca, now) == expected);
    }
}

TEST_CASE("certificates are made anew when they must be, and not before") {
    const TemporaryDirectory directory;
    const UnixMs now = read_clocks().wall;
    const std::string ca_file = directory.file("ca.crt"), leaf_file = directory.file("server.crt");
    const std::vector<std::string> names{"localhost", "127.0.0.1"};
    REQUIRE(ensure_local_ca({directory.path().string(), names}, now).has_value());
    struct Files {
        std::string ca, leaf;
        bool operator==(const Files&) const = default;
    };
    const auto files = [&] { return Files{content(ca_file), content(leaf_file)}; };
    const auto first = files();
    REQUIRE(ensure_local_ca({directory.path().string(), names}, now + 50 * day_ms).has_value());
    CHECK(files() == first);
    REQUIRE(ensure_local_ca({directory.path().string(), {"localhost"}}, now).has_value());  // fewer names: still served
    CHECK(files() == first);

    REQUIRE(ensure_local_ca({directory.path().string(), names}, now + 61 * day_ms).has_value());
    const auto renewed = files();
    CHECK(renewed.ca == first.ca);
    CHECK(renewed.leaf != first.leaf);

    REQUIRE(ensure_local_ca({directory.path().string(), {"localhost", "192.168.7.7", "x.local"}}, now + 61 * day_ms)
                .has_value());
    const auto another_private = files();
    CHECK(another_private.ca == first.ca);
    CHECK(another_private.leaf != renewed.leaf);

    REQUIRE(ensure_local_ca({directory.path().string(), {"studio.example"}}, now + 61 * day_ms).has_value());
    const auto constrained = files();
    CHECK(constrained.ca != first.ca);

    put(directory.file("server.key"), "broken");
    REQUIRE(ensure_local_ca({directory.path().string(), {"studio.example"}}, now + 61 * day_ms).has_value());
    CHECK(files().ca == constrained.ca);
    CHECK(files().leaf != constrained.leaf);
    REQUIRE(ensure_local_ca({directory.path().string(), {"studio.example"}}, now + 3650 * day_ms).has_value());
    CHECK(files().ca != constrained.ca);
    CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 4);

    const auto nowhere = ensure_local_ca({"/proc/waaft", names}, now);
    REQUIRE_FALSE(nowhere.has_value());
    CHECK(nowhere.error().code == "tls_write");
    CHECK(machine_names().size() >= 3);
}

TEST_CASE("a CA for any address keeps its certificate when the address changes, and no name but its own") {
    const UnixMs now = read_clocks().wall;
    const auto policy = [](std::vector<std::string> names) {
        return CertificatePolicy{std::move(names), true, std::chrono::days(365), std::chrono::days(30)};
    };
    const auto first = renew_certificates({}, policy({"waaft.here.svc"}), now);
    REQUIRE(first.has_value());
    CHECK((first->ca_made && first->leaf_made));
    CHECK(first->leaf_expires_at == expiry_of(*read_certificate(first->certificates.cert)));

    const auto addressed =
        renew_certificates(first->certificates, policy({"waaft.here.svc", "203.0.113.7", "2001:db8::7"}), now);
    REQUIRE(addressed.has_value());
    CHECK((!addressed->ca_made && addressed->leaf_made));
    CHECK(addressed->fingerprint_sha256 == first->fingerprint_sha256);
    const auto ca = read_certificate(addressed->certificates.ca_cert);
    const auto key = read_key(addressed->certificates.ca_key);
    CHECK(verify(*read_certificate(addressed->certificates.cert), *ca, now) == X509_V_OK);
    CHECK(verify(*forge(*ca, *key, "IP:192.0.2.200"), *ca, now) == X509_V_OK);
    CHECK(verify(*forge(*ca, *key, "DNS:bank.example"), *ca, now) == X509_V_ERR_PERMITTED_VIOLATION);

    const auto& certificates = addressed->certificates;
    const struct {
        std::vector<std::string> names;
        int days;
        bool ca_made, leaf_made;
    } table[] = {{{"203.0.113.7"}, 1, false, false},    {{"203.0.113.7"}, 334, false, false},
                 {{"203.0.113.7"}, 336, false, true},   {{"203.0.113.8"}, 1, false, true},
                 {{"live.example.org"}, 1, true, true}, {{"203.0.113.7"}, 3650 - 300, true, true}};
    for (const auto& row : table) {
        CAPTURE(row.names, row.days);
        const auto renewed = renew_certificates(certificates, policy(row.names), now + row.days * day_ms);
        REQUIRE(renewed.has_value());
        CHECK(renewed->ca_made == row.ca_made);
        CHECK(renewed->leaf_made == row.leaf_made);
    }
    CHECK(renew_certificates({}, policy({"", "a b"}), now).error().code == "tls_write");
}

TEST_CASE("the CA that is offered for download is the certificate alone") {
    const TemporaryDirectory directory;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost"}}, read_clocks().wall);
    REQUIRE(local.has_value());
    put(directory.file("both.pem"), local->certificates.ca_cert + content(directory.file("ca.key")));
    const auto authority = read_authority(directory.file("both.pem"));
    REQUIRE(authority.has_value());
    CHECK(authority->pem == local->certificates.ca_cert);
    CHECK(authority->fingerprint_sha256 == local->fingerprint_sha256);
    CHECK(read_authority(directory.file("ca.key")).error().code == "tls_file");
    CHECK(read_authority(directory.file("missing")).error().where == directory.file("missing"));
}

TEST_CASE("certificate files that do not fit are refused with the reason") {
    const TemporaryDirectory one, two;
    const UnixMs now = read_clocks().wall;
    const auto a = ensure_local_ca({one.path().string(), {"localhost"}}, now),
               b = ensure_local_ca({two.path().string(), {"localhost"}}, now);
    REQUIRE((a.has_value() && b.has_value()));
    CHECK(TlsContext::from_files(a->cert_file, b->key_file).error().code == "tls_mismatch");
    CHECK(TlsContext::from_files(a->cert_file + "x", a->key_file).error().code == "tls_file");
    CHECK(TlsContext::from_files(a->cert_file, a->key_file + "x").error().code == "tls_file");
    CHECK(TlsContext::from_files(a->key_file, a->key_file).error().code == "tls_file");
    CHECK(TlsContext::from_files("/nowhere/cert", a->key_file).error().what == "there is no such file");

    // Nobody is asked for its password at the terminal.
    const KeyPtr key = read_key(content(a->key_file));
    const BioPtr memory(BIO_new(BIO_s_mem()));
    char password[] = "secret";
    REQUIRE(PEM_write_bio_PrivateKey(memory.get(), key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr, password) == 1);
    char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &text));
    put(one.file("encrypted.key"), std::string(text, size));
    CHECK(TlsContext::from_files(a->cert_file, one.file("encrypted.key")).error().hint ==
          "give an unencrypted PEM key that this user may read");
    CHECK_FALSE(read_key(content(one.file("encrypted.key"))));

    const KeyPtr rsa(EVP_RSA_gen(2048));
    X509Ptr leaf(X509_new());
    X509_set_version(leaf.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), 86400);
    X509_set_pubkey(leaf.get(), rsa.get());
    X509_sign(leaf.get(), rsa.get(), EVP_sha256());
    put(one.file("chain.pem"), to_pem(*leaf) + a->certificates.ca_cert);
    put(one.file("rsa.key"), to_pem(*rsa));
    CHECK(TlsContext::from_files(one.file("chain.pem"), one.file("rsa.key")).has_value());
}

TEST_CASE("TLS and plain HTTP share the port, and a new certificate does not end old connections") {
    const TemporaryDirectory directory, other;
    const UnixMs now = read_clocks().wall;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost", "127.0.0.1"}}, now);
    REQUIRE(local.has_value());
    const auto options = tls_options(*local);
    RunningServer server(options);
    const std::string request = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

    Client plain(server.port());
    plain.write(request);
    CHECK(plain.answer().body == "GET /x||127.0.0.1|localhost|plain");
    Client old(server.port());
    old.start_tls(directory.file("ca.crt"));
    old.write(request);
    CHECK(old.answer().body == "GET /x||127.0.0.1|localhost|tls");
    upgrade(old);

    CHECK(options.tls->reload_if_changed().value() == false);
    const auto fresh = ensure_local_ca({other.path().string(), {"localhost"}}, now);
    REQUIRE(fresh.has_value());
    put(local->cert_file, "broken");
    CHECK(options.tls->reload_if_changed().error().code == "tls_file");  // the old one stays in force
    CHECK(options.tls->reload_if_changed().value() == false);            // and that was told once
    Client meanwhile(server.port());
    meanwhile.start_tls(directory.file("ca.crt"));
    put(local->cert_file, content(fresh->cert_file));
    put(local->key_file, content(fresh->key_file));
    CHECK(options.tls->reload_if_changed().value() == true);
    CHECK(options.tls->facts().names == std::vector<std::string>{"localhost"});
    Client after(server.port());
    after.start_tls(other.file("ca.crt"));
    after.write(request);
    CHECK(after.answer().status == 200);

    const std::string big(60'000, 'b');
    old.write(masked_frame(1, big));
    CHECK(read_frame(old).payload == big);
    old.write(masked_frame(1, "three"));
    for (const std::string expected : {"0", "1", "2"}) CHECK(read_frame(old).payload == expected);
    old.write(masked_frame(1, "close"));
    CHECK(read_frame(old).payload == "last");
    CHECK(read_frame(old).close_code() == 4003);
}

TEST_CASE("TLS 1.2 is spoken with forward secrecy and authenticated encryption only") {
    const TemporaryDirectory directory;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost"}}, read_clocks().wall);
    REQUIRE(local.has_value());
    const auto context = TlsContext::from_files(local->cert_file, local->key_file).value()->current();
    const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context.get());
    int of_tls12 = 0;
    for (int index = 0; index < sk_SSL_CIPHER_num(ciphers); ++index) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, index);
        INFO(SSL_CIPHER_get_name(cipher));
        CHECK(SSL_CIPHER_is_aead(cipher) == 1);
        if (std::string_view(SSL_CIPHER_get_version(cipher)) != "TLSv1.2") continue;
        ++of_tls12;
        CHECK(std::string_view(SSL_CIPHER_get_name(cipher)).starts_with("ECDHE-"));
    }
    CHECK(of_tls12 >= 4);
}

TEST_CASE("megabytes of small and large frames over TLS arrive as they were sent, to a reader that lags") {
    const TemporaryDirectory directory;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost"}}, read_clocks().wall);
    REQUIRE(local.has_value());
    auto options = tls_options(*local);
    options.limits.send_queue_max = 64 << 20;
    RunningServer server(options);
    Client client(server.port(), 8192);
    client.start_tls();
    upgrade(client);
    REQUIRE(server.handler.notes.wait_for("open"));
    const auto size_of = [](int i) { return static_cast<std::size_t>(i % 50 == 0 ? 40'000 : i % 300); };
    constexpr int frames = 6000;
    for (int part = 0; part < 10; ++part) {
        server.run([&] {
            auto* connection = *server.handler.connections.begin();
            for (int i = part * frames / 10; i < (part + 1) * frames / 10; ++i)
                connection->send(shared(text_frame(std::string(size_of(i), static_cast<char>('a' + i % 26)))));
        });
    }
    for (int i = 0; i < frames; ++i) {
        const auto frame = read_frame(client);
        if (frame.payload != std::string(size_of(i), static_cast<char>('a' + i % 26)))
            FAIL("frame " << i << " is not what was sent");
    }
    CHECK(server.counters().closed_slow == 0);
}

TEST_CASE("who gave up before its turn came costs no handshake") {
    const TemporaryDirectory directory;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost"}}, read_clocks().wall);
    REQUIRE(local.has_value());
    auto options = tls_options(*local);
    options.limits.newcomer_patience = 1h;
    RunningServer server(options);
    server.handler.newcomers = 0;
    { Client(server.port()).write(std::string("\x16\x03\x01\x00\x05hello and more", 19)); }
    REQUIRE(server.handler.notes.wait_for("nobody new"));
    server.handler.newcomers = 8;
    CHECK(server.eventually([&] { return server.counters().accepted == 1 && server.counters().open == 0; }));
    CHECK(server.counters().tls_failed == 0);
}

TEST_CASE("a handshake that is half, broken or one too many ends") {
    const TemporaryDirectory directory;
    const auto local = ensure_local_ca({directory.path().string(), {"localhost"}}, read_clocks().wall);
    REQUIRE(local.has_value());
    auto options = tls_options(*local);
    options.limits.request_timeout = 300ms;
    options.address_limits = std::make_shared<AddressLimits>(AddressLimits::Options{100, 100, 2});
    RunningServer server(options);
    Client half(server.port());
    half.write(std::string("\x16\x03\x01\x02\x00\x01", 6));
    Client broken(server.port());
    broken.write(std::string("\x16\x03\x01\x00\x05hello and more", 19));
    broken.take_all();
    CHECK(server.counters().tls_failed == 1);
    CHECK(half.take_all().empty());
    CHECK(server.counters().timed_out == 1);
    RunningServer strict([&] {
        auto limited = options;
        limited.address_limits = std::make_shared<AddressLimits>(AddressLimits::Options{100, 100, 0});
        return limited;
    }());
    Client refused(strict.port());
    refused.write(std::string("\x16\x03\x01\x02\x00\x01", 6));
    CHECK(refused.take_all().empty());
    CHECK(strict.counters().refused_connections == 1);
}

TEST_CASE("the address that reaches others is one of this machine's") {
    const std::string outward = waaft::net::outward_address();
    const auto names = waaft::net::machine_names();
    CHECK((outward.empty() || std::find(names.begin(), names.end(), outward) != names.end()));
}
