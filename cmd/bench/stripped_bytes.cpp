#include "cmd/bench/chat_bench.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace waaft::bench {
namespace {

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T& into) {
    file.seekg(static_cast<std::streamoff>(offset));
    return static_cast<bool>(file.read(reinterpret_cast<char*>(&into), sizeof into));
}

// Names of the sections that stay, with their terminators.
constexpr std::uint64_t section_names_bytes = 512;

}  // namespace

// What is loaded, and a table of the sections that are: that is what strip(1) leaves.
std::uint64_t stripped_bytes(const std::string& program) {
    std::ifstream file(program, std::ios::binary);
    Elf64_Ehdr header{};
    if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        return 0;
    }
    std::uint64_t loaded = 0;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        if (!read_at(file, header.e_phoff + std::uint64_t{i} * header.e_phentsize, segment)) return 0;
        loaded = std::max<std::uint64_t>(loaded, segment.p_offset + segment.p_filesz);
    }
    std::uint64_t sections = 2;  // the null section, and the names
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr section{};
        if (!read_at(file, header.e_shoff + std::uint64_t{i} * header.e_shentsize, section)) return 0;
        sections += (section.sh_flags & SHF_ALLOC) != 0 ? 1 : 0;
    }
    return loaded + section_names_bytes + sections * sizeof(Elf64_Shdr);
}

}  // namespace waaft::bench
