// The one table of every setting of app::Config: name, type, bounds, default, documentation.
//
// Flags, environment variables, the section `serve:` of waaft.yaml, the JSON Schema and the README's
// table are all made from it. Thread: any; the table never changes. Ownership: values; the table
// lives as long as the program. Units: integers as documented per setting, durations milliseconds,
// sizes bytes. Errors: Error with code config_value or config_conflict; `where` is left to the
// caller, who knows the file and line, variable or flag.
#pragma once

#include "server/app/config.h"
#include "server/app/setting_values.h"
#include "server/base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waaft::app {

enum class Kind : std::uint8_t { text, list, boolean, integer, duration, size, choice };

// The member of Config that a setting fills. A choice is kept as text or as an enum whose values
// count the choices in their order.
using Field = std::variant<std::string Config::*, std::vector<std::string> Config::*, bool Config::*,
                           std::uint16_t Config::*, std::uint32_t Config::*, Millis Config::*, Config::Tls Config::*,
                           Config::LogFormat Config::*, Config::RoomsCreate Config::*, Config::RedisAck Config::*>;

struct Setting {
    std::string_view key;    // "listen.port"
    std::string_view alias;  // a shorter flag, "--port"; empty: none
    Kind kind = Kind::text;
    Field field;
    Form form = Form::any;  // text and items of a list
    std::int64_t min = 0;   // integer, duration, size
    std::int64_t max = 0;
    std::span<const std::string_view> choices;  // choice
    std::string_view doc;                       // one sentence
};

std::span<const Setting> settings();
// nullptr: there is no such setting.
const Setting* find_setting(std::string_view key);

std::string flag_name(const Setting& setting);         // "--listen-port"
std::string environment_name(const Setting& setting);  // "WAAFT_LISTEN_PORT"
// "a whole number from 0 to 65535"
std::string expected(const Setting& setting);

// One line of text, as on the command line and in the environment; the items of a list are separated by commas.
Result<void> set_from_text(Config& config, const Setting& setting, std::string_view text);
Result<void> set_from_list(Config& config, const Setting& setting, const std::vector<std::string>& items);

// The canonical text; set_from_text takes it back.
std::string render(const Config& config, const Setting& setting);
// The items of a list; of anything else the text as the one item.
std::vector<std::string> render_list(const Config& config, const Setting& setting);

// Settings that contradict each other: the setting to blame, and why.
struct Conflict {
    std::string_view key;
    Error error;
};
std::vector<Conflict> find_conflicts(const Config& config);

}  // namespace waaft::app
