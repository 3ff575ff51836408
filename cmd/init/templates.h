// The files of templates/init as they were when the program was built.
//
// Thread: any. Ownership: views that live as long as the program. Errors: none.
#pragma once

#include <span>
#include <string_view>

namespace waaft::init {

struct Template {
    std::string_view name;  // "Dockerfile", "github.yml"
    std::string_view text;
};
std::span<const Template> templates();

}  // namespace waaft::init
