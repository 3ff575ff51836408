#include "cmd/json_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace waaft::cmd {
namespace {

void put(std::string& out, const boost::json::value& value, std::size_t indent);

void put_line(std::string& out, std::size_t indent, bool first) {
    out += first ? "\n" : ",\n";
    out.append(indent, ' ');
}

void put_object(std::string& out, const boost::json::object& object, std::size_t indent) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : object) {
        put_line(out, indent + 2, first);
        out += boost::json::serialize(boost::json::value(key)) + ": ";
        put(out, member, indent + 2);
        first = false;
    }
    out += '\n' + std::string(indent, ' ') + '}';
}

bool is_flat(const boost::json::array& array) {
    for (const auto& item : array) {
        if (item.is_object() || item.is_array()) {
            return false;
        }
    }
    return true;
}

void put_array(std::string& out, const boost::json::array& array, std::size_t indent) {
    if (is_flat(array)) {
        out += boost::json::serialize(array);
        return;
    }
    out += '[';
    bool first = true;
    for (const auto& item : array) {
        put_line(out, indent + 2, first);
        put(out, item, indent + 2);
        first = false;
    }
    out += '\n' + std::string(indent, ' ') + ']';
}

void put(std::string& out, const boost::json::value& value, std::size_t indent) {
    if (value.is_object() && !value.get_object().empty()) {
        put_object(out, value.get_object(), indent);
    } else if (value.is_array()) {
        put_array(out, value.get_array(), indent);
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

std::string pretty(const boost::json::value& value) {
    std::string out;
    put(out, value, 0);
    return out + '\n';
}

}  // namespace waaft::cmd
