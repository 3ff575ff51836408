// Reads a secret from where waaft.yaml says it is; the value goes to whoever needs it and nowhere else.
//
// Thread: main. Ownership: the value is the caller's. Bounds: 64 KiB; one newline at its end is not part
// of it. Errors: secret_source, which names the file, variable or program, never the value.
#pragma once

#include "cmd/command.h"
#include "cmd/os/interrupt.h"
#include "cmd/project/project.h"

namespace waaft::project {

bool is_set(const SecretSource& source);

// `setting` is the name for messages ("registry.password"); files and programs are found from `folder`.
Result<std::string> read_secret(const SecretSource& source, const std::string& setting, const std::string& folder,
                                const cmd::Environment& environment, const os::Interrupt* interrupt);

}  // namespace waaft::project
