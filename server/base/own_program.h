// Where this program is, also where it was unpacked from an archive and its own loader started it: then
// /proc/self/exe is the loader. And what such a program must find beside itself instead of on the machine.
//
// Thread: any; look_up_names() before the first other thread. Ownership: values. Units: none.
// Errors: none; what is not known is empty. Source: proc(5), ld.so(8), nss.h of glibc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft {

struct OwnProgram {
    std::string file;      // its ELF file
    std::string root;      // the unpacked archive, which is laid out like a system's root; empty: it is in none
    std::string launcher;  // what starts it anew
};
const OwnProgram& own_program();

// What own_program() says of the file that is mapped and the one that the kernel started.
OwnProgram program_of(const std::string& mapped, const std::string& started);

// The file that is mapped at an address; `maps` is /proc/self/maps.
std::string mapped_file(std::string_view maps, std::uintptr_t address);

// Where distributions keep the certificates of public authorities.
const std::vector<std::string>& authorities_places();

// The machine's certificates of public authorities, else the archive's own; empty: neither is there.
std::string authorities_file();

// Names of hosts are looked for in /etc/hosts, then asked of DNS, where the machine does not say otherwise (glibc
// itself would ask DNS first) and in an archive, which brings no other ways.
void look_up_names();

}  // namespace waaft
