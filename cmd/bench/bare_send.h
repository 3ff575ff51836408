// What one core can hand to TCP at best: a loop of sends to 1,000 connected sockets on loopback whose
// other ends another process reads.
//
// Thread: the caller's, for as long as it is told. Ownership: values. Units: frames for each second of
// the sender's CPU time (user and system). Errors: Error{"bare_send"}. Source: sendmsg(2).
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"

#include <cstddef>

namespace waaft::bench {

// A reader on a core of its own looks so often, and does not sleep meanwhile.
inline constexpr Duration read_pause = std::chrono::milliseconds(1);

struct BareSendOptions {
    std::size_t frames = 1;  // in each sendmsg
    std::size_t frame_bytes = 204;
    unsigned sender_core = 0;
    unsigned reader_core = 0;
    Duration duration = std::chrono::seconds(2);
    // How often all sockets get their frames; 0: without a pause.
    unsigned rounds_per_second = 0;
};

Result<double> bare_frames_per_core_second(const BareSendOptions& options);

}  // namespace waaft::bench
