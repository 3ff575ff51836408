// The text forms of values: the first byte chooses the setting, the rest is its text.
#include "server/app/settings.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto table = waaft::app::settings();
    const auto& setting = table[data[0] % table.size()];
    waaft::app::Config config;
    if (!waaft::app::set_from_text(config, setting, {reinterpret_cast<const char*>(data) + 1, size - 1}).has_value()) {
        return 0;
    }
    waaft::app::Config again;
    const auto text = waaft::app::render(config, setting);
    if (!waaft::app::set_from_text(again, setting, text).has_value() || waaft::app::render(again, setting) != text) {
        std::abort();
    }
    return 0;
}
