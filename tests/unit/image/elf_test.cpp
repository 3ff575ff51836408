#include "cmd/image/elf.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/elf_file.h"
#include "tests/unit/image/ran.h"

#include <sys/stat.h>

using namespace waaft;
using namespace waaft::image;
using testing::ElfFile;

namespace {

const ElfFile elf_sample{.interpreter = "/lib64/ld-linux-x86-64.so.2",
                         .needed = {"libssl.so.3", "libc.so.6"},
                         .rpath = "/old",
                         .runpath = "$ORIGIN/../lib:/opt/lib",
                         .symbols = "symbols and such"};

std::string with(std::string bytes, std::size_t offset, const std::string& patch) {
    return bytes.replace(offset, patch.size(), patch);
}

}  // namespace

TEST_CASE("an ELF file says what it needs") {
    const auto elf = read_elf(as_bytes(elf_sample.bytes()));
    REQUIRE(elf.has_value());
    CHECK(elf->machine == EM_X86_64);
    CHECK(elf->interpreter == "/lib64/ld-linux-x86-64.so.2");
    CHECK(elf->needed == std::vector<std::string>{"libssl.so.3", "libc.so.6"});
    CHECK(elf->rpath == std::vector<std::string>{"/old"});
    CHECK(elf->runpath == std::vector<std::string>{"$ORIGIN/../lib", "/opt/lib"});
    CHECK(elf->loaded_end == elf_sample.bytes().size() - elf_sample.symbols.size());
}

TEST_CASE("what is no ELF file, or a damaged one, is named") {
    const auto good = elf_sample.bytes();
    struct Row {
        const char* what;
        std::string bytes;
        ElfError error;
    };
    const std::vector<Row> rows{
        {"empty", "", ElfError::not_elf},
        {"a script", "#!/bin/sh\n", ElfError::not_elf},
        {"only the beginning", good.substr(0, 20), ElfError::truncated},
        {"cut in the program headers", good.substr(0, 100), ElfError::truncated},
        {"cut in the names", good.substr(0, good.size() - elf_sample.symbols.size() - 1), ElfError::truncated},
        {"32 bits", with(good, EI_CLASS, "\1"), ElfError::unsupported},
        {"big-endian", with(good, EI_DATA, "\2"), ElfError::unsupported},
        {"65,535 segments", with(good, offsetof(Elf64_Ehdr, e_phnum), "\xff\xff"), ElfError::too_many},
        {"headers far away", with(good, offsetof(Elf64_Ehdr, e_phoff), std::string(8, '\xff')), ElfError::truncated},
        {"a name outside", with(good, sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr) + 8, "\xff\xff\xff"),
         ElfError::bad_dynamic},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        const auto elf = read_elf(as_bytes(row.bytes));
        REQUIRE(elf.has_error());
        CHECK(to_string(elf.error()) == to_string(row.error));
    }
}

TEST_CASE("each prefix of a file is read or refused, never more") {
    const auto good = elf_sample.bytes();
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto elf = read_elf(as_bytes(good).first(size));
        if (elf.has_value()) CHECK(elf->loaded_end <= size);
    }
}

TEST_CASE("without symbols a program is smaller, the same to the loader, and runs") {
    const auto program = testing::read_file("/proc/self/exe");
    const auto elf = read_elf(as_bytes(program));
    REQUIRE(elf.has_value());
    const auto stripped = without_symbols(program, *elf);
    CHECK(stripped.size() < program.size());
    const auto again = read_elf(as_bytes(stripped));
    REQUIRE(again.has_value());
    CHECK(again->needed == elf->needed);
    CHECK(again->loaded_end == elf->loaded_end);
    CHECK(without_symbols(stripped, *again) == stripped);

    const testing::TemporaryDirectory folder;
    testing::write_file(folder.file("program"), stripped);
    REQUIRE(::chmod(folder.file("program").c_str(), 0755) == 0);
    const auto ran = testing::ran({folder.file("program"), "--help"});
    CHECK(ran.exit_code == 0);
}

TEST_CASE("architectures have the names that images use") {
    CHECK(architecture_of(EM_X86_64) == "amd64");
    CHECK(architecture_of(EM_AARCH64) == "arm64");
    CHECK(architecture_of(EM_386).empty());
}
