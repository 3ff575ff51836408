// The text of a first waaft.yaml: every field and every setting with its sentence, those that were chosen as they
// are, all others as comments with their default.
//
// Thread: any, no state. Ownership: values. Errors: none: project::parse_file reads the text back, and also what is
// left when the # before values is taken away. Source: the tables project::fields() and app::settings().
#pragma once

#include "cmd/project/project.h"

#include <set>
#include <string>

namespace waaft::init {

// `chosen` are dotted names of fields, such as "image.repository".
std::string project_text(const project::Project& project, const std::set<std::string, std::less<>>& chosen);

}  // namespace waaft::init
