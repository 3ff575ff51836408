// `docker build`, with BuildKit and without.
//
// Thread: main. Ownership: values; what docker writes for us is in a folder for a while. Units: Duration.
// Errors: as in build.h. Source: reference of docker build and docker buildx build (28.2; the metadata
// file's key containerimage.digest; two outputs at once since buildx and BuildKit 0.13).
#pragma once

#include "cmd/image/build.h"

#include <string>
#include <vector>

namespace waaft::image {

enum class Frontend : std::uint8_t {
    classic,
    buildkit,  // the engine's own, by a client that has the other half built in
    buildx,
};

struct Engine {
    std::string version;  // "20.10.24"
    Frontend frontend = Frontend::classic;
    bool writes_layouts = false;  // buildx with a builder beside the engine, which keeps no images
};

// What a client without buildx can do; of their versions, "20.10.24". Podman calls itself an engine 4 or 5.
Frontend without_buildx(std::string_view client, std::string_view engine);

// Whether `docker buildx inspect` tells of a builder beside the engine: its driver is not "docker".
bool is_beside_engine(std::string_view inspected);

// NO_BUILDER unless an engine answers within two seconds.
Result<Engine> find_engine(const os::Interrupt& interrupt);

// Where docker puts what it found out.
struct DockerFiles {
    std::string metadata;  // JSON, of buildx only
    std::string id;
    std::string layout;  // empty: none
};
std::vector<std::string> docker_argv(const BuildOrder& order, const Engine& engine, const DockerFiles& files);

// "step 3/12: RUN make" of a line that begins a step, with BuildKit or without; else empty.
std::string step_of(std::string_view line);

// Why the build failed, by docker's last lines.
cmd::Cause docker_failure(const std::vector<std::string>& last_lines);

// From the metadata, or else what `other` is; empty: neither is one.
std::string digest_from(std::string_view metadata, std::string_view other);

Outcome<Built> build_docker(const BuildOrder& order, const Engine& engine, cmd::Progress& progress,
                            const os::Interrupt& interrupt);

}  // namespace waaft::image
