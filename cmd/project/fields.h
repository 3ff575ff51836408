// The one table of every field of Project: name, kind, bounds, documentation.
//
// The reader of waaft.yaml, flags and WAAFT_* variables are all made from it. Thread: any; the table never changes.
// Ownership: values; the table lives as long as the program. Units: durations are kept in seconds. Errors: Error with
// code config_value; `where` is left to the caller, who knows the file and line, variable or flag.
#pragma once

#include "cmd/project/forms.h"
#include "cmd/project/project.h"
#include "server/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waaft::project {

// `labels` is a map of texts; `secret` a SecretSource; `secrets` a map of them. These three have no flag
// and no variable.
enum class Kind : std::uint8_t { text, list, boolean, integer, duration, choice, labels, secret, secrets };

// Where in a Project the field is. A choice is kept as text or as an enum whose values count the
// choices in their order.
using Member = std::variant<std::string& (*)(Project&), std::vector<std::string>& (*)(Project&), bool& (*)(Project&),
                            std::uint32_t& (*)(Project&), Expose& (*)(Project&), RedisMode& (*)(Project&),
                            Provider& (*)(Project&), std::map<std::string, std::string>& (*)(Project&),
                            SecretSource& (*)(Project&), std::map<std::string, SecretSource>& (*)(Project&)>;

struct Field {
    std::string_view key;  // "image.repository"
    Kind kind = Kind::text;
    Member member;
    Form form = Form::any;  // text and items of a list
    std::int64_t min = 0;   // integer; duration in seconds
    std::int64_t max = 0;
    std::span<const std::string_view> choices;
    std::string_view doc;         // one sentence
    bool on_flags = false;        // one of project_options()
    std::string_view alias;       // a shorter flag of it, "--context"; empty: none
    std::string_view short_flag;  // "-n"; empty: none
};

std::span<const Field> fields();
// nullptr: there is no such field.
const Field* find_field(std::string_view key);

// "--image-repository"; "WAAFT_IMAGE_REPOSITORY"; both empty for kinds that have none. A setting of the server with the
// same name keeps the variable.
std::string flag_name(const Field& field);
std::string environment_name(const Field& field);
// "a whole number from 1 to 1000"
std::string expected(const Field& field);

// One line of text, as on the command line; the items of a list are separated by commas.
Result<void> set_from_text(Project& project, const Field& field, std::string_view text);
Result<void> set_from_list(Project& project, const Field& field, const std::vector<std::string>& items);
// The canonical text; set_from_text takes it back. Empty for maps and secrets.
std::string render(const Project& project, const Field& field);

// The settings of serve: that name a file whose content is a secret; the keys of `secrets`.
std::span<const std::string_view> secret_settings();

}  // namespace waaft::project
