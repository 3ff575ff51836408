#include "cmd/project/config_text.h"

#include "cmd/nearest.h"
#include "cmd/project/fields.h"
#include "cmd/project/forms.h"
#include "server/app/settings.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace waaft::project {
namespace {

constexpr std::string_view default_file = "waaft.yaml";
constexpr std::string_view file_variable = "WAAFT_CONFIG";

}  // namespace

std::optional<std::string> find_config(const std::optional<std::string>& flag, const cmd::Environment& environment) {
    if (flag) {
        return flag;
    }
    if (const auto found = environment.find(file_variable); found != environment.end() && !found->second.empty()) {
        return found->second;
    }
    std::error_code ignored;
    if (std::filesystem::exists(default_file, ignored)) {
        return std::string(default_file);
    }
    return std::nullopt;
}

std::string overlay_of(const std::string& file, const std::string& environment) {
    const std::filesystem::path path(file);
    return (path.parent_path() / (path.stem().string() + "." + environment + path.extension().string())).string();
}

Result<ConfigFiles> config_files(const std::optional<std::string>& flag, const std::optional<std::string>& overlay,
                                 const cmd::Environment& environment) {
    ConfigFiles files{find_config(flag, environment), std::nullopt};
    if (!overlay) return files;
    if (!has_form(Form::name, *overlay)) {
        return Error{"usage_environment",
                     "-e takes the name of an environment in lower-case letters, digits and hyphens", *overlay,
                     "write -e staging for waaft.staging.yaml"};
    }
    files.overlay = overlay_of(files.base.value_or(std::string(default_file)), *overlay);
    return files;
}

Result<std::string> read_config(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return Error{"config_unreadable", "this is a folder, not a file", path, "name the file in it"};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error{"config_unreadable", "the file cannot be read: " + std::generic_category().message(errno), path,
                     "check the name and its permissions"};
    }
    std::string text(config_file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::vector<std::string> misspelt_variables(const cmd::Environment& environment) {
    std::vector<std::string> names{std::string(file_variable)};
    for (const auto& setting : app::settings()) {
        names.push_back(app::environment_name(setting));
    }
    for (const auto& field : fields()) {
        names.push_back(environment_name(field));
    }
    std::vector<std::string> warnings;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("WAAFT_") || std::find(names.begin(), names.end(), name) != names.end()) {
            continue;
        }
        const auto guess = cmd::nearest(name, names);
        if (!guess.empty() && cmd::edit_distance(name, guess) <= 2) {
            warnings.push_back(name + " is not a setting; did you mean " + guess + "?");
        }
    }
    return warnings;
}

}  // namespace waaft::project
