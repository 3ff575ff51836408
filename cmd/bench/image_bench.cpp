#include "cmd/bench/image_bench.h"

#include "cmd/image/native.h"
#include "cmd/os/files.h"

#include <algorithm>
#include <array>

namespace waaft::bench {
namespace {

constexpr std::size_t builds = 5;
constexpr double seconds_goal = 2;
constexpr double megabytes_goal = 20;

image::BuildOrder order_in(const std::string& folder) {
    image::BuildOrder order;
    order.name = {"waaft:bench", "docker.io/library/waaft:bench", "docker.io/library/waaft", "bench"};
    order.labels = {.version = "bench", .revision = {}, .source = {}, .created = 0};
    order.builder = image::Builder::native;
    order.layout = folder + "/image";
    return order;
}

}  // namespace

waaft::Result<Measured> run_image_bench(const cmd::Streams& streams) {
    const os::Interrupt interrupt;
    const os::TemporaryFolder folder;
    cmd::Progress quiet(streams, cmd::ProgressStyle::quiet);
    std::array<double, builds> seconds{};
    image::Built first;
    for (auto& each : seconds) {
        const auto begin = Clock::now();
        auto built = image::build_native(order_in(folder.path()), quiet, interrupt);
        each = std::chrono::duration<double>(Clock::now() - begin).count();
        if (!built) return built.error();
        if (first.digest.empty()) first = *built;
        if (built->digest != first.digest)
            return Error{"bench_differs", "two builds of the same program are not the same", built->digest, {}};
    }
    std::sort(seconds.begin(), seconds.end());
    const auto megabytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; };
    Measured measured;
    measured.at_most("native build", seconds[builds / 2], "s", seconds_goal);
    measured.at_most("native build, slowest", seconds.back(), "s", seconds_goal);
    measured.at_most("image, compressed", megabytes(first.compressed.value_or(0)), "MB", megabytes_goal);
    measured.at_most("image", megabytes(first.uncompressed.value_or(0)), "MB");
    return measured;
}

}  // namespace waaft::bench
