// Objects as YAML: one stream of documents, or a folder with one file each.
//
// Thread: main. Ownership: values. The files are numbered, because kubectl applies them in the order of
// their names. Files that an earlier run wrote and that are no longer wanted are removed; they are known
// by their first line. Errors: those of os/files.h; manifest_folder for a folder that cannot be used.
#pragma once

#include "cmd/manifest/fields.h"
#include "server/base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace waaft::manifest {

std::string to_yaml(const Objects& objects);

struct FolderFiles {
    std::vector<std::string> written;  // names, in their order
    std::vector<std::string> removed;
};
// The folder is made if it is not there.
Result<FolderFiles> write_folder(const std::string& folder, const Objects& objects);

}  // namespace waaft::manifest
