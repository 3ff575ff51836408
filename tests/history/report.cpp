#include "tests/history/report.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

namespace waaft::history {
namespace {

namespace json = boost::json;

struct Count {
    const char* name;
    std::uint64_t Figures::*value;
};
constexpr std::array<Count, 7> counts{{{"acked", &Figures::acked},
                                       {"lost", &Figures::lost},
                                       {"doubled", &Figures::doubled},
                                       {"reordered", &Figures::reordered},
                                       {"other", &Figures::other},
                                       {"gaps", &Figures::gaps},
                                       {"moved", &Figures::moved}}};

RunRecord parse(const json::object& line) {
    RunRecord run;
    run.fault = json::value_to<std::string>(line.at("fault"));
    run.number = json::value_to<std::uint32_t>(line.at("run"));
    run.seed = json::value_to<std::uint64_t>(line.at("seed"));
    run.seconds = json::value_to<double>(line.at("seconds"));
    run.namespaces = line.at("namespaces").as_bool();
    run.figures.clients = json::value_to<std::uint32_t>(line.at("clients"));
    for (const Count& count : counts) run.figures.*count.value = json::value_to<std::uint64_t>(line.at(count.name));
    run.figures.silences = json::value_to<std::vector<std::int64_t>>(line.at("silences"));
    return run;
}

// The value that `share` of all do not exceed; 0 without values.
std::int64_t percentile(std::vector<std::int64_t> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
    return values[rank];
}

std::string in_seconds(std::int64_t ms) {
    std::array<char, 24> text;
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(ms) / 1000);
    return text.data();
}

std::string row_of(const Fault& fault, const std::vector<const RunRecord*>& runs) {
    Figures sum;
    std::vector<std::int64_t> people;
    std::vector<std::int64_t> last;  // of each run
    for (const RunRecord* run : runs) {
        const Figures& figures = run->figures;
        for (const Count& count : counts) sum.*count.value += figures.*count.value;
        people.insert(people.end(), figures.silences.begin(), figures.silences.end());
        if (!figures.silences.empty())
            last.push_back(*std::max_element(figures.silences.begin(), figures.silences.end()));
    }
    std::string row = "| " + std::string(fault.what) + " | " + std::to_string(runs.size()) + " | " +
                      std::to_string(runs.front()->figures.clients) + " | " + std::to_string(sum.acked);
    for (const std::uint64_t count : {sum.lost, sum.doubled, sum.reordered, sum.other, sum.gaps})
        row += " | " + std::to_string(count);
    for (const double share : {0.5, 0.95}) row += " | " + in_seconds(percentile(people, share));
    for (const double share : {0.5, 0.95, 1.0}) row += " | " + in_seconds(percentile(last, share));
    return row + " |\n";
}

}  // namespace

std::vector<RunRecord> read_runs(const std::string& file) {
    std::vector<RunRecord> runs;
    std::ifstream in(file);
    std::string text;
    while (std::getline(in, text)) {
        boost::system::error_code error;
        const json::value line = json::parse(text, error);
        if (error || !line.is_object() || !line.get_object().contains("silences")) continue;
        runs.push_back(parse(line.get_object()));
    }
    return runs;
}

Result<void> append_run(const std::string& file, const RunRecord& run) {
    json::object line{{"fault", run.fault},
                      {"run", run.number},
                      {"seed", run.seed},
                      {"seconds", run.seconds},
                      {"namespaces", run.namespaces},
                      {"clients", run.figures.clients}};
    for (const Count& count : counts) line[count.name] = run.figures.*count.value;
    line["silences"] = json::value_from(run.figures.silences);
    std::ofstream out(file, std::ios::app);
    out << json::serialize(line) << std::endl;
    if (out) return {};
    return Error{"resume", "the file of runs cannot be written", file, {}};
}

std::string line_of(const RunRecord& run) {
    const Figures& figures = run.figures;
    std::string line =
        run.fault + " " + std::to_string(run.number + 1) + ": " + std::to_string(figures.clients) + " clients";
    for (const Count& count : counts) line += ", " + std::to_string(figures.*count.value) + " " + count.name;
    return line + ", without service p50 " + in_seconds(percentile(figures.silences, 0.5)) + " p95 " +
           in_seconds(percentile(figures.silences, 0.95)) + " longest " + in_seconds(percentile(figures.silences, 1)) +
           " s, seed " + std::to_string(run.seed);
}

std::string table_of(const std::vector<RunRecord>& runs) {
    std::string table =
        "| fault | runs | clients | acked | lost | doubled | reordered | other | gaps told | a person hit: without "
        "service, p50 s | p95 s | until all are back: p50 s | p95 s | longest s |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (const Fault& fault : all_faults()) {
        std::vector<const RunRecord*> those;
        for (const RunRecord& run : runs) {
            if (run.fault == fault.name) those.push_back(&run);
        }
        if (!those.empty()) table += row_of(fault, those);
    }
    return table;
}

}  // namespace waaft::history
