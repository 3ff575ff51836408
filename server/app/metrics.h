// The counters of all shards as Prometheus text and as the JSON of /statusz.
//
// Thread: any; reads atomics. Ownership: none. Source: Prometheus text format 0.0.4.
#pragma once

#include "server/app/services.h"

#include <string>
#include <vector>

namespace waaft::app {

class Shard;

std::string metrics_text(const Services& services, const std::vector<const Shard*>& shards);
std::string status_json(const Services& services, const std::vector<const Shard*>& shards);

}  // namespace waaft::app
