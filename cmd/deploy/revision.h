// The history of a deployment: each revision is a Secret that holds the objects as they were applied. It is what
// rollback brings back and the inventory that prune goes by: only what stands in a revision was ever ours.
//
// Thread: any. Ownership: values. Bounds: kept_max revisions are kept, and always the last one that worked.
// Errors: those of kube::Api; a Secret that is no revision is left out. Objects of kind Secret have their values in it,
// hence it is a Secret itself. Source: Helm keeps its releases the same way.
#pragma once

#include "cmd/kube/api.h"

#include <string>
#include <vector>

namespace waaft::deploy {

inline constexpr std::size_t kept_max = 10;

struct Revision {
    std::int64_t number = 0;
    std::string status;  // "pending", "deployed", "failed"
    std::string image;
    std::string at;     // RFC 3339
    std::string by;     // "user@host"
    std::string cause;  // of a failure: "OOM"
    std::string note;   // "rollback to 3"
    kube::Objects objects;
};

kube::Object to_secret(const Revision& revision, const std::string& name);
std::optional<Revision> from_secret(const kube::Object& secret);

// Of the Deployment `name`, oldest first; none where the namespace does not exist.
Result<std::vector<Revision>> read_revisions(kube::Api& api, const std::string& name);
Result<void> write_revision(kube::Api& api, const Revision& revision, const std::string& name);
// Removes those that are too many.
Result<void> trim_revisions(kube::Api& api, const std::vector<Revision>& revisions, const std::string& name);

// The newest that worked, with a number below `below`; nullptr: none.
const Revision* last_deployed(const std::vector<Revision>& revisions, std::int64_t below);
std::int64_t next_number(const std::vector<Revision>& revisions);
// What earlier revisions had and `current` has not; each once.
kube::Objects pruned_objects(const std::vector<Revision>& revisions, const kube::Objects& current);

// Of a Secret's data; empty if it is no base64.
std::string decode_base64(const std::string& text);

// "user@host"
std::string whoami();

}  // namespace waaft::deploy
