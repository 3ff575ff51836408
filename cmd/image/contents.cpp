#include "cmd/image/contents.h"

#include "cmd/os/files.h"

#include <algorithm>
#include <array>
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

// Debian's place; then Fedora's and openSUSE's.
Result<std::string> read_certificates(const ReadFile& read) {
    static constexpr std::array<const char*, 3> places{"/etc/ssl/certs/ca-certificates.crt",
                                                       "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};
    for (const auto* place : places) {
        if (auto content = read(place); content && !content->empty()) return std::move(*content);
    }
    return Error{"certificates_missing", "the certificates of public authorities were not found", places.front(),
                 "apt-get install ca-certificates"};
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
    for (auto& library : *libraries) system.push_back(file(library.path.substr(1), std::move(library.content), 0755));
    system.push_back(file("etc/ssl/certs/ca-certificates.crt", std::move(*certificates)));
    system.push_back(file("etc/passwd", "waaft:x:65532:65532:waaft:/data:/sbin/nologin\n"));
    system.push_back(file("etc/group", "waaft:x:65532:\n"));
    // Without it glibc asks DNS before /etc/hosts, where a cluster or an engine writes names.
    system.push_back(file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"));
    system.push_back(folder("tmp", 01777));
    system.push_back(folder("data", 0700, user_id));
    add_parents(system);
    return result;
}

}  // namespace waaft::image
