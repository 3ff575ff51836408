// Reads values out of Kubernetes objects, where any field may be absent.
//
// Thread: any, no state. Ownership: references into the object given. Errors: none; what is absent or of
// another type reads as empty or zero.
#pragma once

#include "server/base/time.h"

#include <boost/json/object.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::kube {

using Object = boost::json::object;
using Objects = std::vector<Object>;
// "metadata", "name"
using Path = std::initializer_list<std::string_view>;

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

const boost::json::value* find(const Object& object, Path path);
std::string text(const Object& object, Path path);
std::int64_t number(const Object& object, Path path, std::int64_t otherwise = 0);
bool is_true(const Object& object, Path path);
const boost::json::array& list(const Object& object, Path path);
const Object& child(const Object& object, Path path);
bool has(const Object& object, Path path);

std::string name_of(const Object& object);
std::string uid_of(const Object& object);
// "Deployment/waaft"
std::string title_of(const Object& object);
// The element of a list of objects whose member `key` is `value`, such as a condition by its type; empty: none.
const Object& find_in(const boost::json::array& objects, std::string_view key, std::string_view value);
// The first address of a list of status.loadBalancer.ingress or status.addresses: an IP or a host name; empty: none.
std::string host_in(const boost::json::array& addresses);
// The uid of the owner that is the controller; empty: none.
std::string controller_of(const Object& object);

// "2026-11-24T05:00:01Z", with or without fractions; nothing if it is no such text.
std::optional<UnixMs> parse_time(std::string_view text);
std::string format_time(UnixMs time);
// "500m", "2", "256Mi", "1e3": in thousandths.
std::optional<std::int64_t> parse_quantity(std::string_view text);

}  // namespace waaft::kube
