// Which image `waaft push` takes: what --from names, else what `waaft build-image` made last under the
// name, as a layout or in the Docker engine.
//
// Thread: main. Ownership: values. Units: seconds since 1970. Errors: usage_from, IMAGE_NOT_FOUND, and
// what Interrupt::error() says. Source: docker image inspect (Metadata.LastTagTime, since API 1.30).
#pragma once

#include "cmd/os/interrupt.h"
#include "cmd/registry/layout.h"
#include "cmd/ui/progress.h"
#include "server/base/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace waaft::push {

// Where `waaft build-image` puts its layout, seen from waaft.yaml.
inline constexpr const char* layout_folder = "build/image";

struct Source {
    enum class Kind : std::uint8_t { layout, archive, engine };
    Kind kind = Kind::layout;
    std::string place;  // a folder, a file, "org/waaft:1.2"
};

// "docker:org/waaft:1.2", a folder with an OCI layout, or an archive of either kind.
Result<Source> parse_source(const std::string& text);

// The version that a layout was made as; empty: it is none, or it does not say.
std::string version_of_layout(const std::string& folder);

struct Candidate {
    std::optional<std::int64_t> made;  // none: it is not there
    std::string place;
};
// The newer of the two; a layout, if they are of one second.
Result<Source> choose(const Candidate& layout, const Candidate& engine);

// `folder` is that of waaft.yaml, `name` "org/waaft:1.2", `version` "1.2".
Result<Source> find_source(const std::string& folder, const std::string& name, const std::string& version,
                           const os::Interrupt& interrupt);

// As a layout, for which `scratch` is used if need be. `timeout` is that of the engine; zero: none.
Result<registry::Layout> load(const Source& source, const std::string& scratch, cmd::Progress& progress,
                              Duration timeout, const os::Interrupt& interrupt);

}  // namespace waaft::push
