#include "server/app/watch.h"

#include "server/base/log.h"
#include "server/base/origin.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waaft::app {

using Weight = Troubles::Weight;

std::string database_in(const std::string& data) { return data + "/waaft.db"; }

std::optional<Watch::FileId> Watch::id_of(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return std::nullopt;
    return FileId{info.st_dev, info.st_ino};
}

namespace {

std::string alive_in(const std::string& data) { return data + "/alive"; }

}  // namespace

Watch::Watch(Services& services, std::shared_ptr<net::TlsContext> tls, const std::string& data)
    : services_(services), tls_(std::move(tls)) {
    if (data.empty()) return;
    database_ = database_in(data);
    alive_ = alive_in(data);
    if (!services_.database_waits) database_id_ = id_of(database_);
}

UnixMs Watch::alive_until(const std::string& data) {
    struct stat info {};
    if (::stat(alive_in(data).c_str(), &info) != 0) return 0;
    return UnixMs{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

void Watch::look(UnixMs now) {
    look_at_certificate(now);
    look_at_keys();
    look_at_data();
    say_alive();
    if (!services_.revoked_links.known()) read_revoked_links(services_);
}

// Nobody depends on it but who was lost shortly before we ended: where it cannot be written, those may come back
// longer.
void Watch::say_alive() const {
    if (alive_.empty() || (database_id_ && id_of(database_) != database_id_)) return;
    const int file = ::open(alive_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    ::futimens(file, nullptr);
    ::close(file);
}

void Watch::look_at_certificate(UnixMs now) {
    if (!tls_) return;
    Troubles& troubles = services_.troubles;
    if (const auto changed = tls_->reload_if_changed(); !changed.has_value()) {
        const Error& why = changed.error();
        troubles.tell(
            "certificate_files",
            "The new certificate cannot be used; the old one stays in force: " + why.what + " (" + why.where + ").",
            Weight::error);
    } else if (*changed) {
        troubles.clear("certificate_files");
        log::info("A new certificate is in force.");
    }
    const auto reached_by = parse_origin(services_.config.public_url);
    // A self-made certificate has our names, and what a proxy in front of us shows is its own.
    const bool own_name = services_.config.has_own_certificate() && reached_by && reached_by->scheme == "https";
    const auto trouble = net::certificate_trouble(tls_->facts(), own_name ? reached_by->host : std::string(), now);
    if (trouble.empty())
        troubles.clear("certificate");
    else
        troubles.tell("certificate", "The certificate " + trouble + ".", Weight::warning);
}

void Watch::look_at_keys() {
    const auto read = services_.api_keys->refresh();
    if (read)
        services_.troubles.clear("keys");
    else
        services_.troubles.tell(
            "keys", read.error().what + " The keys that were known stay valid. (" + read.error().where + ")",
            Weight::error);
}

// A folder that was removed, or another one in its place. The store refuses to write; here it is told.
void Watch::look_at_data() {
    if (database_.empty()) return;
    if (services_.database_waits) {
        database_id_.reset();  // it may yet be made, or moved aside
        return;
    }
    if (!database_id_) database_id_ = id_of(database_);
    if (!database_id_) return;
    const bool gone = id_of(database_) != database_id_;
    if (gone)
        services_.troubles.tell("data",
                                "The database " + database_ +
                                    " is gone or another one: nothing more is posted. Bring it back, or restart waaft.",
                                Weight::not_ready);
    else
        services_.troubles.clear("data");
}

}  // namespace waaft::app
