#include "cmd/image/output.h"
#include "cmd/registry/digest.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/ran.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>

#include <filesystem>
#include <set>

using namespace waaft;
using namespace waaft::image;
namespace fs = std::filesystem;

namespace {

const ImageName name{"waaft:1.2", "docker.io/library/waaft:1.2", "docker.io/library/waaft", "1.2"};

Contents packed_sample() {
    return {"amd64",
            {{{.kind = TarEntry::Kind::folder, .path = "data", .mode = 0700, .uid = user_id, .gid = user_id}, {}},
             {{.kind = TarEntry::Kind::folder, .path = "etc", .mode = 0755}, {}},
             {{.path = "etc/group"}, "waaft:x:65532:\n"},
             {{.kind = TarEntry::Kind::folder, .path = "tmp", .mode = 01777}, {}}},
            {{{.path = "waaft", .mode = 0755}, "program"}}};
}

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder)) result.insert(entry.path().filename());
    return result;
}

}  // namespace

TEST_CASE("a layout has every blob under its digest, and nothing beside it is left") {
    const testing::TemporaryDirectory folder;
    const auto image = make_image(packed_sample(), {});
    REQUIRE(write_layout(folder.file("dist/image/"), image, name).has_value());
    CHECK(names_in(folder.path()) == std::set<std::string>{"dist"});
    CHECK(names_in(folder.path() / "dist") == std::set<std::string>{"image"});
    const auto layout = folder.path() / "dist/image";
    CHECK(names_in(layout) == std::set<std::string>{"blobs", "index.json", "oci-layout"});
    CHECK(names_in(layout / "blobs/sha256").size() == 4);
    for (const auto& blob : names_in(layout / "blobs/sha256")) {
        CHECK(registry::digest_of(testing::read_file(layout / "blobs/sha256" / blob)) == "sha256:" + blob);
    }
    CHECK(testing::read_file(layout / "index.json") == index_json(image, name));
    struct stat info {};
    REQUIRE(::stat(layout.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0755);
}

TEST_CASE("an older layout is replaced; another folder is not") {
    const testing::TemporaryDirectory folder;
    REQUIRE(write_layout(folder.file("image"), make_image(packed_sample(), {.version = "1"}), name).has_value());
    const auto second = make_image(packed_sample(), {.version = "2"});
    REQUIRE(write_layout(folder.file("image"), second, name).has_value());
    CHECK(names_in(folder.path()) == std::set<std::string>{"image"});
    CHECK(names_in(folder.path() / "image/blobs/sha256").size() == 4);
    CHECK(fs::exists(folder.path() / "image" / blob_path(second.manifest.digest)));

    fs::create_directory(folder.path() / "mine");
    testing::write_file(folder.file("mine/thesis.txt"), "years of work");
    const auto refused = write_layout(folder.file("mine"), second, name);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == "output_exists");
    CHECK(write_rootfs(folder.file("mine"), packed_sample()).error().code == "output_exists");
    CHECK(names_in(folder.path() / "mine") == std::set<std::string>{"thesis.txt"});
    CHECK(names_in(folder.path()) == std::set<std::string>{"image", "mine"});
}

TEST_CASE("what cannot be written says where and why") {
    const auto refused = write_layout("/proc/nowhere/image", make_image(packed_sample(), {}), name);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == "file_unwritable");
    CHECK(refused.error().where == "/proc/nowhere");
}

TEST_CASE("the archive is one for docker and a layout too") {
    const testing::TemporaryDirectory folder;
    const auto image = make_image(packed_sample(), {});
    REQUIRE(write_archive(folder.file("new/image.tar"), image, name).has_value());
    fs::create_directory(folder.path() / "out");
    const auto ran = testing::ran({"tar", "-C", folder.file("out"), "-xf", folder.file("new/image.tar")});
    REQUIRE(ran.exit_code == 0);
    const auto docker = boost::json::parse(testing::read_file(folder.file("out/manifest.json")));
    CHECK(docker.at(0).at("RepoTags") == boost::json::array{"waaft:1.2"});
    const std::string config(docker.at(0).at("Config").as_string());
    CHECK(testing::read_file(folder.file("out/" + config)) == image.config.bytes);
    CHECK(docker.at(0).at("Layers").as_array().size() == 2);
    CHECK(fs::exists(folder.path() / "out/oci-layout"));
    CHECK(fs::exists(folder.path() / "out" / blob_path(image.manifest.digest)));
}

TEST_CASE("the bare files have the image's modes, and its owners if root writes them") {
    const testing::TemporaryDirectory folder;
    const auto owned = write_rootfs(folder.file("root"), packed_sample());
    REQUIRE(owned.has_value());
    CHECK(*owned == (::geteuid() == 0));
    CHECK(names_in(folder.path() / "root") == std::set<std::string>{"data", "etc", "tmp", "waaft"});
    CHECK(testing::read_file(folder.file("root/etc/group")) == "waaft:x:65532:\n");
    struct stat info {};
    for (const auto& [path, mode] : {std::pair{"data", 0700}, {"tmp", 01777}, {"waaft", 0755}, {"etc/group", 0644}}) {
        INFO(path);
        REQUIRE(::stat(folder.file(std::string("root/") + path).c_str(), &info) == 0);
        CHECK((info.st_mode & 07777) == static_cast<mode_t>(mode));
    }
    REQUIRE(::stat(folder.file("root/data").c_str(), &info) == 0);
    CHECK(info.st_uid == (*owned ? user_id : ::geteuid()));
}

TEST_CASE("a tar of the bare files keeps owners and modes, whoever writes it") {
    const testing::TemporaryDirectory folder;
    REQUIRE(write_rootfs_tar(folder.file("new/root.tar"), packed_sample()).has_value());
    const auto ran = testing::ran({"tar", "--numeric-owner", "-tvf", folder.file("new/root.tar"), "data", "tmp"});
    REQUIRE(ran.exit_code == 0);
    CHECK(ran.out.find("drwx------ 65532/65532") != std::string::npos);
    CHECK(ran.out.find("drwxrwxrwt 0/0") != std::string::npos);
    CHECK(write_rootfs_tar("/proc/nowhere/root.tar", packed_sample()).error().code == "file_unwritable");
}
