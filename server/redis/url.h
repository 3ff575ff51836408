// The address of a Redis.
//
// Thread: any, no state. Ownership: values. Errors: Error redis_url. Source: the URI schemes redis and rediss as
// registered with IANA; user and password stand in files, never in the address.
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::redis {

struct RedisUrl {
    std::string host;  // without brackets
    std::uint16_t port = 6379;
    std::uint32_t database = 0;
    bool tls = false;

    std::string text() const;  // "host:port", as people read it
};

Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace waaft::redis
