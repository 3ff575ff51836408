// What a deploy would change, asked of the cluster itself (server-side dry run), and what would go.
//
// Thread: main. Ownership: values. Errors: all refusals at once, as kube::Api says them. Nothing is changed. Where the
// namespace does not exist the cluster cannot be asked about objects in it: all are created, `asked` is false.
#pragma once

#include "cmd/command.h"
#include "cmd/deploy/diff.h"
#include "cmd/kube/api.h"

#include <iosfwd>
#include <vector>

namespace waaft::deploy {

struct Plan {
    std::vector<Change> changes;
    kube::Objects gone;  // that prune would remove, as they are in the cluster
    bool asked = true;
};

Result<Plan, cmd::Errors> make_plan(kube::Api& api, const kube::Objects& objects, const kube::Objects& pruned,
                                    bool namespace_exists, bool force);

// Of those, what is still there and still ours: with our labels.
Result<kube::Objects> still_ours(kube::Api& api, const kube::Objects& objects, const std::string& name);

void print_plan(std::ostream& out, const std::vector<Change>& changes);
boost::json::array plan_json(const std::vector<Change>& changes);

}  // namespace waaft::deploy
