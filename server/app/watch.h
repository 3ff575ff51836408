// What a running server looks at every few seconds and nobody tells it of: its certificate's files and dates, the file
// of API keys, the folder that its data is in.
//
// Thread: one, not a shard: it reads files. Ownership: the services outlive it. Errors: they become troubles.
#pragma once

#include "server/app/services.h"
#include "server/net/tls.h"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

namespace waaft::app {

std::string database_in(const std::string& data);

class Watch {
public:
    // `tls` may be null. `data`: the folder of the database, empty if there is none.
    Watch(Services& services, std::shared_ptr<net::TlsContext> tls, const std::string& data);

    // When a server was last alive on this data; 0: not known.
    static UnixMs alive_until(const std::string& data);

    void look(UnixMs now);

private:
    struct FileId {
        dev_t device = 0;
        ino_t inode = 0;
        friend bool operator==(const FileId&, const FileId&) = default;
    };
    static std::optional<FileId> id_of(const std::string& file);

    void look_at_certificate(UnixMs now);
    void look_at_keys();
    void look_at_data();
    void say_alive() const;

    Services& services_;
    std::shared_ptr<net::TlsContext> tls_;
    std::string database_;
    std::string alive_;  // a file whose time is when we were last alive
    std::optional<FileId> database_id_;
};

}  // namespace waaft::app
