#include "cmd/commands.h"

#include "cmd/bench/bench_command.h"
#include "cmd/load/load_command.h"
#include "cmd/pod/cluster_init_command.h"

namespace waaft::cmd {

std::vector<Command> all_commands(const Environment& environment, RunServer run_server) {
    return {serve_command(environment, run_server),
            config_command(environment),
            key_command(),
            load_command(),
            bench_command(),
            cluster_init_command(environment),
            completion_command([environment, run_server] { return all_commands(environment, run_server); }),
            version_command()};
}

}  // namespace waaft::cmd
