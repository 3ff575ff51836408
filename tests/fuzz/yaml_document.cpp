// YAML from anybody: never an exception; what is written again means the same.
#include "cmd/yaml/document.h"

#include <boost/json/serialize.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto documents = waaft::yaml::parse_all({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    if (!documents) {
        return 0;
    }
    for (const auto& node : *documents) {
        const auto value = waaft::yaml::to_value(node, "fuzz.yaml");
        if (!value) {
            continue;
        }
        for (const auto& text : {waaft::yaml::emit(*value), waaft::yaml::emit_inline(*value) + "\n"}) {
            const auto again = waaft::yaml::parse(text, "again.yaml", {.bytes = 1 << 26, .nesting = 128});
            const auto same = again ? waaft::yaml::to_value(*again, "again.yaml") : again.error();
            // As text: two NaN are not equal.
            if (!same || boost::json::serialize(*same) != boost::json::serialize(*value)) {
                std::abort();
            }
        }
    }
    return 0;
}
