// What a text in waaft.yaml must look like: names and quantities as Kubernetes, registries and clouds take them.
//
// Thread: any, no state. Ownership: values. Units: CPU in thousandths of a core, memory in bytes.
// Errors: nullopt or false for text that is not of the form; the caller says what was expected.
// Sources: RFC 1123 (names), OCI distribution spec 1.1 (repositories and tags), Kubernetes resource.Quantity.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waaft::project {

enum class Form : std::uint8_t {
    any,         // no control characters; not like an option, because it may become an argument of a program
    label,       // a DNS label
    name,        // DNS labels with dots, lower case: of objects, and host names
    repository,  // "org/waaft", "host:5000/org/waaft"; no tag, no digest
    tag,
    platform,  // "linux/arm64"
    cpu,       // "500m", "2", "0.5"
    memory,    // "256Mi", "1G"
    address,   // an IP address
};
bool has_form(Form form, std::string_view text);
// "a DNS label: lower-case letters, digits and hyphens, at most 63"
std::string_view describe(Form form);

std::optional<std::int64_t> parse_cpu(std::string_view text);
std::optional<std::int64_t> parse_memory(std::string_view text);

// "TURN_SECRET"
bool is_variable_name(std::string_view text);
// "secret-name/key"
bool is_secret_key(std::string_view text);

}  // namespace waaft::project
