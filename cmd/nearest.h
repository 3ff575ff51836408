// The valid name that somebody most likely meant.
//
// Thread: any, no state. Ownership: values. Errors: none; an empty result means nothing is near.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waaft::cmd {

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// At most a third of the name may differ.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace waaft::cmd
