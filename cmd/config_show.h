// The effective configuration, both parts of waaft.yaml, each value with where it came from.
//
// Thread: any, no state. Ownership: values. Errors: none. Secrets: none is read; where one comes from is told.
#pragma once

#include "cmd/config.h"
#include "cmd/project/project.h"

#include <iosfwd>

namespace waaft::cmd {

struct ShownConfig {
    LoadedConfig server;      // as `waaft serve` on this machine would run
    project::Loaded project;  // everything else
};

// One line a value.
void show_text(const ShownConfig& config, std::ostream& out);
// One object, docs/schemas/waaft.config-1.json.
void show_json(const ShownConfig& config, std::ostream& out);
// A file that means the same, if no secret comes from a command with arguments: those are masked.
void show_yaml(const ShownConfig& config, std::ostream& out);

}  // namespace waaft::cmd
