// How many pods there may be: what is, what is wanted, whether that makes sense, and whether it is so by now. Sans-IO.
//
// Thread: any, no state. Ownership: values. Units: pods; CPU in percent of the request. Errors: usage_scale (nothing
// was asked, or what contradicts itself), QUOTA (the namespace has no room), NO_CPU_TARGET.
// Source: autoscaling/v2; ResourceQuota of Kubernetes 1.28-1.34.
#pragma once

#include "cmd/kube/fields.h"
#include "server/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace waaft::status {

struct Scale {
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::optional<std::int64_t> cpu;  // none: the autoscaler goes by something else
    friend bool operator==(const Scale&, const Scale&) = default;
};

struct ScaleWish {
    std::optional<std::int64_t> min, max, cpu, replicas;
    bool empty() const { return !min && !max && !cpu && !replicas; }
};

Scale scale_of(const kube::Object& hpa);
// "2 to 20 pods at 60 % CPU"
std::string text_of(const Scale& scale);

// What comes out of the wish.
Result<Scale> wished(const Scale& before, const ScaleWish& wish);

// The most pods like this template that the quotas of the namespace have room for, those that run now included;
// nullopt: there is no quota that limits them.
struct Room {
    std::int64_t pods = 0;
    std::string why;  // "ResourceQuota/small: requests.cpu"
};
std::optional<Room> room_of(const kube::Objects& quotas, const kube::Object& deployment);
// What is newly asked for must fit. A warning: what was asked before does not.
Result<std::string> check_room(const Scale& before, const Scale& after, const std::optional<Room>& room);

// The object to apply.
kube::Object scaled(const kube::Object& hpa, const Scale& scale);

// Whether the cluster has done it: as many pods as the autoscaler says, within the limits, all ready.
struct Reached {
    bool done = false;
    std::string waiting_for;
};
Reached reached(const Scale& scale, const kube::Object& hpa, const kube::Object& deployment);

}  // namespace waaft::status
