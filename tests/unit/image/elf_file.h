// Makes small ELF files for tests: headers as a linker writes them, nothing to run.
#pragma once

#include <elf.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace waaft::testing {

struct ElfFile {
    std::uint16_t machine = EM_X86_64;
    std::string interpreter = {};
    std::vector<std::string> needed = {};
    std::string rpath = {};
    std::string runpath = {};
    std::string symbols = {};  // bytes behind everything that is loaded

    // Header, three segments, dynamic section, names, symbols; the address of a byte is its offset.
    std::string bytes() const {
        std::string names(1, '\0');
        std::vector<Elf64_Dyn> dynamic;
        const auto name = [&](Elf64_Sxword tag, const std::string& text) {
            if (text.empty()) return;
            dynamic.push_back({tag, {names.size()}});
            names += text + '\0';
        };
        for (const auto& library : needed) name(DT_NEEDED, library);
        name(DT_RPATH, rpath);
        name(DT_RUNPATH, runpath);
        const auto interpreter_at = names.size();
        names += interpreter + '\0';

        const std::size_t segments = interpreter.empty() ? 2 : 3;
        const std::size_t dynamic_at = sizeof(Elf64_Ehdr) + segments * sizeof(Elf64_Phdr);
        const std::size_t names_at = dynamic_at + (dynamic.size() + 2) * sizeof(Elf64_Dyn);
        dynamic.push_back({DT_STRTAB, {names_at}});
        dynamic.push_back({DT_NULL, {0}});
        const std::size_t end = names_at + names.size();

        std::string result = header(segments, end);
        append(result, segment(PT_LOAD, 0, end));
        append(result, segment(PT_DYNAMIC, dynamic_at, dynamic.size() * sizeof(Elf64_Dyn)));
        if (!interpreter.empty()) {
            append(result, segment(PT_INTERP, names_at + interpreter_at, interpreter.size() + 1));
        }
        for (const auto& entry : dynamic) append(result, entry);
        return result + names + symbols;
    }

private:
    template <class T>
    static void append(std::string& to, const T& value) {
        to.append(reinterpret_cast<const char*>(&value), sizeof value);
    }

    static Elf64_Phdr segment(std::uint32_t type, std::size_t offset, std::size_t size) {
        Elf64_Phdr result{};
        result.p_type = type;
        result.p_offset = result.p_vaddr = offset;
        result.p_filesz = result.p_memsz = size;
        return result;
    }

    std::string header(std::size_t segments, std::size_t end) const {
        Elf64_Ehdr result{};
        std::memcpy(result.e_ident, ELFMAG, SELFMAG);
        result.e_ident[EI_CLASS] = ELFCLASS64;
        result.e_ident[EI_DATA] = ELFDATA2LSB;
        result.e_ident[EI_VERSION] = EV_CURRENT;
        result.e_type = ET_DYN;
        result.e_machine = machine;
        result.e_phoff = sizeof result;
        result.e_phentsize = sizeof(Elf64_Phdr);
        result.e_phnum = static_cast<std::uint16_t>(segments);
        result.e_shoff = end;
        result.e_shnum = symbols.empty() ? 0 : 3;
        std::string text;
        append(text, result);
        return text;
    }
};

}  // namespace waaft::testing
