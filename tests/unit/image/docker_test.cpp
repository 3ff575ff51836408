#include "cmd/image/docker.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::image;

namespace {

using Argv = std::vector<std::string>;

BuildOrder order() {
    BuildOrder result;
    result.name = {"org/waaft:1.2", "docker.io/org/waaft:1.2", "docker.io/org/waaft", "1.2"};
    result.labels = {.version = "1.2", .revision = {}, .source = {}, .created = 0};
    result.folder = "project";
    result.dockerfile = "project/Dockerfile";
    return result;
}

const DockerFiles docker_files{"/t/metadata.json", "/t/id", {}};
const DockerFiles with_layout{"/t/metadata.json", "/t/id", "/t/layout"};

Argv common(Argv begin) {
    for (const auto* word : {"build", "--file", "project/Dockerfile", "--tag", "org/waaft:1.2", "--label",
                             "org.opencontainers.image.created=1970-01-01T00:00:00Z", "--label",
                             "org.opencontainers.image.licenses=Apache-2.0", "--label",
                             "org.opencontainers.image.title=waaft", "--label", "org.opencontainers.image.version=1.2"})
        begin.emplace_back(word);
    return begin;
}

Argv joined(Argv begin, const Argv& end) {
    begin.insert(begin.end(), end.begin(), end.end());
    return begin;
}

const std::string digest = "sha256:" + std::string(64, 'a');
const std::string other = "sha256:" + std::string(64, 'b');

}  // namespace

TEST_CASE("without buildx docker build writes an id file only") {
    CHECK(docker_argv(order(), {"20.10.24"}, docker_files) ==
          joined(common({"docker"}), {"--iidfile", "/t/id", "project"}));
    auto more = order();
    more.commit = "abc123";
    more.platforms = {"linux/arm64"};
    more.no_cache = true;
    CHECK(docker_argv(more, {"20.10.24"}, docker_files) ==
          joined(common({"docker"}), {"--build-arg", "COMMIT=abc123", "--platform", "linux/arm64", "--no-cache",
                                      "--iidfile", "/t/id", "project"}));
    CHECK(docker_argv(order(), {"20.10.24", Frontend::buildkit}, docker_files) ==
          joined(common({"docker"}), {"--progress", "plain", "--iidfile", "/t/id", "project"}));
}

TEST_CASE("old clients have BuildKit built in, new ones have buildx for it") {
    CHECK(without_buildx("20.10.24+dfsg1", "20.10.24+dfsg1") == Frontend::buildkit);
    CHECK(without_buildx("19.03.15", "28.2.2") == Frontend::buildkit);
    CHECK(without_buildx("28.2.2", "20.10.24") == Frontend::classic);
    CHECK(without_buildx("23.0.0", "23.0.0") == Frontend::classic);
    CHECK(without_buildx("20.10.24", "4.3.1") == Frontend::classic);
    CHECK(without_buildx("18.06.3-ce", "18.06.3-ce") == Frontend::classic);
    CHECK(without_buildx("", "") == Frontend::classic);
}

TEST_CASE("a builder beside the engine is known by its driver") {
    CHECK(is_beside_engine("Name:          waaft-remote\nDriver:        remote\nLast Activity: now\n"));
    CHECK(is_beside_engine("Name:   a\nDriver: docker-container\n"));
    CHECK_FALSE(is_beside_engine("Name:          default\nDriver:        docker\n"));
    CHECK_FALSE(is_beside_engine("Name: default\nDriver:docker"));
    CHECK_FALSE(is_beside_engine("Driver: remote"));
    CHECK_FALSE(is_beside_engine(""));
}

TEST_CASE("with buildx the metadata file has the digest, and one image is loaded into the engine") {
    CHECK(docker_argv(order(), {"28.2.0", Frontend::buildx}, docker_files) ==
          joined(common({"docker", "buildx"}), {"--progress", "plain", "--metadata-file", "/t/metadata.json", "--load",
                                                "--iidfile", "/t/id", "project"}));
}

TEST_CASE("a builder beside the engine writes a layout, too, so that what is pushed has the same digest") {
    CHECK(docker_argv(order(), {"28.2.0", Frontend::buildx, true}, with_layout) ==
          joined(common({"docker", "buildx"}),
                 {"--progress", "plain", "--metadata-file", "/t/metadata.json", "--output", "type=docker", "--output",
                  "type=oci,tar=false,dest=/t/layout", "--iidfile", "/t/id", "project"}));
}

TEST_CASE("several platforms become one index in a layout") {
    auto several = order();
    several.platforms = {"linux/amd64", "linux/arm64"};
    CHECK(docker_argv(several, {"28.2.0", Frontend::buildx}, with_layout) ==
          joined(common({"docker", "buildx"}),
                 {"--platform", "linux/amd64,linux/arm64", "--progress", "plain", "--metadata-file", "/t/metadata.json",
                  "--output", "type=oci,tar=false,dest=/t/layout", "project"}));
}

TEST_CASE("steps are found in what docker writes") {
    const struct {
        const char* line;
        const char* step;
    } table[] = {
        {"Step 3/12 : RUN make", "step 3/12: RUN make"},
        {"#12 [build 3/7] RUN make", "[build 3/7] RUN make"},
        {"#1 [internal] load build definition from Dockerfile", "[internal] load build definition from Dockerfile"},
        {"#12 0.345 [1/5] Building CXX object", ""},
        {"# [build 3/7] RUN make", ""},
        {"#12 DONE 0.1s", ""},
        {"#12", ""},
        {"Step 3", ""},
        {" ---> Running in 0123456789ab", ""},
        {"", ""}};
    for (const auto& row : table) {
        INFO(row.line);
        CHECK(step_of(row.line) == row.step);
    }
}

TEST_CASE("the digest is the metadata's, else the id file's") {
    const auto metadata = R"({"buildx.build.ref": "x", "containerimage.digest": ")" + digest + "\"}";
    CHECK(digest_from(metadata, other) == digest);
    CHECK(digest_from("", other + "\n") == other);
    CHECK(digest_from("{}", other) == other);
    CHECK(digest_from(R"({"containerimage.digest": 7})", "") == "");
    CHECK(digest_from(R"({"containerimage.digest": "sha256:short"})", "latest") == "");
    CHECK(digest_from("not json", "") == "");
}

TEST_CASE("a failed build says why, by docker's own words") {
    const struct {
        Argv lines;
        const char* code;
        const char* message;
        const char* hint;
    } table[] = {{{"Step 2/3 : RUN make", "The command '/bin/sh -c make' returned a non-zero code: 2"},
                  "BUILD_FAILED",
                  "The command '/bin/sh -c make' returned a non-zero code: 2",
                  "last lines"},
                 {{"ERROR: failed to solve: process \"make\" did not complete", "------"},
                  "BUILD_FAILED",
                  "ERROR: failed to solve: process \"make\" did not complete",
                  "last lines"},
                 {{"standard_init_linux.go:228: exec user process caused: exec format error"},
                  "IMAGE_ARCH",
                  "standard_init_linux.go:228: exec user process caused: exec format error",
                  "qemu-user-static"},
                 {{"ERROR: Multi-platform build is not supported for the docker driver."},
                  "NO_BUILDER",
                  "ERROR: Multi-platform build is not supported for the docker driver.",
                  "docker-container"},
                 {{"ERROR: failed to build: OCI exporter is not supported for the docker driver."},
                  "NO_BUILDER",
                  "ERROR: failed to build: OCI exporter is not supported for the docker driver.",
                  "docker-container"},
                 {{" > [internal] waiting for connection:", "ERROR: failed to build: context deadline exceeded"},
                  "NO_BUILDER",
                  "ERROR: failed to build: context deadline exceeded",
                  "docker buildx use default"},
                 {{"ERROR: BuildKit is enabled but the buildx component is missing or broken."},
                  "NO_BUILDER",
                  "ERROR: BuildKit is enabled but the buildx component is missing or broken.",
                  "DOCKER_BUILDKIT"},
                 {{"ERROR: multiple outputs currently unsupported"},
                  "NO_BUILDER",
                  "ERROR: multiple outputs currently unsupported",
                  "0.13"},
                 {{"write /usr/bin/x: no space left on device"},
                  "BUILD_FAILED",
                  "write /usr/bin/x: no space left on device",
                  "docker system prune"},
                 {{}, "BUILD_FAILED", "docker build failed and said nothing", "last lines"}};
    for (const auto& row : table) {
        INFO(row.message);
        const auto cause = docker_failure(row.lines);
        CHECK(cause.code == row.code);
        CHECK(cause.message == row.message);
        CHECK(cause.hint.find(row.hint) != std::string::npos);
        CHECK(cause.log_tail == row.lines);
    }
}
