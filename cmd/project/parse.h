// Reads the text of waaft.yaml by the two tables, fields() and the server's settings, with the
// position of everything that it finds wrong.
//
// Thread: any, no state. Ownership: values; Fields and Settings live as long as the program. Units: lines
// and columns count from 1. Errors: config_too_large, config_syntax, config_type, config_unknown_key,
// config_duplicate_key, config_value; never an exception, whatever the bytes. At most errors_max.
// Limits: 1 MiB, nesting 16, no aliases, no tags. Source: YAML 1.2.
#pragma once

#include "cmd/command.h"
#include "cmd/project/fields.h"
#include "cmd/project/serve_section.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::project {

struct FieldValue {
    const Field* field = nullptr;
    std::vector<std::string> items;               // of a list; of other texts one
    std::map<std::string, std::string> labels;    // of Kind::labels
    std::map<std::string, SecretSource> secrets;  // of Kind::secrets; of Kind::secret one, whose name is empty
    int line = 0;
};

struct ParsedFile {
    std::vector<FieldValue> fields;
    std::vector<ServeValue> serve;
    cmd::Errors errors;
};

// `name` stands in the errors' places.
ParsedFile parse_file(std::string_view text, const std::string& name);

// Maps are merged name by name; everything else replaces what was there.
Result<void> apply(const FieldValue& value, Project& project);

}  // namespace waaft::project
