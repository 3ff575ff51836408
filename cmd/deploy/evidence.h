// What a failed rollout looked like, kept before it is rolled back: causes, events, pods and whole log tails.
//
// Thread: main. Ownership: values. Errors: file_unwritable. The file is private (0600): logs may name people.
// Where: --evidence DIR, else $XDG_STATE_HOME/waaft or ~/.local/state/waaft, else the current folder.
#pragma once

#include "cmd/deploy/watch.h"

namespace waaft::deploy {

std::string evidence_json(const Watched& watched, const std::string& image, UnixMs now);
// Answers the path.
Result<std::string> save_evidence(const Watched& watched, const Work& work, const std::string& image,
                                  const std::string& folder, const cmd::Environment& environment);

}  // namespace waaft::deploy
