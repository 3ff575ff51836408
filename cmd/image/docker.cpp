#include "cmd/image/docker.h"

#include "cmd/image/staged_folder.h"
#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/registry/layout.h"
#include "cmd/registry/reference.h"
#include "cmd/ui/failure.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <filesystem>

namespace waaft::image {
namespace {

constexpr std::chrono::seconds engine_limit{2};
constexpr std::chrono::seconds question_limit{10};
constexpr std::chrono::milliseconds tick{300};
constexpr std::size_t tail_lines = 30;
constexpr std::size_t small_file = 1024 * 1024;

Result<os::ProcessResult> ask(std::vector<std::string> argv, Duration limit, const os::Interrupt& interrupt) {
    os::ProcessSpec spec;
    spec.argv = std::move(argv);
    spec.timeout = limit;
    return os::run(spec, &interrupt);
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of("\r\n ");
    if (end == std::string::npos) return {};
    const auto begin = text.rfind('\n', end);
    return text.substr(begin == std::string::npos ? 0 : begin + 1,
                       end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

std::string read_small(const std::string& path) {
    auto text = os::read_file(path, small_file);
    return text ? std::move(*text) : std::string();
}

std::string trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \r\n\t");
    return begin == text.npos ? std::string()
                              : std::string(text.substr(begin, text.find_last_not_of(" \r\n\t") - begin + 1));
}

// Runs the build, shows its steps, and keeps its last lines.
class Run {
public:
    Run(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt)
        : order_(order), progress_(progress), interrupt_(interrupt) {}

    Outcome<void> run(const std::vector<std::string>& argv, Frontend frontend) {
        os::ProcessSpec spec;
        spec.argv = argv;
        if (frontend == Frontend::buildkit) spec.environment["DOCKER_BUILDKIT"] = "1";
        spec.on_out = spec.on_err = [this](std::string_view line) { on_line(line); };
        spec.output_max = small_file;
        auto child = os::Child::start(spec);
        if (!child) return cmd::cause_of(child.error());
        const auto limit = Clock::now() + order_.timeout;
        while ((*child)->read_lines(Clock::now() + tick, &interrupt_)) {
            if (interrupt_.raised()) return cmd::cause_of(interrupt_.error());
            if (Clock::now() > limit) return too_long();
            progress_.tick();
        }
        if (interrupt_.raised()) return cmd::cause_of(interrupt_.error());
        if ((*child)->result().ok()) return {};
        return docker_failure({tail_.begin(), tail_.end()});
    }

private:
    void on_line(std::string_view line) {
        if (const auto step = step_of(line); !step.empty()) progress_.status(step);
        if (trimmed(line).empty()) return;
        tail_.emplace_back(line);
        if (tail_.size() > tail_lines) tail_.pop_front();
    }

    cmd::Cause too_long() const {
        auto cause = cmd::cause_of({"TIMEOUT", "docker build took longer than --timeout permits", {}, {}});
        cause.log_tail.assign(tail_.begin(), tail_.end());
        return cause;
    }

    const BuildOrder& order_;
    cmd::Progress& progress_;
    const os::Interrupt& interrupt_;
    std::deque<std::string> tail_;
};

struct Inspected {
    std::string id;
    std::string platform;
    std::uint64_t bytes = 0;
};

Result<Inspected> inspect(const std::string& image, const os::Interrupt& interrupt) {
    const auto ran =
        ask({"docker", "image", "inspect", "--format", "{{.Id}} {{.Os}}/{{.Architecture}} {{.Size}}", image},
            question_limit, interrupt);
    if (!ran) return ran.error();
    const auto text = trimmed(ran->out);
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    if (!ran->ok() || second == std::string::npos) {
        return Error{
            "BUILD_FAILED", "the engine does not have the image that it built: " + last_line(ran->err), image, {}};
    }
    Inspected result{text.substr(0, first), text.substr(first + 1, second - first - 1), 0};
    std::from_chars(text.data() + second + 1, text.data() + text.size(), result.bytes);
    return result;
}

Result<void> find_in_engine(const BuildOrder& order, const DockerFiles& files, const os::Interrupt& interrupt,
                            Built& built) {
    const auto image = inspect(order.name.familiar, interrupt);
    if (!image) return image.error();
    built.name = order.name.familiar;
    built.uncompressed = image->bytes;
    if (!built.digest.empty()) return {};  // of the layout
    built.digest = digest_from(read_small(files.metadata), read_small(files.id));
    if (built.digest.empty()) built.digest = image->id;
    built.platforms = {image->platform};
    return {};
}

Result<void> take_layout(const BuildOrder& order, const DockerFiles& files, StagedFolder& staged, Built& built) {
    const auto layout = registry::read_layout(staged.path());
    if (!layout) return layout.error();
    built.digest = digest_from(read_small(files.metadata), layout->root().descriptor.digest);
    built.platforms = layout->platforms;
    built.layout = order.layout;
    built.compressed = 0;
    for (const auto& blob : layout->blobs) *built.compressed += blob.descriptor.size;
    return staged.become_target();
}

// What docker says of failures that more than the step can mend.
struct Reason {
    std::string_view words;
    const char* code;
    const char* hint;
};
constexpr const char* other_builder = "docker buildx create --use --driver docker-container";
constexpr std::array reasons{
    Reason{"exec format error", "IMAGE_ARCH",
           "this engine cannot run programs of that platform: install qemu-user-static and binfmt-support, or build on "
           "such a machine"},
    Reason{"Multi-platform build is not supported", "NO_BUILDER", other_builder},
    Reason{"multiple platforms feature is currently not", "NO_BUILDER", other_builder},
    Reason{"OCI exporter is not supported", "NO_BUILDER", other_builder},
    Reason{"multiple outputs currently unsupported", "NO_BUILDER",
           "upgrade docker-buildx and its builder to 0.13 or newer"},
    Reason{
        "[internal] waiting for connection:", "NO_BUILDER",
        "the builder in use does not answer; docker buildx ls shows all, docker buildx use default takes the engine's "
        "own"},
    Reason{"buildx component is missing", "NO_BUILDER", "install docker-buildx, or unset DOCKER_BUILDKIT"},
    Reason{"no space left on device", "BUILD_FAILED", "the engine's disk is full: docker system prune"},
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

int major_of(std::string_view version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

// Whether there is buildx, and what its builder can do.
Result<void> find_buildx(const os::Interrupt& interrupt, Engine& engine) {
    const auto version = ask({"docker", "buildx", "version"}, engine_limit, interrupt);
    if (!version && os::is_interrupt(version.error())) return version.error();
    if (!version || !version->ok()) return {};
    engine.frontend = Frontend::buildx;
    const auto builder = ask({"docker", "buildx", "inspect"}, question_limit, interrupt);
    if (!builder && os::is_interrupt(builder.error())) return builder.error();
    engine.writes_layouts = builder && builder->ok() && is_beside_engine(builder->out);
    return {};
}

std::string_view shown(Frontend frontend) {
    switch (frontend) {
        case Frontend::classic: return "";
        case Frontend::buildkit: return " (BuildKit)";
        case Frontend::buildx: break;
    }
    return " (buildx)";
}

// One image is for the engine, too, unless that has it already.
void add_outputs(std::vector<std::string>& argv, bool several, const Engine& engine, const DockerFiles& files) {
    if (!files.layout.empty()) {
        if (!several) argv.insert(argv.end(), {"--output", "type=docker"});
        argv.insert(argv.end(), {"--output", "type=oci,tar=false,dest=" + files.layout});
    } else if (engine.frontend == Frontend::buildx) {
        argv.emplace_back("--load");
    }
}

}  // namespace

bool is_beside_engine(std::string_view inspected) {
    constexpr std::string_view key = "\nDriver:";
    const auto begin = inspected.find(key);
    if (begin == inspected.npos) return false;
    inspected.remove_prefix(begin + key.size());
    return trimmed(inspected.substr(0, inspected.find('\n'))) != "docker";
}

Frontend without_buildx(std::string_view client, std::string_view engine) {
    const auto version = major_of(client);
    return version >= 19 && version < 23 && major_of(engine) >= 19 ? Frontend::buildkit : Frontend::classic;
}

Result<Engine> find_engine(const os::Interrupt& interrupt) {
    const auto missing = [](const std::string& why) {
        return Error{"NO_BUILDER", why, "docker version", "start Docker, or: waaft build-image --builder native"};
    };
    const auto version =
        ask({"docker", "version", "--format", "{{.Client.Version}} {{.Server.Version}}"}, engine_limit, interrupt);
    if (!version) {
        if (os::is_interrupt(version.error())) return version.error();
        return missing(version.error().code == "process_not_found" ? "docker is not installed"
                                                                   : "no Docker engine answered within 2 s");
    }
    if (!version->ok()) return missing("no Docker engine answers: " + last_line(version->err));
    const auto versions = trimmed(version->out);
    const auto blank = versions.find(' ');
    Engine result;
    result.version = versions.substr(blank == std::string::npos ? 0 : blank + 1);
    // The user's own switch, as docker reads it.
    const char* const buildkit = std::getenv("DOCKER_BUILDKIT");
    if (buildkit != nullptr && std::string_view(buildkit) == "0") return result;
    result.frontend = without_buildx(versions.substr(0, blank), result.version);
    if (auto found = find_buildx(interrupt, result); !found) return found.error();
    return result;
}

std::vector<std::string> docker_argv(const BuildOrder& order, const Engine& engine, const DockerFiles& files) {
    const bool buildx = engine.frontend == Frontend::buildx;
    const bool several = order.platforms.size() > 1;
    std::vector<std::string> argv{"docker"};
    if (buildx) argv.emplace_back("buildx");
    const auto add = [&](std::initializer_list<std::string> words) { argv.insert(argv.end(), words); };
    add({"build", "--file", order.dockerfile, "--tag", order.name.familiar});
    for (const auto& [key, value] : label_values(order.labels)) add({"--label", key + "=" + value});
    if (!order.commit.empty()) add({"--build-arg", "COMMIT=" + order.commit});
    std::string platforms;
    for (const auto& platform : order.platforms) platforms += (platforms.empty() ? "" : ",") + platform;
    if (!platforms.empty()) add({"--platform", platforms});
    if (order.no_cache) add({"--no-cache"});
    if (engine.frontend != Frontend::classic) add({"--progress", "plain"});
    if (buildx) add({"--metadata-file", files.metadata});
    add_outputs(argv, several, engine, files);
    if (!several) add({"--iidfile", files.id});
    add({order.folder});
    return argv;
}

std::string step_of(std::string_view line) {
    if (line.starts_with("Step ")) {  // "Step 3/12 : RUN make"
        const auto colon = line.find(" : ");
        if (colon == line.npos) return {};
        return "step " + std::string(line.substr(5, colon - 5)) + ": " + std::string(line.substr(colon + 3));
    }
    if (!line.starts_with('#')) return {};  // "#12 [build 3/7] RUN make"
    const auto blank = line.find_first_not_of("0123456789", 1);
    if (blank == line.npos || blank == 1 || line.substr(blank, 2) != " [") return {};
    return std::string(line.substr(blank + 1));
}

cmd::Cause docker_failure(const std::vector<std::string>& last_lines) {
    std::string why = last_lines.empty() ? "docker build failed and said nothing" : trimmed(last_lines.back());
    for (const auto& line : last_lines) {
        if (line.starts_with("ERROR") || contains(line, "failed to solve") ||
            contains(line, "returned a non-zero code")) {
            why = trimmed(line);
        }
    }
    cmd::Cause cause{.code = "BUILD_FAILED",
                     .object = {},
                     .container = {},
                     .message = why,
                     .hint = "read the step's last lines; they are shown",
                     .events = {},
                     .log_tail = last_lines};
    const auto said = [&](const Reason& reason) {
        return std::any_of(last_lines.begin(), last_lines.end(),
                           [&](const auto& line) { return contains(line, reason.words); });
    };
    if (const auto* const known = std::find_if(reasons.begin(), reasons.end(), said); known != reasons.end()) {
        cause.code = known->code;
        cause.hint = known->hint;
    }
    return cause;
}

std::string digest_from(std::string_view metadata, std::string_view other) {
    boost::system::error_code error;
    const auto json = boost::json::parse(metadata, error);
    if (!error && json.is_object()) {
        const auto* digest = json.as_object().if_contains("containerimage.digest");
        if (digest != nullptr && digest->is_string() && registry::is_digest(digest->as_string())) {
            return std::string(digest->as_string());
        }
    }
    const auto text = trimmed(other);
    return registry::is_digest(text) ? text : std::string();
}

Outcome<Built> build_docker(const BuildOrder& order, const Engine& engine, cmd::Progress& progress,
                            const os::Interrupt& interrupt) {
    const bool several = order.platforms.size() > 1;
    if (several && engine.frontend != Frontend::buildx) {
        return cmd::cause_of({"NO_BUILDER", "several platforms in one image need docker's buildx",
                              "docker buildx version",
                              "install docker-buildx, or build for one: --platform " + order.platforms.front()});
    }
    const os::TemporaryFolder folder;
    DockerFiles files{folder.path() + "/metadata.json", folder.path() + "/id", {}};
    StagedFolder staged;
    if (several || engine.writes_layouts) {
        if (auto made = staged.make(order.layout, StagedFolder::Replaces::layout); !made) {
            return cmd::cause_of(made.error());
        }
        files.layout = staged.path();
    }
    progress.step("build", "Building " + order.name.familiar + " with docker " + engine.version +
                               std::string(shown(engine.frontend)));
    if (auto ran = Run(order, progress, interrupt).run(docker_argv(order, engine, files), engine.frontend); !ran)
        return ran.error();
    Built built{.builder = Builder::docker,
                .digest = {},
                .platforms = {},
                .layout = {},
                .name = {},
                .compressed = std::nullopt,
                .uncompressed = std::nullopt};
    if (!files.layout.empty()) {
        if (auto taken = take_layout(order, files, staged, built); !taken) return cmd::cause_of(taken.error());
    }
    if (!several) {
        if (auto found = find_in_engine(order, files, interrupt, built); !found) return cmd::cause_of(found.error());
    }
    progress.done(built.digest);
    return built;
}

}  // namespace waaft::image
