// The files of manifests/ as they were when the program was built.
//
// Thread: any. Ownership: views that live as long as the program. Errors: none.
#pragma once

#include <span>
#include <string_view>

namespace waaft::manifest {

struct Template {
    std::string_view name;  // "deployment.yaml", "optional/ingress.yaml"
    std::string_view text;
};
std::span<const Template> templates();

}  // namespace waaft::manifest
