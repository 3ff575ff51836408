// `waaft history`: which revisions there were, and how they ended.
#include "cmd/deploy/deploy_command.h"
#include "cmd/deploy/revision.h"
#include "cmd/deploy/shared.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

namespace waaft::cmd {
namespace {

constexpr const char* history_schema = "waaft.history/1";

void print(std::ostream& out, const std::vector<deploy::Revision>& revisions) {
    for (const auto& revision : revisions) {
        out << revision.number << "  " << revision.at << "  " << revision.status
            << (revision.cause.empty() ? "" : " (" + revision.cause + ")") << "  " << revision.image << "  "
            << revision.by << (revision.note.empty() ? "" : "  " + revision.note) << '\n';
    }
}

boost::json::object to_json(const std::vector<deploy::Revision>& revisions) {
    boost::json::object result{{"schema", history_schema}, {"result", "ok"}, {"exit", 0}};
    auto& list = result["revisions"].emplace_array();
    for (const auto& revision : revisions) {
        list.push_back(boost::json::object{{"revision", revision.number},
                                           {"status", revision.status},
                                           {"image", revision.image},
                                           {"at", revision.at},
                                           {"by", revision.by},
                                           {"cause", revision.cause},
                                           {"note", revision.note}});
    }
    return result;
}

Result<Exit, Errors> run_history(const Streams& streams, const deploy::Input& input) {
    deploy::Session session(streams, input);
    if (auto started = session.start(); !started) return started.error();
    const auto revisions = deploy::read_revisions(*session.api, session.project.name);
    if (!revisions) return Errors{revisions.error()};
    if (input.common->json()) {
        streams.out << boost::json::serialize(to_json(*revisions)) << '\n';
    } else {
        print(streams.out, *revisions);
    }
    return Exit::ok;
}

}  // namespace

Command history_command(const Environment& environment) {
    deploy::Input input;
    input.environment = environment;
    return {.name = "history",
            .doc = "The revisions of the deployment: when, by whom, which image, and how they ended.",
            .options = deploy::shared_options(input),
            .arguments = {},
            .subcommands = {},
            .run = [input](const Streams& streams) {
                return deploy::finish(streams, input, history_schema, run_history(streams, input));
            }};
}

}  // namespace waaft::cmd
