#include "cmd/deploy/evidence.h"

#include "cmd/json_text.h"
#include "cmd/os/files.h"
#include "cmd/ui/failure.h"

#include <boost/json/array.hpp>

#include <filesystem>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

std::string folder_of(const std::string& wanted, const cmd::Environment& environment) {
    if (!wanted.empty()) return wanted;
    const auto value = [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    };
    if (const auto state = value("XDG_STATE_HOME"); !state.empty()) return state + "/waaft";
    const auto home = value("HOME");
    return home.empty() ? "." : home + "/.local/state/waaft";
}

}  // namespace

std::string evidence_json(const Watched& watched, const std::string& image, UnixMs now) {
    auto evidence = cmd::failure_json("waaft.evidence/1", cmd::Exit::rollout_failed, watched.causes);
    evidence["at"] = kube::format_time(now);
    evidence["image"] = image;
    evidence["waiting_for"] = watched.waiting_for;
    auto& logs = evidence["logs"].emplace_object();
    for (const auto& [title, text] : watched.logs) logs[title] = text;
    auto& pods = evidence["pods"].emplace_array();
    for (const auto& pod : watched.snapshot.pods) {
        pods.push_back(json::object{{"name", kube::name_of(pod)},
                                    {"node", kube::text(pod, {"spec", "nodeName"})},
                                    {"status", kube::child(pod, {"status"})}});
    }
    auto& events = evidence["events"].emplace_array();
    for (const auto& event : watched.snapshot.events) {
        events.push_back(json::object{{"at", kube::text(event, {"lastTimestamp"})},
                                      {"object", kube::text(event, {"involvedObject", "kind"}) + "/" +
                                                     kube::text(event, {"involvedObject", "name"})},
                                      {"reason", kube::text(event, {"reason"})},
                                      {"message", kube::text(event, {"message"})}});
    }
    return cmd::pretty(evidence);
}

Result<std::string> save_evidence(const Watched& watched, const Work& work, const std::string& image,
                                  const std::string& folder, const cmd::Environment& environment) {
    const auto where = folder_of(folder, environment);
    std::error_code bad;
    std::filesystem::create_directories(where, bad);  // write_file() says it if that failed
    const auto now = work.api.cluster_time();
    auto time = kube::format_time(now);
    std::erase_if(time, [](char c) { return c == ':' || c == '-'; });
    const auto path = where + "/" + work.api.target().name_space + "-" + work.name + "-" + time + ".json";
    auto written = os::write_file(path, evidence_json(watched, image, now), 0600);
    if (!written) return written.error();
    return path;
}

}  // namespace waaft::deploy
