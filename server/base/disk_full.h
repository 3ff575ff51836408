// Whether an error number says that there is no space left: what failed so may succeed later, when there is some.
//
// Thread: any, no state.
#pragma once

#include <cerrno>

namespace waaft {

inline bool says_disk_full(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

}  // namespace waaft
