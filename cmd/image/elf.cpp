#include "cmd/image/elf.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>

namespace waaft::image {
namespace {

static_assert(std::endian::native == std::endian::little, "fields are copied as they lie in the file");

constexpr unsigned segments_max = 256;
constexpr std::uint64_t dynamic_max = 65536;
constexpr std::size_t names_max = 1024;
constexpr std::size_t name_max = 4096;

template <class T>
std::optional<T> at(Bytes file, std::uint64_t offset) {
    if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

// Text that a zero ends.
std::optional<std::string> text_at(Bytes file, std::uint64_t offset) {
    if (offset >= file.size()) return std::nullopt;
    const auto rest = file.subspan(offset, std::min<std::size_t>(file.size() - offset, name_max));
    const auto end = std::find(rest.begin(), rest.end(), 0);
    if (end == rest.end()) return std::nullopt;
    return std::string(rest.begin(), end);
}

std::vector<std::string> folders_of(const std::string& path) {
    std::vector<std::string> result;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const auto end = std::min(path.find(':', begin), path.size());
        if (end > begin) result.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

struct Segments {
    std::vector<Elf64_Phdr> all;

    // Where an address of the running program lies in the file.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
        for (const auto& segment : all) {
            if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                address - segment.p_vaddr < segment.p_filesz) {
                return segment.p_offset + (address - segment.p_vaddr);
            }
        }
        return std::nullopt;
    }
    const Elf64_Phdr* find(std::uint32_t type) const {
        const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.p_type == type; });
        return found == all.end() ? nullptr : &*found;
    }
};

Result<Elf64_Ehdr, ElfError> read_header(Bytes file) {
    if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) return ElfError::not_elf;
    const auto header = at<Elf64_Ehdr>(file, 0);
    if (!header) return ElfError::truncated;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_phentsize != sizeof(Elf64_Phdr)) {
        return ElfError::unsupported;
    }
    if (header->e_phnum > segments_max) return ElfError::too_many;
    return *header;
}

Result<Segments, ElfError> read_segments(Bytes file, const Elf64_Ehdr& header) {
    Segments result;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto step = std::uint64_t{i} * sizeof(Elf64_Phdr);
        if (header.e_phoff > file.size()) return ElfError::truncated;
        const auto segment = at<Elf64_Phdr>(file, header.e_phoff + step);
        if (!segment) return ElfError::truncated;
        if (segment->p_offset > file.size() || segment->p_filesz > file.size() - segment->p_offset) {
            return ElfError::truncated;
        }
        result.all.push_back(*segment);
    }
    return result;
}

Result<std::vector<Elf64_Dyn>, ElfError> read_dynamic(Bytes file, const Elf64_Phdr& segment) {
    std::vector<Elf64_Dyn> result;
    const auto count = segment.p_filesz / sizeof(Elf64_Dyn);
    if (count > dynamic_max) return ElfError::too_many;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto entry = at<Elf64_Dyn>(file, segment.p_offset + i * sizeof(Elf64_Dyn));
        if (!entry) return ElfError::truncated;
        if (entry->d_tag == DT_NULL) break;
        result.push_back(*entry);
    }
    return result;
}

Result<void, ElfError> read_names(Bytes file, const Segments& segments, const std::vector<Elf64_Dyn>& dynamic,
                                  Elf& into) {
    const auto table = std::find_if(dynamic.begin(), dynamic.end(), [](const auto& d) { return d.d_tag == DT_STRTAB; });
    const auto names = table == dynamic.end() ? std::nullopt : segments.offset_of(table->d_un.d_ptr);
    for (const auto& entry : dynamic) {
        if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH) continue;
        if (!names || entry.d_un.d_val > file.size()) return ElfError::bad_dynamic;
        const auto name = text_at(file, *names + entry.d_un.d_val);
        if (!name) return ElfError::bad_dynamic;
        if (entry.d_tag == DT_NEEDED) into.needed.push_back(*name);
        if (entry.d_tag == DT_RPATH) into.rpath = folders_of(*name);
        if (entry.d_tag == DT_RUNPATH) into.runpath = folders_of(*name);
        if (into.needed.size() > names_max) return ElfError::too_many;
    }
    return {};
}

}  // namespace

std::string_view to_string(ElfError error) {
    switch (error) {
        case ElfError::not_elf: return "no ELF program";
        case ElfError::unsupported: return "not a 64-bit little-endian program";
        case ElfError::truncated: return "the file ends too early";
        case ElfError::bad_dynamic: return "its dynamic section is damaged";
        case ElfError::too_many: return "it has more headers than a program has";
    }
    return "unknown";
}

Result<Elf, ElfError> read_elf(Bytes file) {
    const auto header = read_header(file);
    if (!header) return header.error();
    const auto segments = read_segments(file, *header);
    if (!segments) return segments.error();
    Elf result;
    result.machine = header->e_machine;
    result.loaded_end =
        std::max<std::uint64_t>(sizeof *header, header->e_phoff + segments->all.size() * sizeof(Elf64_Phdr));
    if (result.loaded_end > file.size()) return ElfError::truncated;
    for (const auto& segment : segments->all) {
        result.loaded_end = std::max(result.loaded_end, segment.p_offset + segment.p_filesz);
    }
    if (const auto* interpreter = segments->find(PT_INTERP)) {
        const auto name = text_at(file, interpreter->p_offset);
        if (!name) return ElfError::bad_dynamic;
        result.interpreter = *name;
    }
    if (const auto* segment = segments->find(PT_DYNAMIC)) {
        const auto dynamic = read_dynamic(file, *segment);
        if (!dynamic) return dynamic.error();
        if (auto named = read_names(file, *segments, *dynamic, result); !named) return named.error();
    }
    return result;
}

std::string without_symbols(std::string file, const Elf& elf) {
    file.resize(std::min<std::size_t>(file.size(), elf.loaded_end));
    const auto clear = [&](std::size_t offset, std::size_t bytes) {
        if (offset + bytes <= file.size()) std::memset(file.data() + offset, 0, bytes);
    };
    clear(offsetof(Elf64_Ehdr, e_shoff), sizeof(Elf64_Ehdr::e_shoff));
    clear(offsetof(Elf64_Ehdr, e_shnum), sizeof(Elf64_Ehdr::e_shnum));
    clear(offsetof(Elf64_Ehdr, e_shstrndx), sizeof(Elf64_Ehdr::e_shstrndx));
    return file;
}

std::string_view architecture_of(std::uint16_t machine) {
    struct Row {
        std::uint16_t machine;
        std::string_view name;
    };
    static constexpr std::array<Row, 4> rows{
        Row{EM_X86_64, "amd64"}, {EM_AARCH64, "arm64"}, {EM_RISCV, "riscv64"}, {EM_PPC64, "ppc64le"}};
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.machine == machine; });
    return found == rows.end() ? std::string_view() : found->name;
}

}  // namespace waaft::image
