// Puts values into Kubernetes objects by the path that leads there.
//
// Thread: any, no state. Ownership: references into the object given. Errors: none; what is missing on
// the way is made, what is no map there is replaced. Source: RFC 6901 for the thought, not the form.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waaft::manifest {

using Object = boost::json::object;
using Objects = std::vector<Object>;
using Path = std::vector<std::string_view>;

// "a.b" as {"a", "b"}.
Path path_of(std::string_view dotted);

const boost::json::value* find(const Object& object, const Path& path);
boost::json::value* find(Object& object, const Path& path);
// Empty if there is no text.
std::string text_at(const Object& object, const Path& path);
// The place for a value; what is missing on the way is made.
boost::json::value& place_at(Object& object, const Path& path);
template <class Value>
void put(Object& object, const Path& path, Value&& value) {
    place_at(object, path) = boost::json::value(std::forward<Value>(value));
}
void erase(Object& object, const Path& path);
Object& map_at(Object& object, const Path& path);
boost::json::array& list_at(Object& object, const Path& path);
// The element whose member `name` is `name`; the templates have it.
Object& named(boost::json::array& list, std::string_view name);

std::string kind_of(const Object& object);
std::string name_of(const Object& object);
// "Service/waaft"
std::string title_of(const Object& object);

}  // namespace waaft::manifest
