// Room passwords: argon2id on a small pool of threads with a bounded queue.
//
// Thread: PasswordPool's calls from any thread; `done` runs on a pool thread. Ownership: the pool
// joins its threads when destroyed. Errors: false from submit functions means the queue is full; no_memory is neither a
// hash nor a wrong password.
// Parameters: t=2, m=19 MiB, p=1 (OWASP ASVS 5.0 appendix C). Source: RFC 9106.
#pragma once

#include "server/base/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace waaft::auth {

enum class PasswordError { no_memory };
// Not a Result<bool>: boost's takes a copy of a non-const one for the answer to "has it a value".
enum class PasswordVerdict { right, wrong, no_memory };

class PasswordPool {
public:
    PasswordPool(std::size_t threads, std::size_t queue_max);
    ~PasswordPool();
    // The encoded hash ("$argon2id$v=19$...").
    bool hash(std::string password, std::function<void(Result<std::string, PasswordError>)> done);
    // What is no encoded hash matches nothing.
    bool verify(std::string password, std::string encoded, std::function<void(PasswordVerdict)> done);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::auth
