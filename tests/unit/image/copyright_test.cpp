#include "cmd/image/copyright.h"
#include "tests/support/catch.h"

#include <map>

using namespace waaft;
using namespace waaft::image;

namespace {

using FileSystem = std::map<std::string, std::string>;

ReadFile reader_of(const FileSystem& files) {
    return [files](const std::string& path) -> Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return Error{"file_unreadable", "no such file", path, {}};
        return found->second;
    };
}

std::string stanza(const std::string& name, const std::string& status = "install ok installed") {
    return "Package: " + name + "\nStatus: " + status + "\nArchitecture: amd64\nDescription: one\n more\n\n";
}

}  // namespace

TEST_CASE("the packages' copyright files, whether lists name files below /usr or not") {
    const FileSystem files{
        {"/var/lib/dpkg/status", stanza("libc6") + stanza("libz") + stanza("gone", "deinstall ok config-files")},
        {"/var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/x/libc.so.6\n/lib64/ld.so\n"},
        {"/var/lib/dpkg/info/libz.list", "/.\n/usr/lib/x/libz.so.1\n"},
        {"/var/lib/dpkg/info/gone:amd64.list", "/usr/lib/x/libgone.so\n"},
        {"/usr/share/doc/libc6/copyright", "c"},
        {"/usr/share/doc/libz/copyright", "z"},
        {"/usr/share/doc/ca-certificates/copyright", "ca"}};
    const auto found =
        find_copyrights({"/usr/lib/x/libc.so.6", "/lib64/ld.so", "/lib/x/libz.so.1", "/lib/x/libgone.so"},
                        {"ca-certificates"}, reader_of(files));
    CHECK(found.files == std::vector<LoadedFile>{{"/usr/share/doc/ca-certificates/copyright", "ca"},
                                                 {"/usr/share/doc/libc6/copyright", "c"},
                                                 {"/usr/share/doc/libz/copyright", "z"}});
    CHECK(found.missing == std::set<std::string>{"/lib/x/libgone.so"});
}

TEST_CASE("a machine without dpkg or without documentation says what is missing") {
    const auto nothing = find_copyrights({"/lib/libc.so.6"}, {"ca-certificates"}, reader_of({}));
    CHECK(nothing.files.empty());
    CHECK(nothing.missing == std::set<std::string>{"/lib/libc.so.6", "ca-certificates"});

    const FileSystem bare{{"/var/lib/dpkg/status", stanza("libc6")},
                          {"/var/lib/dpkg/info/libc6:amd64.list", "/lib/libc.so.6\n"}};
    CHECK(find_copyrights({"/lib/libc.so.6"}, {}, reader_of(bare)).missing == std::set<std::string>{"libc6"});
}
