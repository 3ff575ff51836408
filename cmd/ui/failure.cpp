#include "cmd/ui/failure.h"

#include "cmd/ui/exit_codes.h"
#include "cmd/ui/text.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

namespace waaft::cmd {
namespace {

void put(boost::json::object& object, std::string_view name, std::string_view text) {
    if (!text.empty()) object[name] = clean_line(text);
}

void put(boost::json::object& object, std::string_view name, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    auto& array = object[name].emplace_array();
    for (const auto& line : lines) array.emplace_back(clean_line(line));
}

boost::json::object cause_json(const Cause& cause) {
    boost::json::object object{{"code", cause.code}};
    put(object, "object", cause.object);
    put(object, "container", cause.container);
    object["message"] = clean_line(cause.message);
    put(object, "where", cause.where);
    put(object, "hint", cause.hint);
    put(object, "events", cause.events);
    put(object, "log_tail", cause.log_tail);
    return object;
}

std::string place_of(const Cause& cause) {
    std::string place = cause.object;
    if (!cause.container.empty()) place += (place.empty() ? "container " : ", container ") + cause.container;
    if (!cause.where.empty()) place += (place.empty() ? "" : ", ") + cause.where;
    return place;
}

void print_lines(const Streams& streams, std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    streams.err << "  " << title << ":\n";
    for (const auto& line : lines) streams.err << "    " << clean_line(line) << '\n';
}

}  // namespace

boost::json::object failure_json(std::string_view schema, Exit exit, const std::vector<Cause>& causes) {
    boost::json::array list;
    for (const auto& cause : causes) list.emplace_back(cause_json(cause));
    return {{"schema", schema}, {"result", "failed"}, {"exit", static_cast<int>(exit)}, {"causes", std::move(list)}};
}

void write_failure(std::ostream& out, std::string_view schema, Exit exit, const std::vector<Cause>& causes) {
    out << boost::json::serialize(failure_json(schema, exit, causes)) << '\n';
}

Exit write_failure(std::ostream& out, std::string_view schema, const Errors& errors) {
    std::vector<Cause> causes;
    for (const auto& error : errors) causes.push_back(cause_of(error));
    const auto exit = exit_of(errors);
    write_failure(out, schema, exit, causes);
    return exit;
}

Cause cause_of(const Error& error) {
    return {.code = error.code,
            .object = {},
            .container = {},
            .message = error.what,
            .hint = error.hint,
            .events = {},
            .log_tail = {},
            .where = error.where};
}

Error error_of(const Cause& cause) { return {cause.code, cause.message, place_of(cause), cause.hint}; }

void print_cause(const Streams& streams, const Cause& cause) {
    streams.err << (streams.color ? "\033[1;31m" : "") << cause.code << (streams.color ? "\033[0m: " : ": ")
                << clean_line(cause.message) << '\n';
    if (const auto place = place_of(cause); !place.empty()) streams.err << "  at: " << clean_line(place) << '\n';
    print_lines(streams, "events", cause.events);
    print_lines(streams, "its log ends with", cause.log_tail);
    if (!cause.hint.empty()) streams.err << "  try: " << clean_line(cause.hint) << '\n';
}

}  // namespace waaft::cmd
