// Which build this is: shown by `waaft version`, the log's first line and the metrics.
//
// Thread: any. Ownership: values. The command line fills it in.
#pragma once

#include <string>

namespace waaft::app {

struct BuildInfo {
    std::string version;  // "0.1.0"
    std::string commit;   // abbreviated git commit, or "unknown"
};

}  // namespace waaft::app
