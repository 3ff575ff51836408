// Images as tests need them: layouts in folders, archives as engines save them, and a Progress that says nothing.
#pragma once

#include "cmd/os/process.h"
#include "cmd/registry/digest.h"
#include "cmd/registry/manifest.h"
#include "cmd/ui/progress.h"
#include "tests/support/temporary_directory.h"

#include <boost/json/serialize.hpp>

#include <sstream>

namespace waaft::testing {

class SilentProgress {
public:
    cmd::Progress& operator*() { return progress_; }

private:
    std::ostringstream out_;
    std::ostringstream err_;
    cmd::Streams streams_{out_, err_, false};
    cmd::Progress progress_{streams_, cmd::ProgressStyle::quiet};
};

// Writes a blob into a layout and gives its descriptor.
inline registry::Descriptor add_blob(const std::string& folder, std::string_view type, const std::string& bytes) {
    registry::Descriptor result{std::string(type), registry::digest_of(bytes), bytes.size(), {}};
    std::filesystem::create_directories(folder + "/blobs/sha256");
    write_file(folder + "/blobs/sha256/" + result.digest.substr(7), bytes);
    return result;
}

inline registry::Descriptor add_image(const std::string& folder, const std::string& architecture,
                                      const std::string& layer, std::string_view layer_type) {
    using namespace registry;
    const auto config =
        add_blob(folder, media_type::oci_config, R"({"os":"linux","architecture":")" + architecture + R"("})");
    const auto blob = add_blob(folder, layer_type, layer);
    const boost::json::object manifest{{"schemaVersion", 2},
                                       {"mediaType", media_type::oci_manifest},
                                       {"config", to_json(config)},
                                       {"layers", boost::json::array{to_json(blob)}}};
    return add_blob(folder, media_type::oci_manifest, boost::json::serialize(manifest));
}

// `platforms`: each entry's own, or "" for none.
inline void write_index(const std::string& folder, const std::vector<registry::Descriptor>& images,
                        const std::vector<std::string>& architectures) {
    boost::json::array list;
    for (std::size_t i = 0; i < images.size(); ++i) {
        auto entry = to_json(images[i]);
        if (!architectures.at(i).empty())
            entry["platform"] = boost::json::object{{"os", "linux"}, {"architecture", architectures.at(i)}};
        list.emplace_back(std::move(entry));
    }
    write_file(folder + "/index.json",
               boost::json::serialize(boost::json::object{{"schemaVersion", 2}, {"manifests", std::move(list)}}));
    write_file(folder + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
}

// `tar` of a folder's contents.
inline void pack(const std::string& folder, const std::string& archive, const std::string& format = "pax") {
    os::ProcessSpec spec;
    spec.argv = {"tar", "--format=" + format, "-cf", archive, "-C", folder, "."};
    if (!os::run(spec, nullptr)->ok()) std::abort();
}

}  // namespace waaft::testing
