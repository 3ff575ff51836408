#include "cmd/deploy/redis_password.h"

#include "server/base/id.h"

namespace waaft::deploy {

Result<void> make_redis_password(kube::Api& api, const std::string& name) {
    const auto present = api.get(api.path({"v1", "Secret"}, name + "-cluster"));
    if (!present && present.error().code != "NOT_FOUND") return present.error();
    if (present && kube::has(*present, {"data", "redis.password"}) && kube::has(*present, {"data", "redis.conf"}))
        return {};
    const auto password = random_key();
    kube::Object secret{
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"metadata",
         {{"name", name + "-cluster"},
          {"labels", {{"app.kubernetes.io/name", "waaft"}, {"app.kubernetes.io/part-of", "waaft"}}}}},
        {"type", "Opaque"},
        {"stringData", {{"redis.password", password}, {"redis.conf", "requirepass " + password + "\n"}}}};
    // A pod that was faster has made both: its password is as good.
    const auto written =
        present ? api.merge(api.path({"v1", "Secret"}, name + "-cluster"),
                            {{"metadata", {{"resourceVersion", kube::text(*present, {"metadata", "resourceVersion"})}}},
                             {"stringData", secret.at("stringData")}})
                : api.create(secret);
    if (!written && written.error().code != "CONFLICT") return written.error();
    return {};
}

}  // namespace waaft::deploy
