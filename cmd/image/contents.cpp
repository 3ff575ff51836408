#include "cmd/image/contents.h"

#include "cmd/image/copyright.h"
#include "cmd/os/files.h"
#include "server/base/own_program.h"

#include <algorithm>
#include <optional>
#include <set>

namespace waaft::image {
namespace {

constexpr std::size_t file_max = 512 * 1024 * 1024;

ContentFile folder(const std::string& path, std::uint32_t mode = 0755, std::uint32_t owner = 0) {
    return {{.kind = TarEntry::Kind::folder, .path = path, .mode = mode, .uid = owner, .gid = owner}, {}};
}

ContentFile file(const std::string& path, std::string content, std::uint32_t mode = 0644) {
    return {{.kind = TarEntry::Kind::file, .path = path, .mode = mode}, std::move(content)};
}

Result<Elf> read_program(const std::string& path, const std::string& content) {
    auto elf = read_elf(as_bytes(content));
    if (elf) return std::move(*elf);
    return Error{"program_unusable", "this is " + std::string(to_string(elf.error())), path, {}};
}

Result<std::string> read_certificates(const ReadFile& read) {
    const auto& places = authorities_places();
    for (const auto& place : places) {
        if (auto content = read(place); content && !content->empty()) return std::move(*content);
    }
    return Error{"certificates_missing", "the certificates of public authorities were not found", places.front(),
                 "apt-get install ca-certificates"};
}

// What is compiled into the program: beside it where it was built, else where it is installed.
std::optional<std::string> read_own_copyright(const std::string& program, const ReadFile& read) {
    const auto folder = program.substr(0, program.rfind('/'));
    const auto above = folder.substr(0, folder.rfind('/'));
    for (const auto& place : {folder + "/copyright", above + "/share/doc/waaft/copyright"}) {
        if (auto text = read(place); text && !text->empty()) return std::move(*text);
    }
    return std::nullopt;
}

void add_copyrights(Contents& contents, const std::string& program, const std::vector<LoadedFile>& libraries,
                    const ReadFile& read) {
    std::set<std::string> paths;
    for (const auto& library : libraries) paths.insert(library.path);
    auto found = find_copyrights(paths, {"ca-certificates"}, read);
    for (auto& each : found.files) contents.system.push_back(file(each.path.substr(1), std::move(each.content)));
    contents.without_copyright = std::move(found.missing);
    if (auto own = read_own_copyright(program, read)) {
        contents.system.push_back(file("usr/share/doc/waaft/copyright", std::move(*own)));
    } else {
        contents.without_copyright.insert("waaft");
    }
}

// Every folder above a file is an entry of its own, so that its owner and mode are known.
void add_parents(ContentFiles& files) {
    std::set<std::string> have;
    for (const auto& each : files) have.insert(each.entry.path);
    ContentFiles parents;
    for (const auto& each : files) {
        for (auto at = each.entry.path.find('/'); at != std::string::npos; at = each.entry.path.find('/', at + 1)) {
            const auto above = each.entry.path.substr(0, at);
            if (have.insert(above).second) parents.push_back(folder(above));
        }
    }
    std::move(parents.begin(), parents.end(), std::back_inserter(files));
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.entry.path < b.entry.path; });
}

}  // namespace

Result<std::string> read_content(const std::string& path) { return os::read_file(path, file_max); }

Result<std::string> architecture_of_program(const std::string& path) {
    const auto content = read_content(path);
    if (!content) return content.error();
    const auto elf = read_program(path, *content);
    if (!elf) return elf.error();
    const auto architecture = architecture_of(elf->machine);
    if (!architecture.empty()) return std::string(architecture);
    return Error{"program_unusable", "images have no name for machine " + std::to_string(elf->machine), path, {}};
}

Result<Contents> collect_contents(const std::string& path, const ReadFile& read) {
    auto program = read(path);
    if (!program) return program.error();
    const auto elf = read_program(path, *program);
    if (!elf) return elf.error();
    auto libraries = loaded_files(path, *elf, read);
    if (!libraries) return libraries.error();
    auto certificates = read_certificates(read);
    if (!certificates) return certificates.error();

    Contents result;
    result.architecture = architecture_of(elf->machine);
    result.program.push_back(file("waaft", without_symbols(std::move(*program), *elf), 0755));
    auto& system = result.system;
    add_copyrights(result, path, *libraries, read);
    for (auto& library : *libraries) system.push_back(file(library.path.substr(1), std::move(library.content), 0755));
    system.push_back(file("etc/ssl/certs/ca-certificates.crt", std::move(*certificates)));
    system.push_back(file("etc/passwd", "waaft:x:65532:65532:waaft:/data:/sbin/nologin\n"));
    system.push_back(file("etc/group", "waaft:x:65532:\n"));
    system.push_back(folder("tmp", 01777));
    system.push_back(folder("data", 0700, user_id));
    add_parents(system);
    return result;
}

}  // namespace waaft::image
