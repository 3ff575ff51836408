// What a program says about itself in its ELF headers: machine, loader, libraries, and how much of the
// file is loaded. Reads program headers only, so that a program without section headers is read too.
//
// Thread: any, no state. Ownership: values. Units: bytes, offsets in the file. Bounds: read_elf looks at
// most at 256 segments, 65,536 dynamic entries and 1,024 names of 4,096 bytes.
// Errors: ElfError, never an exception, whatever the bytes. Source: elf(5), System V gABI chapters 4 and 5.
#pragma once

#include "server/base/bytes.h"
#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::image {

enum class ElfError : std::uint8_t {
    not_elf,      // another kind of file
    unsupported,  // not 64 bits, or big-endian
    truncated,    // a header points behind the end of the file
    bad_dynamic,  // the dynamic section contradicts itself
    too_many,     // over the bounds above
};
std::string_view to_string(ElfError error);

struct Elf {
    std::uint16_t machine = 0;        // EM_X86_64 ...
    std::string interpreter;          // "/lib64/ld-linux-x86-64.so.2"; empty: none
    std::vector<std::string> needed;  // DT_NEEDED, in their order
    std::vector<std::string> rpath;   // folders, with $ORIGIN as it stands
    std::vector<std::string> runpath;
    std::uint64_t loaded_end = 0;  // behind the last byte that a program header names
};

Result<Elf, ElfError> read_elf(Bytes file);

// The same program without what is not loaded (symbols, debugging): the file ends behind its last
// segment and has no section headers.
std::string without_symbols(std::string file, const Elf& elf);

// "amd64", as images name it; empty: a machine that is not in the table.
std::string_view architecture_of(std::uint16_t machine);

}  // namespace waaft::image
