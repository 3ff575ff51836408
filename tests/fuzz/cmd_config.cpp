// waaft.yaml from anybody: never an exception, never a setting that its own table would refuse.
#include "cmd/config_file.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = waaft::cmd::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    if (parsed.errors.size() > waaft::cmd::errors_max) {
        std::abort();
    }
    waaft::app::Config config;
    for (const auto& value : parsed.values) {
        const bool list = value.setting->kind == waaft::app::Kind::list;
        const auto set = list ? waaft::app::set_from_list(config, *value.setting, value.items)
                              : waaft::app::set_from_text(config, *value.setting, value.items.front());
        // What was accepted once is accepted again, as text.
        if (!set.has_value() ||
            !waaft::app::set_from_text(config, *value.setting, waaft::app::render(config, *value.setting))
                 .has_value()) {
            std::abort();
        }
    }
    return 0;
}
