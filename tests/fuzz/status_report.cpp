// The report that is made from whatever a cluster and its pods say: any JSON object in the form of
// tests/data/status, with anything in the place of anything.
#include "cmd/status/report.h"
#include "cmd/status/report_json.h"
#include "cmd/status/scale.h"
#include "cmd/status/text.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>

using namespace waaft;
using namespace waaft::status;
using kube::Object;
using kube::Objects;

namespace {

Objects objects(const Object& json, std::string_view key) {
    Objects result;
    for (const auto& entry : kube::list(json, {key})) {
        if (entry.is_object()) result.push_back(entry.get_object());
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)end_of_certificate(text);
    boost::system::error_code bad;
    const auto value = boost::json::parse(text, bad);
    if (bad || !value.is_object()) return 0;
    const auto& json = value.get_object();
    View view;
    view.deployment = kube::child(json, {"deployment"});
    view.autoscaler = kube::child(json, {"autoscaler"});
    view.replica_sets = objects(json, "replica_sets");
    view.pods = objects(json, "pods");
    view.services = objects(json, "services");
    view.events = objects(json, "events");
    view.certificate = certificate_of(kube::child(json, {"secret"}));
    for (const auto& entry : kube::child(json, {"live"})) {
        if (entry.value().is_object()) view.live[entry.key()] = read_live(Result<Object>(entry.value().get_object()));
    }
    const auto report = make_report(view, kube::number(json, {"now"}));
    // No escape sequence of somebody else's gets to the terminal.
    if (text_of(report, false).find('\033') != std::string::npos) std::abort();
    const auto printed = boost::json::serialize(json_of(report));
    if (!boost::json::parse(printed, bad).is_object() || bad) std::abort();
    (void)room_of(view.services, view.deployment);
    (void)scaled(view.autoscaler, {1, 2, 3});
    return 0;
}
