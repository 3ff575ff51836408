#include "cmd/commands.h"

#include "cmd/bench/bench_command.h"
#include "cmd/deploy/deploy_command.h"
#include "cmd/doctor/doctor_command.h"
#include "cmd/gke/cluster_command.h"
#include "cmd/image/build_image_command.h"
#include "cmd/init/init_command.h"
#include "cmd/load/load_command.h"
#include "cmd/manifest/manifests_command.h"
#include "cmd/pod/cluster_init_command.h"
#include "cmd/push/login_command.h"
#include "cmd/push/push_command.h"
#include "cmd/status/logs_command.h"
#include "cmd/status/open_command.h"
#include "cmd/status/scale_command.h"
#include "cmd/status/status_command.h"

namespace waaft::cmd {

std::vector<Command> all_commands(const Environment& environment, RunServer run_server) {
    return {serve_command(environment, run_server),
            init_command(),
            build_image_command(environment),
            push_command(environment),
            login_command(environment),
            manifests_command(environment),
            config_command(environment),
            key_command(),
            load_command(),
            bench_command(),
            cluster_command(environment),
            cluster_init_command(environment),
            deploy_command(environment),
            rollback_command(environment),
            history_command(environment),
            destroy_command(environment),
            status_command(environment),
            scale_command(environment),
            logs_command(environment),
            open_command(environment),
            doctor_command(environment),
            completion_command([environment, run_server] { return all_commands(environment, run_server); }),
            version_command()};
}

}  // namespace waaft::cmd
