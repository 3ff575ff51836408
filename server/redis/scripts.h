// What is decided inside Redis: the Lua scripts, each run whole or not at all.
//
// Thread: any. Ownership: constants. Units: milliseconds of Redis's own clock. Errors: as Redis answers them;
// "DAMAGED ..." where a room is not as the scripts left it. Source: Redis 7.0 EVAL, Lua 5.1 with `struct`.
// A script reads and compares before it writes, so that a mistake in the data leaves nothing half done. If Redis's
// memory is full it refuses a script's first write alone: where that may be refused it is one that needs memory, where
// it must not be (an end, a leave) one that needs none.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace waaft::redis {

enum class Script : std::uint8_t {
    check,
    create,
    read,
    commit,
    history,
    keep,
    servers,
    revoke,
    links,
    allow,
    record,
    list,
    void_all
};
inline constexpr std::size_t scripts_count = 13;

struct ScriptText {
    std::string text;
    std::string sha1;  // how EVALSHA names it
};
const ScriptText& script(Script which);

}  // namespace waaft::redis
