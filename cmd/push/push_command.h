// `waaft push`: an image into a registry, under its version and more tags.
//
// Thread: main. Ownership: the Command owns its options. Errors: those of source.h and registry/push.h;
// usage_version where neither a flag, waaft.yaml nor git names one. With --output json stdout gets one
// object, {"schema": "waaft.push/1", "result": "pushed", "image": "host/org/waaft@sha256:...", "tags": [...],
// "platforms": ["linux/amd64"], ...}, also after a failure: docs/schemas/waaft.push-1.json.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command push_command(const Environment& environment);

}  // namespace waaft::cmd
