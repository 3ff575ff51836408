#include "cmd/manifest/files.h"

#include "cmd/os/files.h"
#include "cmd/yaml/document.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

namespace waaft::manifest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "# Written by `waaft manifests`.";

// "07-service-waaft.yaml"
std::string file_name(std::size_t number, const Object& object) {
    std::string name = (number < 10 ? "0" : "") + std::to_string(number) + "-" + kind_of(object) + "-";
    name += name_of(object) + ".yaml";
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
}

Error unusable(const std::string& folder, const std::error_code& error) {
    return {"manifest_folder", "the folder cannot be used: " + error.message(), folder,
            "name another one with --output-dir"};
}

bool is_ours(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    return file.extension() == ".yaml" && std::getline(in, line) && line == first_line;
}

// What an earlier run left there, names alone.
Result<std::vector<std::string>> present_files(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (at->is_regular_file(error) && is_ours(at->path())) names.push_back(at->path().filename().string());
    if (error) return unusable(folder, error);
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::string to_yaml(const Objects& objects) {
    std::string text;
    for (const auto& object : objects) text += "---\n" + yaml::emit(object);
    return text;
}

Result<FolderFiles> write_folder(const std::string& folder, const Objects& objects) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return unusable(folder, error);
    const auto present = present_files(folder);
    if (!present) return present.error();
    FolderFiles files;
    for (const auto& object : objects) {
        const auto name = file_name(files.written.size() + 1, object);
        const auto text = std::string(first_line) + "\n" + yaml::emit(object);
        if (auto wrote = os::write_file((fs::path(folder) / name).string(), text); !wrote) return wrote.error();
        files.written.push_back(name);
    }
    for (const auto& name : *present) {
        if (std::find(files.written.begin(), files.written.end(), name) != files.written.end()) continue;
        fs::remove(fs::path(folder) / name, error);
        if (error) return unusable(folder, error);
        files.removed.push_back(name);
    }
    return files;
}

}  // namespace waaft::manifest
