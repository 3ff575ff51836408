// The runs that were made, one JSON object a line of a file so that a series can be resumed, and the table of them.
//
// Thread: one. Ownership: values. Units: milliseconds in the file, seconds in the table. Errors: Error when the file
// cannot be read or written; a line that is not ours is passed over.
#pragma once

#include "tests/history/cluster_course.h"

namespace waaft::history {

struct RunRecord {
    std::string fault;
    std::uint32_t number = 0;  // of the series, from 0
    std::uint64_t seed = 0;
    double seconds = 0;
    bool namespaces = false;
    Figures figures;
};

std::vector<RunRecord> read_runs(const std::string& file);
Result<void> append_run(const std::string& file, const RunRecord& run);

std::string line_of(const RunRecord& run);
// Markdown, the faults in their own order; those without a run are left out.
std::string table_of(const std::vector<RunRecord>& runs);

}  // namespace waaft::history
