// Every setting of `waaft serve`, with its default: the section `serve:` of waaft.yaml.
//
// Thread: read-only after start. Ownership: values. Units: in the types; sizes are bytes.
// The names, texts and checks of these settings stand in settings.cpp, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace waaft::app {

using Millis = std::chrono::milliseconds;

struct Config {
    // Where it listens.
    std::string address;        // listen.address; empty: every address, IPv6 and IPv4
    std::uint16_t port = 3000;  // listen.port (TCP and UDP); 0: any free one, said in the log
    std::uint32_t shards = 0;   // listen.shards; 0: one per core
    std::string public_url;     // public_url; "https://live.example.org", for links behind a proxy
    std::string data;           // data; empty: $XDG_DATA_HOME/waaft or ~/.local/share/waaft; "none": memory only

    // TLS.
    enum class Tls : std::uint8_t { automatic, files, off };
    Tls tls = Tls::automatic;            // tls.mode: auto | files | off; auto is files if tls.cert is set
    std::string tls_cert;                // tls.cert
    std::string tls_key;                 // tls.key
    std::string tls_ca;                  // tls.ca: the private CA behind tls.cert, for people to download
    std::vector<std::string> tls_names;  // tls.names: more names or addresses for the self-made certificate

    // Proxies and origins.
    std::vector<std::string> trusted_proxies;  // proxy.trusted: CIDR
    std::vector<std::string> origins;          // http.origins: allowed beside our own
    std::vector<std::string> frame_ancestors;  // http.frame_ancestors: sites that may embed the page

    // Operations.
    std::string ops_address = "127.0.0.1";  // ops.address; empty: off
    std::uint16_t ops_port = 9090;          // ops.port; 0: any free one
    enum class LogFormat : std::uint8_t { automatic, human, json };
    LogFormat log_format = LogFormat::automatic;  // log.format: auto | human | json
    std::string log_level = "info";               // log.level: debug | info | warn | error

    // Several servers behind one address.
    std::string cluster_secret_file;      // cluster.secret: what signs tokens on all of them
    std::string cluster_old_secret_file;  // cluster.old_secret: the one before, whose tokens still hold
    std::string redis_url;                // redis.url: what keeps the rooms that they share; empty: none
    std::string redis_ca;                 // redis.ca: PEM file, for rediss://
    std::string redis_user;               // redis.user
    std::string redis_password_file;      // redis.password
    std::string redis_prefix = "waaft";   // redis.prefix
    enum class RedisAck : std::uint8_t { fsync, memory };
    RedisAck redis_ack = RedisAck::fsync;  // redis.ack
    Millis drain_spread{30'000};           // drain.spread
    Millis drain_grace{300'000};           // drain.grace

    // Rooms.
    enum class RoomsCreate : std::uint8_t { anyone, key };
    RoomsCreate rooms_create = RoomsCreate::anyone;  // rooms.create
    std::string keys_file;                           // rooms.keys: file of hashed API keys
    std::uint32_t rooms_max = 10000;                 // rooms.max: open at the same time
    std::uint32_t members_max = 1000;                // rooms.members: in one room
    Millis rooms_empty_after{3600'000};              // rooms.empty_after
    Millis rooms_keep{30LL * 86400'000};             // rooms.keep: ended rooms stay in the database
    std::uint32_t mesh_max = 6;                      // mesh.max
    Millis resume_window{60'000};                    // resume.window
    Millis away_shown_after{3'000};                  // resume.shown_after

    // Chat.
    std::uint32_t chat_text_max = 4096;        // chat.text_max (bytes)
    Millis chat_keep_age{30LL * 86400'000};    // chat.keep_age
    std::uint32_t chat_keep_messages = 10000;  // chat.keep_messages, a room
    Millis chat_nonce_keep{600'000};           // chat.nonce_keep, at least 10 minutes

    // Finding silent peers.
    Millis ping_on_air{2'000};          // ping.on_air: interval, with jitter
    Millis ping_on_air_timeout{7'000};  // ping.on_air_timeout
    Millis ping_idle{20'000};           // ping.idle
    Millis ping_idle_timeout{44'000};   // ping.idle_timeout
    // Instead of ping.idle where rooms are shared: whose server vanished shall be on another one within 12 s.
    Millis ping_shared{2'000};          // ping.shared
    Millis ping_shared_timeout{6'000};  // ping.shared_timeout

    // ICE.
    std::vector<std::string> stun_urls;  // ice.stun; empty: this server itself
    std::vector<std::string> turn_urls;  // ice.turn
    std::string turn_secret_file;        // ice.turn_secret: shared secret for time-limited credentials
    std::string turn_username;           // ice.turn_username: long-term credentials instead
    std::string turn_password_file;      // ice.turn_password
    Millis turn_ttl{3600'000};           // ice.turn_ttl
    bool relay_only = false;             // ice.relay_only

    // Limits.
    std::uint32_t connections_max = 18000;        // limits.connections
    std::uint32_t connections_per_address = 640;  // limits.connections_per_address (an IPv6 /64 counts as one)
    std::uint32_t handshakes_per_second = 100;    // limits.handshakes_per_second, an address
    std::uint32_t messages_per_second = 50;       // limits.messages_per_second, a connection
    std::uint32_t message_max = 65536;            // limits.message_max (bytes)
    std::uint32_t header_max = 8192;              // limits.header_max (bytes)
    std::uint32_t body_max = 16384;               // limits.body_max (bytes of an HTTP request)
    Millis first_byte_timeout{10'000};            // limits.first_byte_timeout
    Millis request_timeout{20'000};               // limits.request_timeout: a whole request or handshake
    std::uint32_t send_queue_max = 1048576;       // limits.send_queue (bytes, a connection)
    Millis send_timeout{10'000};                  // limits.send_timeout: a full socket for so long is slow
    std::uint32_t rooms_per_minute = 30;          // limits.rooms_per_minute, an address
    std::uint32_t stun_per_second = 50;           // limits.stun_per_second, an address
    std::uint32_t passwords_per_minute = 20;      // limits.passwords_per_minute, an address and room

    // Whether the certificate is somebody's, not one that this server made.
    bool has_own_certificate() const { return tls == Tls::files || (tls == Tls::automatic && !tls_cert.empty()); }
};

}  // namespace waaft::app
