#include "server/app/run.h"

#include "server/app/greeting.h"
#include "server/app/ops.h"
#include "server/app/post_office.h"
#include "server/app/services.h"
#include "server/app/shard.h"
#include "server/app/shared_news.h"
#include "server/app/watch.h"
#include "server/base/cores.h"
#include "server/base/disk_full.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/base/secret_text.h"
#include "server/base/wall_trust.h"
#include "server/net/limits.h"
#include "server/net/proxies.h"
#include "server/net/tls.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace waaft::app {

namespace fs = std::filesystem;

namespace {

constexpr Duration housekeeping_every = std::chrono::seconds(2);
constexpr std::chrono::milliseconds redis_again_first{250};
constexpr std::chrono::milliseconds redis_again_longest{5000};
constexpr Duration drain_without_others = std::chrono::seconds(5);
constexpr Duration drain_look_every = std::chrono::milliseconds(50);
constexpr Duration sweep_every = std::chrono::minutes(10);
constexpr Duration names_every = std::chrono::minutes(1);
// Longer than resume.window can be, with a restart in it: until then a token may still be used.
constexpr std::chrono::hours marks_keep{3};
constexpr std::size_t secret_bytes_max = std::size_t{64} << 10;
constexpr std::uint32_t files_kept_back = 256;  // the store, logs, listeners

// All that lives as long as the server; torn down in stop().
struct Running {
    explicit Running(const Config& config) : services(config) {}

    Services services;
    std::vector<std::unique_ptr<Shard>> shards;
    std::unique_ptr<Ops> ops;
    std::shared_ptr<net::TlsContext> tls;
    std::string data;  // empty: memory only
    std::vector<std::string> names;
    std::string ca_fingerprint;
    std::vector<std::string> secrets;
    // What a full disk had no space for; written as soon as there is some.
    std::string unwritten_secret;
    net::Certificates unwritten_certificates;
    std::unique_ptr<SharedNews> news;
    sigset_t signals{};    // blocked: only signal_within() sees them
    bool gave_up = false;  // a signal came before it served
};

// The signal that came, or something negative.
int signal_within(const Running& running, Duration duration) {
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
    const timespec wait{nanoseconds / std::nano::den, nanoseconds % std::nano::den};
    return sigtimedwait(&running.signals, nullptr, &wait);
}

bool ends(int signal) { return signal == SIGINT || signal == SIGTERM; }

log::Format log_format(const Config& config) {
    if (config.log_format == Config::LogFormat::automatic) {
        return isatty(STDERR_FILENO) == 1 ? log::Format::human : log::Format::json;
    }
    return config.log_format == Config::LogFormat::json ? log::Format::json : log::Format::human;
}

log::Level log_level(const std::string& level) {
    if (level == "debug") return log::Level::debug;
    if (level == "warn") return log::Level::warn;
    if (level == "error") return log::Level::error;
    return log::Level::info;
}

std::string data_directory(const Config& config) {
    if (config.data == "none") return {};
    if (!config.data.empty()) return config.data;
    if (const char* home = std::getenv("XDG_DATA_HOME"); home && *home) return std::string(home) + "/waaft";
    if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.local/share/waaft";
    return "waaft-data";
}

Result<void> make_data_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (says_disk_full(error.value())) return {};  // whoever writes there makes it when there is space
    if (!error && access(directory.c_str(), R_OK | W_OK | X_OK) == 0) {
        chmod(directory.c_str(), 0700);
        return {};
    }
    return Error{"data_unusable", "The data directory cannot be read and written.", directory,
                 "Give this user access to it, or choose another one with --data."};
}

// In a container whose data directory is no volume, everything is gone with the container.
void warn_if_not_kept(const std::string& directory) {
    if (getpid() != 1 || directory.empty()) return;
    struct stat data {};
    struct stat root {};
    if (stat(directory.c_str(), &data) != 0 || stat("/", &root) != 0 || data.st_dev != root.st_dev) return;
    log::warn(
        "The data directory is not a volume: rooms, chat and certificates are lost with this container. "
        "Run it with -v waaft:" +
            directory + ".",
        {{"data", directory}});
}

Result<std::string> read_secret_file(const std::string& file, const char* setting) {
    if (file.empty()) return std::string{};
    std::ifstream in(file, std::ios::binary);
    std::string text(secret_bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    const std::string hint = std::string("Check the setting ") + setting + ".";
    if (!in.is_open() || in.bad())
        return Error{"secret_unreadable", "The file with a secret cannot be read.", file, hint};
    if (text.size() > secret_bytes_max)
        return Error{"secret_bad", "The file with a secret holds more than 64 KiB.", file, hint};
    auto secret = clean_secret(text);
    if (!secret)
        return Error{"secret_bad", "The file with a secret " + std::string(sentence_of(secret.error())) + ".", file,
                     hint};
    return *std::move(secret);
}

// Also on the store's thread.
void tell_opening(Services& services, const store::Opening& opening) {
    if (!opening.moved_aside.empty()) {
        log::error("The database was damaged. It was moved aside and a new, empty one is in use.",
                   {{"moved_to", opening.moved_aside}});
    }
    if (!opening.migrated_copy.empty()) {
        log::info("The database was brought to the new schema; the old one was copied.",
                  {{"copy", opening.migrated_copy}});
    }
    services.database_waits = opening.waits_for.has_value();
    if (!opening.waits_for) return services.troubles.clear("database");
    const Error& why = *opening.waits_for;
    services.troubles.tell(
        "database",
        "The database cannot be opened, which is tried again: " + why.what + " (" + why.where + ") Nothing is posted" +
            (opening.readable ? "; rooms that are made are lost with a restart." : ", and no room can be read."),
        opening.readable ? Troubles::Weight::error : Troubles::Weight::not_ready);
}

Result<void> open_store(Running& running) {
    Services& services = running.services;
    running.data = data_directory(services.config);
    if (!services.config.redis_url.empty()) {
        // Rooms are elsewhere; a self-made certificate is kept here.
        return running.data.empty() ? Result<void>{} : make_data_directory(running.data);
    }
    if (running.data.empty()) {
        services.store = store::open_memory_store();
        log::warn("Nothing is kept on disk: rooms and chat are lost when the server stops.");
        return {};
    }
    if (auto made = make_data_directory(running.data); !made.has_value()) return made.error();
    warn_if_not_kept(running.data);
    services.alive_until = Watch::alive_until(running.data);
    store::SqliteOptions options;
    options.path = database_in(running.data);
    options.on_opening = [&services](const store::Opening& opening) { tell_opening(services, opening); };
    auto opened = store::open_sqlite_store(options);
    if (!opened.has_value()) return opened.error();
    tell_opening(services, *opened);
    services.store = std::move(opened->store);
    return {};
}

std::string secret_in(const std::string& data) { return data + "/secret"; }

void tell_secret(Running& running, const Result<void>& written) {
    if (written) return running.services.troubles.clear("secret");
    running.services.troubles.tell("secret",
                                   written.error().what + " (" + written.error().where +
                                       ") It is tried again; until then people have to join anew after a restart.",
                                   Troubles::Weight::error);
}

// What signs tokens: shared with other servers, kept in the data directory, or only for this run.
Result<std::string> signing_secret(Running& running) {
    const std::string& shared = running.services.config.cluster_secret_file;
    if (!shared.empty()) return auth::read_secret(shared);
    if (running.data.empty()) return {boost::system::in_place_value, random_key()};
    auto kept = auth::ensure_secret(secret_in(running.data));
    const bool no_space = kept.has_error() && (kept.error().code == "secret_full" || !fs::exists(running.data));
    if (!no_space) return kept;
    running.unwritten_secret = random_key();
    tell_secret(running, kept.error());
    return {boost::system::in_place_value, running.unwritten_secret};
}

Result<void> open_secrets(Running& running) {
    Services& services = running.services;
    const Config& config = services.config;
    auto secret = signing_secret(running);
    if (!secret.has_value()) return secret.error();
    running.secrets = {std::move(*secret)};
    if (!config.cluster_old_secret_file.empty()) {
        auto old = auth::read_secret(config.cluster_old_secret_file);
        if (!old.has_value()) return old.error();
        running.secrets.push_back(std::move(*old));
    }
    services.signer.emplace(running.secrets);
    auto keys = auth::ApiKeys::open(config.keys_file);
    if (!keys.has_value()) return keys.error();
    services.api_keys = std::move(*keys);
    auto turn_secret = read_secret_file(config.turn_secret_file, "ice.turn_secret");
    if (!turn_secret.has_value()) return turn_secret.error();
    services.turn_secret = *turn_secret;
    auto turn_password = read_secret_file(config.turn_password_file, "ice.turn_password");
    if (!turn_password.has_value()) return turn_password.error();
    services.turn_password = *turn_password;
    services.passwords = std::make_unique<auth::PasswordPool>(2, 256);
    return {};
}

// Says whether two servers have the same secret, and nothing else about it.
std::string fingerprint_of(const std::string& secret) {
    return auth::sha256_hex("waaft cluster\n" + secret).substr(0, 16);
}

Result<redis::RedisOptions> redis_options(const Running& running) {
    const Services& services = running.services;
    const Config& config = services.config;
    auto password = read_secret_file(config.redis_password_file, "redis.password");
    if (!password.has_value()) return password.error();
    redis::RedisOptions options;
    options.url = config.redis_url;
    options.ca_file = config.redis_ca;
    options.user = config.redis_user;
    options.password = *password;
    options.prefix = config.redis_prefix;
    options.server = services.server_id;
    for (const std::string& secret : running.secrets) options.secrets.push_back(fingerprint_of(secret));
    const bool fsync = config.redis_ack == Config::RedisAck::fsync;
    options.ack = fsync ? redis::RedisOptions::Ack::fsync : redis::RedisOptions::Ack::memory;
    options.chat_keep_messages = config.chat_keep_messages;
    options.nonce_keep = config.chat_nonce_keep;
    return options;
}

// A Redis that does not answer is waited for; what is wrong with it for good ends the start.
Result<void> open_shared_store(Running& running) {
    Services& services = running.services;
    if (services.config.redis_url.empty()) return {};
    services.server_id = random_member_id();
    running.news = std::make_unique<SharedNews>(services);
    const auto options = redis_options(running);
    if (!options.has_value()) return options.error();
    std::string last_why;
    for (auto wait = redis_again_first; !running.gave_up; wait = std::min(2 * wait, redis_again_longest)) {
        auto opened = redis::open_redis(*options, *running.news);
        if (opened.has_value()) {
            services.shared = std::move(*opened);
            return {};
        }
        const Error& why = opened.error();
        if (why.code != "redis_away") return why;
        if (std::exchange(last_why, why.what) != why.what)
            log::warn("Waiting for Redis: " + why.what, {{"redis", why.where}, {"hint", why.hint}});
        // Any time in the second half: many servers do not come at one moment.
        const auto jitter = std::chrono::milliseconds(random_u64() % static_cast<std::uint64_t>(wait.count() / 2));
        running.gave_up = ends(signal_within(running, wait / 2 + jitter));
    }
    return {};
}

void tell_certificates(Running& running, const net::LocalCa& made) {
    running.unwritten_certificates = made.not_written ? made.certificates : net::Certificates();
    if (!made.not_written) return running.services.troubles.clear("local_ca");
    running.services.troubles.tell("local_ca",
                                   "The server's own certificate cannot be written: the disk is full. (" +
                                       made.not_written->where +
                                       ") It is tried again; until then a restart makes another one.",
                                   Troubles::Weight::error);
}

Result<void> make_local_certificate(Running& running) {
    net::LocalCaOptions options;
    options.directory = (running.data.empty() ? fs::temp_directory_path() / ("waaft-" + std::to_string(getpid()))
                                              : fs::path(running.data) / "tls")
                            .string();
    options.names = running.names;
    for (const std::string& name : running.services.config.tls_names) options.names.push_back(name);
    options.unwritten = running.unwritten_certificates;
    auto ca = net::ensure_local_ca(options, read_clocks().wall);
    if (!ca.has_value()) return ca.error();
    running.services.ca_pem = ca->certificates.ca_cert;
    running.ca_fingerprint = ca->fingerprint_sha256;
    tell_certificates(running, *ca);
    if (running.tls) return {};  // renewed: reload_if_changed() takes it over
    auto context = ca->not_written ? net::TlsContext::from_local_ca(*ca)
                                   : net::TlsContext::from_files(ca->cert_file, ca->key_file);
    if (!context.has_value()) return context.error();
    running.tls = std::move(*context);
    return {};
}

Result<void> open_tls(Running& running) {
    const Config& config = running.services.config;
    running.names = net::machine_names();
    if (config.tls == Config::Tls::off) return {};
    if (!config.has_own_certificate()) return make_local_certificate(running);
    auto context = net::TlsContext::from_files(config.tls_cert, config.tls_key);
    if (!context.has_value()) return context.error();
    running.tls = std::move(*context);
    if (config.tls_ca.empty()) return {};
    auto authority = net::read_authority(config.tls_ca);
    if (!authority.has_value()) return authority.error();
    running.services.ca_pem = std::move(authority->pem);
    running.ca_fingerprint = std::move(authority->fingerprint_sha256);
    return {};
}

// As many open files as the system allows; fewer connections if that is too few.
void fit_open_files(Config& config) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= config.connections_max + files_kept_back) return;
    const auto possible =
        static_cast<std::uint32_t>(limit.rlim_max > files_kept_back ? limit.rlim_max - files_kept_back : 64);
    log::warn("The system allows fewer open files than limits.connections needs.",
              {{"connections", std::to_string(possible)}, {"open_files", std::to_string(limit.rlim_max)}});
    config.connections_max = possible;
}

Result<net::ServerOptions> server_options(Running& running) {
    const Config& config = running.services.config;
    net::ServerOptions options;
    options.address = config.address;
    options.port = config.port;
    options.plain_only = config.tls == Config::Tls::off;
    options.tls = running.tls;
    options.limits.header_max = config.header_max;
    options.limits.body_max = config.body_max;
    options.limits.message_max = config.message_max;
    options.limits.send_queue_max = config.send_queue_max;
    options.limits.first_byte_timeout = config.first_byte_timeout;
    options.limits.request_timeout = config.request_timeout;
    options.limits.send_timeout = config.send_timeout;
    options.address_limits = std::make_shared<net::AddressLimits>(net::AddressLimits::Options{
        config.connections_max, config.connections_per_address, config.handshakes_per_second});
    auto proxies = net::TrustedProxies::parse(config.trusted_proxies);
    if (!proxies.has_value()) return proxies.error();
    options.proxies = std::make_shared<const net::TrustedProxies>(std::move(*proxies));
    return options;
}

Result<void> open_shards(Running& running) {
    Services& services = running.services;
    const std::uint32_t count = services.config.shards == 0 ? usable_cores() : services.config.shards;
    services.post_office = std::make_unique<PostOffice>(count);
    if (services.config.port != 0) {
        auto free = net::check_port_free(services.config.address, services.config.port);
        if (!free.has_value()) return free.error();
    }
    auto options = server_options(running);
    if (!options.has_value()) return options.error();
    for (std::uint32_t i = 0; i < count; ++i) {
        auto shard = std::make_unique<Shard>(i, services);
        auto port = shard->listen(*options);
        if (!port.has_value()) return port.error();
        options->port = services.port = *port;  // the others share it
        if (running.news) shard->listen_to(*running.news);
        running.shards.push_back(std::move(shard));
    }
    return {};
}

Result<void> open_ops(Running& running) {
    if (running.services.config.ops_address.empty()) return {};
    auto ops = Ops::start(running.services);
    if (!ops.has_value()) return ops.error();
    running.ops = std::move(*ops);
    return {};
}

void serve_ops(Running& running) {
    if (!running.ops) return;
    std::vector<const Shard*> shards;
    for (const auto& shard : running.shards) shards.push_back(shard.get());
    running.ops->serve(std::move(shards));
}

void close_stores(Services& services) {
    if (services.store) services.store->close();
    if (services.shared) services.shared->close();
}

void find_reach(Running& running) {
    Services& services = running.services;
    std::vector<std::string> names = net::machine_names();
    // First what other devices will use, before the bridges of containers and the like.
    std::stable_partition(names.begin(), names.end(),
                          [outward = net::outward_address()](const std::string& name) { return name == outward; });
    const bool own = running.tls && services.config.has_own_certificate();
    const auto certificate = own ? running.tls->facts().names : std::vector<std::string>();
    services.reach = std::make_shared<const Reach>(reach_of(services.config, services.port, names, certificate));
}

void greet(const Running& running) {
    const Config& config = running.services.config;
    const std::uint16_t ops_port = running.ops ? running.ops->port() : std::uint16_t{0};
    const Greeting greeting = make_greeting(config, *running.services.reach.load(), ops_port, running.ca_fingerprint);
    if (log_format(config) == log::Format::human) {
        const bool colour = isatty(STDERR_FILENO) == 1 && !std::getenv("NO_COLOR");
        std::fputs(render_greeting(greeting, colour).c_str(), stderr);
        return;
    }
    log::info("Serving.", {{"url", greeting.links.front()},
                           {"port", std::to_string(running.services.port)},
                           {"ops_port", std::to_string(ops_port)},
                           {"shards", std::to_string(running.shards.size())},
                           {"version", running.services.build.version}});
}

// ---- while it runs ----

void renew_local_certificate(Running& running) {
    const Config& config = running.services.config;
    if (config.tls == Config::Tls::off || config.has_own_certificate()) return;
    running.names = net::machine_names();
    if (auto made = make_local_certificate(running); !made.has_value()) {
        log::warn("The certificate could not be renewed.", {{"why", made.error().what}, {"file", made.error().where}});
    }
}

void write_what_waits(Running& running) {
    if (!running.unwritten_certificates.cert.empty()) renew_local_certificate(running);
    if (running.unwritten_secret.empty()) return;
    const auto written = auth::write_secret(secret_in(running.data), running.unwritten_secret);
    tell_secret(running, written);
    if (written) running.unwritten_secret.clear();
}

void sweep(Services& services) {
    const Config& config = services.config;
    services.revoked_links.forget_expired(read_clocks().wall);
    if (!services.store) return;  // Redis forgets by itself
    // An open room that is in use is marked each hour (Home::keep_rooms_alive).
    const UnixMs unused_age_ms = config.rooms_keep.count() + std::chrono::milliseconds(std::chrono::hours(24)).count();
    const store::Retention retention{config.chat_keep_age.count(), config.chat_keep_messages, config.rooms_keep.count(),
                                     unused_age_ms, std::chrono::milliseconds(marks_keep).count()};
    services.store->sweep(retention, read_clocks().wall, [](auto) {});
}

void housekeep_until_signal(Running& running) {
    TimePoint next_sweep = Clock::now() + std::chrono::seconds(30);
    TimePoint next_names = Clock::now() + names_every;
    WallTrust wall_trust(read_clocks());
    const bool has_database = running.services.store && !running.data.empty();
    Watch watch(running.services, running.tls, has_database ? running.data : std::string());
    while (true) {
        watch.look(read_clocks().wall);
        const int signal = signal_within(running, housekeeping_every);
        if (ends(signal)) return;
        write_what_waits(running);
        const TimePoint now = Clock::now();
        if (now >= next_names || signal == SIGHUP) {
            renew_local_certificate(running);
            find_reach(running);
            next_names = now + names_every;
        }
        if (wall_trust.look(read_clocks()) && now >= next_sweep) {
            sweep(running.services);
            next_sweep = now + sweep_every;
        }
    }
}

std::uint64_t sessions_of(const Running& running) {
    std::uint64_t sum = 0;
    for (const auto& shard : running.shards) sum += shard->counters().sessions.load();
    return sum;
}

// The other servers have everybody's rooms: people move there one after the other, and nobody is disconnected.
void drain(Running& running) {
    Services& services = running.services;
    log::info("Stopping: everybody is asked to move to another server.",
              {{"people", std::to_string(sessions_of(running))}});
    services.draining = true;
    for (const auto& shard : running.shards) shard->ask_to_move();
    const TimePoint limit = Clock::now() + services.config.drain_grace;
    TimePoint possible_at = Clock::now();  // the last time that there was somewhere to go
    while (sessions_of(running) != 0 && Clock::now() < std::min(limit, possible_at + drain_without_others)) {
        if (services.servers_alive > 1 && services.shared->status().up) possible_at = Clock::now();
        std::this_thread::sleep_for(drain_look_every);
    }
}

void stop(Running& running) {
    // A second signal ends the process at once, by its default action.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &running.signals, nullptr);
    if (running.services.shared && running.services.servers_alive > 1) drain(running);
    log::info("Stopping: everybody is told that the server restarts.");
    running.services.stopping = true;
    for (const auto& shard : running.shards) shard->stop();
    for (const auto& shard : running.shards) shard->join();
    running.ops.reset();
    // What was posted is written; its answers find no loop any more, the clients ask again.
    close_stores(running.services);
    running.services.passwords.reset();
    running.shards.clear();
    log::info("Stopped.");
}

}  // namespace

Result<void> run_server(const Config& config, const BuildInfo& build) {
    Running running(config);
    sigemptyset(&running.signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&running.signals, signal);
    // Before any thread starts, so that all inherit it.
    pthread_sigmask(SIG_BLOCK, &running.signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    log::start(log_format(config), log_level(config.log_level));
    running.services.build = build;
    fit_open_files(running.services.config);
    for (const auto step : {open_store, open_secrets, open_ops, open_shared_store, open_tls, open_shards}) {
        if (auto done = step(running); !done.has_value()) {
            // The store's thread must not outlive what its answers refer to.
            close_stores(running.services);
            return done.error();
        }
        if (running.gave_up) {
            log::info("Stopped.");
            return {};
        }
    }
    read_revoked_links(running.services);
    find_reach(running);
    for (const auto& shard : running.shards) shard->start();
    serve_ops(running);
    greet(running);
    housekeep_until_signal(running);
    stop(running);
    return {};
}

}  // namespace waaft::app
