#include "cmd/deploy/deploy_command.h"

#include "cmd/deploy/deploy.h"

namespace waaft::cmd {
namespace {

std::vector<Option> options_of(const deploy::Input& input, const std::shared_ptr<deploy::Wish>& wish) {
    auto options = deploy::shared_options(input);
    const auto add = [&](Option option) { options.push_back(std::move(option)); };
    add(flag("--image", "REFERENCE", "The image: host/org/waaft@sha256:..., or with a tag.",
             [wish](const std::string& text) { wish->image.image = text; }));
    auto result = flag("--build-result", "FILE", "What `waaft push --output json` said; - is standard input.",
                       [wish](const std::string& text) { wish->image.build_result = text; });
    result.file = true;
    add(std::move(result));
    add(flag("--dry-run", "", "Show what would change and stop.",
             [wish](const std::string&) { wish->dry_run = true; }));
    add(flag("--exit-code", "", "With --dry-run: exit 3 if anything would change.",
             [wish](const std::string&) { wish->exit_code = true; }));
    add(flag("--force-conflicts", "", "Take over fields that other programs or people manage.",
             [wish](const std::string&) { wish->force_conflicts = true; }));
    add(flag("--no-rollback", "", "Leave a rollout that failed as it is.",
             [wish](const std::string&) { wish->no_rollback = true; }));
    auto probe = flag("--probe", "MODE",
                      "Join the new version from here: auto (a way that is closed to this machine "
                      "is only told), require, off.",
                      [wish](const std::string& text) {
                          wish->probe = text == "require" ? deploy::ProbeMode::require
                                        : text == "off"   ? deploy::ProbeMode::off
                                                          : deploy::ProbeMode::automatic;
                      });
    probe.choices = {"auto", "require", "off"};
    add(std::move(probe));
    add(flag("--evidence", "DIR", "Where to keep what a failed rollout looked like (~/.local/state/waaft).",
             [wish](const std::string& text) { wish->evidence = text; }));
    const auto common = input.common;
    add(flag("--lock-wait", "TIME", "How long to wait for another deploy to end: 5m; default: not at all.",
             [wish, common](const std::string& text) {
                 const auto time = parse_timeout(text);
                 if (time) wish->lock_wait = *time;
                 if (!time)
                     common->wrong.push_back(
                         {"usage_lock_wait", "--lock-wait must be a time such as 90s or 5m, not \"" + text + "\""});
             }));
    return options;
}

}  // namespace

Command deploy_command(const Environment& environment) {
    deploy::Input input;
    input.environment = environment;
    const auto wish = std::make_shared<deploy::Wish>();
    return {.name = "deploy",
            .doc = "Bring an image to the cluster: plan, apply, watch until it is proven, or roll back.",
            .options = options_of(input, wish),
            .arguments = {},
            .subcommands = {},
            .run = [input, wish](const Streams& streams) -> Result<Exit, Errors> {
                deploy::Session session(streams, input);
                auto started = session.start();
                return deploy::finish(
                    streams, input, "waaft.deploy/1",
                    started ? deploy::Deploy(session, *wish).run() : Result<Exit, Errors>(started.error()));
            }};
}

}  // namespace waaft::cmd
