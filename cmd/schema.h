// Descriptions of waaft.yaml made from its two tables, the settings of `serve:` and the fields of the project: JSON
// Schema for editors, tables in Markdown for the README and docs/waaft.yaml.md.
//
// Thread: any, no state. Ownership: values. Errors: none. Source: JSON Schema draft-07, which
// editors' YAML support understands.
#pragma once

#include <string>

namespace waaft::cmd {

std::string json_schema();
std::string settings_table();
std::string project_table();

}  // namespace waaft::cmd
