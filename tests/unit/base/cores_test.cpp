#include "server/base/cores.h"
#include "tests/support/catch.h"

#include <map>

using namespace waaft;

TEST_CASE("how many cores the control groups leave") {
    using Files = std::map<std::string, std::string>;
    struct Row {
        const char* what;
        const char* memberships;
        Files files;
        std::optional<std::uint32_t> cores;
    };
    const std::string fs = "/sys/fs/cgroup";
    const Row table[] = {
        {"no control groups", "", {}, {}},
        {"nothing is limited", "0::/\n", {{fs + "/cpu.max", "max 100000\n"}}, {}},
        {"a container of half a core", "0::/\n", {{fs + "/cpu.max", "50000 100000\n"}}, 1},
        {"exactly two", "0::/\n", {{fs + "/cpu.max", "200000 100000\n"}}, 2},
        {"a little more than two", "0::/\n", {{fs + "/cpu.max", "200001 100000\n"}}, 3},
        {"the least of all above it",
         "0::/a/b\n",
         {{fs + "/a/b/cpu.max", "800000 100000\n"},
          {fs + "/a/cpu.max", "300000 100000\n"},
          {fs + "/cpu.max", "max 100000"}},
         3},
        {"a path of the host that a container does not have",
         "0::/kubepods/pod1/x\n",
         {{fs + "/cpu.max", "100000 100000\n"}},
         1},
        {"v1",
         "5:memory:/m\n4:cpu,cpuacct:/docker/x\n",
         {{fs + "/cpu/docker/x/cpu.cfs_quota_us", "150000\n"}, {fs + "/cpu/docker/x/cpu.cfs_period_us", "100000\n"}},
         2},
        {"v1 without a limit",
         "4:cpu,cpuacct:/\n",
         {{fs + "/cpu/cpu.cfs_quota_us", "-1\n"}, {fs + "/cpu/cpu.cfs_period_us", "100000\n"}},
         {}},
        {"only cpuset",
         "3:cpuset:/x\n",
         {{fs + "/cpu/x/cpu.cfs_quota_us", "1000\n"}, {fs + "/cpu/x/cpu.cfs_period_us", "1000\n"}},
         {}},
        {"nonsense", ":\nx\n0:\n0::\n::::\n", {{fs + "/cpu.max", "x y"}}, {}},
        {"a quota of nothing", "0::/\n", {{fs + "/cpu.max", "0 0"}}, {}},
    };
    for (const Row& row : table) {
        INFO(row.what);
        CHECK(quota_cores(row.memberships, [&](const std::string& path) -> std::optional<std::string> {
                  const auto found = row.files.find(path);
                  return found == row.files.end() ? std::nullopt : std::optional(found->second);
              }) == row.cores);
    }
    CHECK(usable_cores() >= 1);
}
