// Descriptions of the settings made from their table: JSON Schema for editors, a table for the README.
//
// Thread: any, no state. Ownership: values. Errors: none. Source: JSON Schema draft-07, which
// editors' YAML support understands.
#pragma once

#include <string>

namespace waaft::cmd {

std::string json_schema();
std::string markdown_table();

}  // namespace waaft::cmd
