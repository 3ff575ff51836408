// The copyright files of the Debian packages that files come from, by dpkg's own lists. A machine without dpkg, or
// one whose documentation was removed, has none of them.
//
// Thread: any. Ownership: values. Units: none. Errors: none: files without a copyright are named.
// Source: deb-md5sums and dpkg-query(1) for /var/lib/dpkg; Debian Policy 12.5 for the files' place.
#pragma once

#include "cmd/image/libraries.h"

#include <set>
#include <string>
#include <vector>

namespace waaft::image {

struct Copyrights {
    std::vector<LoadedFile> files;  // "/usr/share/doc/libc6/copyright", sorted
    std::set<std::string> missing;  // packages, and files that are of no package
};

// `paths` are of files, absolute; `packages` are named besides.
Copyrights find_copyrights(const std::set<std::string>& paths, const std::set<std::string>& packages,
                           const ReadFile& read);

}  // namespace waaft::image
