// The benchmark of the native builder: packs this program into images, each anew, and takes the time.
//
// Thread: main. Ownership: what it writes is in a folder for a while. Units: in the figures. Errors: those of
// cmd/image/build.h, and bench_differs if two builds have not the same bytes.
#pragma once

#include "cmd/bench/figures.h"
#include "cmd/command.h"
#include "server/base/result.h"

#include <vector>

namespace waaft::bench {

waaft::Result<Measured> run_image_bench(const cmd::Streams& streams);

}  // namespace waaft::bench
