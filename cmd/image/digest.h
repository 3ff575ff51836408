// SHA-256 as registries write it, and gzip.
//
// Thread: any. Ownership: values. Units: bytes. Errors: none that input can cause; without memory they
// throw std::bad_alloc, an OpenSSL that has no SHA-256 throws std::runtime_error.
// Source: OCI image specification (descriptor.md, "Digests"), RFC 1952.
#pragma once

#include <string>
#include <string_view>

namespace waaft::image {

// "sha256:" and 64 hexadecimal digits.
std::string digest_of(std::string_view bytes);

// The same bytes for the same input: no time, no name in the header. Level 6 of libdeflate packs an
// image in a third of a second on one core, a quarter of what zlib takes on two.
std::string gzip(std::string_view bytes);

}  // namespace waaft::image
