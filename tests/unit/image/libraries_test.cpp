#include "cmd/image/libraries.h"
#include "cmd/image/loader_cache.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/elf_file.h"
#include "tests/unit/image/ran.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <regex>

using namespace waaft;
using namespace waaft::image;
using testing::ElfFile;

namespace {

using FileSystem = std::map<std::string, std::string>;

ReadFile reader(const FileSystem& files) {
    return [files](const std::string& path) -> Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return Error{"file_unreadable", "no such file", path, {}};
        return found->second;
    };
}

struct CacheRow {
    std::string name;
    std::string path;
    std::uint64_t hwcap = 0;
};

// As ldconfig writes it: magic, sizes, entries, texts.
std::string cache_of(const std::vector<CacheRow>& rows) {
    std::string texts;
    std::string entries;
    const auto base = 48 + rows.size() * 24;
    const auto put = [](std::string& to, auto value) {
        to.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    for (const auto& row : rows) {
        put(entries, std::int32_t{0x0303});
        put(entries, static_cast<std::uint32_t>(base + texts.size()));
        texts += row.name + '\0';
        put(entries, static_cast<std::uint32_t>(base + texts.size()));
        texts += row.path + '\0';
        put(entries, std::uint32_t{0});
        put(entries, row.hwcap);
    }
    std::string header = "glibc-ld.so.cache1.1";
    put(header, static_cast<std::uint32_t>(rows.size()));
    put(header, static_cast<std::uint32_t>(texts.size()));
    header.resize(48);
    return header + entries + texts;
}

const std::string interpreter = "/lib64/ld-linux-x86-64.so.2";
const std::string usual = "/lib/x86_64-linux-gnu/";

// libc and the loader, which need each other.
FileSystem small_system() {
    return {{interpreter, ElfFile{}.bytes()},
            {usual + "libc.so.6", ElfFile{.needed = {"ld-linux-x86-64.so.2"}}.bytes()}};
}

Result<std::vector<LoadedFile>> loaded(const FileSystem& files, const std::string& program) {
    const auto elf = read_elf(as_bytes(files.at(program)));
    REQUIRE(elf.has_value());
    return loaded_files(program, *elf, reader(files));
}

std::vector<std::string> paths_of(const Result<std::vector<LoadedFile>>& files) {
    REQUIRE(files.has_value());
    std::vector<std::string> result;
    for (const auto& file : *files) result.push_back(file.path);
    return result;
}

}  // namespace

TEST_CASE("this very program loads what ldd says") {
    const auto program = testing::read_file("/proc/self/exe");
    const auto elf = read_elf(as_bytes(program));
    REQUIRE(elf.has_value());
    const auto files = loaded_files("/proc/self/exe", *elf, [](const std::string& path) -> Result<std::string> {
        if (!std::filesystem::is_regular_file(path)) return Error{"file_unreadable", "none", path, {}};
        return testing::read_file(path);
    });
    const auto real = testing::ran({"ldd", std::filesystem::read_symlink("/proc/self/exe")});
    std::vector<std::string> expected;
    const std::regex path("/[^ )]+");
    for (std::sregex_iterator at(real.out.begin(), real.out.end(), path), end; at != end; ++at) {
        expected.push_back(at->str());
    }
    std::sort(expected.begin(), expected.end());
    CHECK(expected.size() >= 4);
    CHECK(paths_of(files) == expected);
}

TEST_CASE("libraries are found where the loader finds them") {
    auto files = small_system();
    files["/etc/ld.so.cache"] = cache_of({{"libz.so.1", usual + "glibc-hwcaps/x86-64-v3/libz.so.1", 0x4000000000000001},
                                          {"libz.so.1", "/lib/i386-linux-gnu/libz.so.1"},
                                          {"libz.so.1", usual + "libz.so.1"},
                                          {"libfar.so.2", "/opt/far/libfar.so.2"}});
    files["/lib/i386-linux-gnu/libz.so.1"] = ElfFile{.machine = EM_386}.bytes();
    files[usual + "glibc-hwcaps/x86-64-v3/libz.so.1"] = ElfFile{.symbols = "for newer processors"}.bytes();
    files[usual + "libz.so.1"] = ElfFile{.needed = {"libc.so.6"}}.bytes();
    files["/opt/far/libfar.so.2"] = ElfFile{.needed = {"libz.so.1"}}.bytes();
    files["/srv/waaft/lib/libown.so"] = ElfFile{.needed = {"libdeep.so"}, .rpath = "$ORIGIN/deep"}.bytes();
    files["/srv/waaft/lib/deep/libdeep.so"] = ElfFile{}.bytes();
    files["/usr/lib/x86_64-linux-gnu/libu.so"] = ElfFile{}.bytes();

    SECTION("cache, RUNPATH, RPATH, usual folders; all of them where the image's loader looks") {
        files["/srv/waaft/bin/waaft"] = ElfFile{.interpreter = interpreter,
                                                .needed = {"libfar.so.2", "libown.so", "libu.so", "libc.so.6"},
                                                .runpath = "${ORIGIN}/../lib:relative:/nowhere"}
                                            .bytes();
        // ORIGIN is not normalised by the loader either.
        files["/srv/waaft/bin/../lib/libown.so"] = files["/srv/waaft/lib/libown.so"];
        files["/srv/waaft/bin/../lib/deep/libdeep.so"] = files["/srv/waaft/lib/deep/libdeep.so"];
        const auto result = loaded(files, "/srv/waaft/bin/waaft");
        CHECK(paths_of(result) == std::vector<std::string>{usual + "libc.so.6", usual + "libdeep.so",
                                                           usual + "libfar.so.2", usual + "libown.so",
                                                           usual + "libz.so.1", interpreter,
                                                           "/usr/lib/x86_64-linux-gnu/libu.so"});
        CHECK(result->at(4).content == files[usual + "libz.so.1"]);
    }
    SECTION("a missing library is named, with who needs it and where it was looked for") {
        files["/waaft"] = ElfFile{.interpreter = interpreter, .needed = {"libgone.so.9"}, .runpath = "/opt"}.bytes();
        const auto result = loaded(files, "/waaft");
        REQUIRE(result.has_error());
        CHECK(result.error().code == "library_missing");
        CHECK(result.error().what == "libgone.so.9, which /waaft needs, was not found");
        CHECK(result.error().where.starts_with("/opt:/lib/x86_64-linux-gnu:"));
    }
    SECTION("a program for itself") {
        files["/waaft"] = ElfFile{}.bytes();
        CHECK(paths_of(loaded(files, "/waaft")).empty());
    }
}

TEST_CASE("a damaged loader cache is refused, whatever is cut or changed") {
    const auto good = cache_of({{"a.so", "/lib/a.so"}, {"b.so", "/lib/b.so"}});
    REQUIRE(read_loader_cache(as_bytes(good)).has_value());
    CHECK(read_loader_cache(as_bytes(good))->at("b.so") == std::vector<std::string>{"/lib/b.so"});
    CHECK(read_loader_cache(as_bytes("old form before it" + good)).has_value());
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO(size);
        CHECK(read_loader_cache(as_bytes(good).first(size)).has_error());
    }
    auto many = good;
    many.replace(20, 4, "\xff\xff\xff\x7f");
    CHECK(read_loader_cache(as_bytes(many)).error() == LoaderCacheError::too_many);
}
