// Moves the wall clock of a program that is started with this as LD_PRELOAD, and of nobody else: by as many seconds as
// the file named by MOVED_CLOCK holds (a 64-bit number, least significant byte first), which may change while it runs.
//
// Thread: any. Errors: without such a file the clock is not moved. Source: clock_gettime(2), ld.so(8).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::atomic<std::int64_t>* open_shift() {
    const char* name = std::getenv("MOVED_CLOCK");
    const int file = name != nullptr ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return nullptr;
    void* bytes = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    return bytes != MAP_FAILED ? static_cast<const std::atomic<std::int64_t>*>(bytes) : nullptr;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static const std::atomic<std::int64_t>* const shift = open_shift();
    const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (result == 0 && wall && shift != nullptr) time->tv_sec += *shift;
    return result;
}
