#include "cmd/project/field_json.h"

#include "server/app/setting_values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace waaft::project {
namespace {

namespace json = boost::json;

constexpr std::string_view mask = "***";

template <class T>
T member_of(const Project& project, const Field& field) {
    Project copy = project;  // members are found through a Project that may be written
    return std::get<T& (*)(Project&)>(field.member)(copy);
}

json::value secret_json(const SecretSource& source) {
    if (!source.file.empty()) return json::object{{"file", source.file}};
    if (!source.env.empty()) return json::object{{"env", source.env}};
    if (!source.existing.empty()) return json::object{{"existing", source.existing}};
    if (source.command.empty()) return nullptr;
    json::array command{json::value(source.command.front())};
    command.resize(source.command.size(), json::value(mask));
    return json::object{{"command", std::move(command)}};
}

std::string secret_line(const SecretSource& source) {
    if (!source.file.empty()) return std::string(mask) + " (file " + source.file + ")";
    if (!source.env.empty()) return std::string(mask) + " (env " + source.env + ")";
    if (!source.existing.empty()) return std::string(mask) + " (existing " + source.existing + ")";
    return source.command.empty() ? "" : std::string(mask) + " (command " + source.command.front() + ")";
}

}  // namespace

json::value to_json(const Project& project, const Field& field) {
    const auto text = render(project, field);
    switch (field.kind) {
        case Kind::boolean: return text == "true";
        case Kind::integer: return app::parse_integer(text).value_or(0);
        case Kind::list: {
            const auto items = member_of<std::vector<std::string>>(project, field);
            return json::array(items.begin(), items.end());
        }
        case Kind::labels: {
            json::object labels;
            for (const auto& [name, value] : member_of<std::map<std::string, std::string>>(project, field))
                labels[name] = value;
            return labels;
        }
        case Kind::secret: return secret_json(member_of<SecretSource>(project, field));
        case Kind::secrets: {
            json::object secrets;
            for (const auto& [name, source] : member_of<std::map<std::string, SecretSource>>(project, field))
                secrets[name] = secret_json(source);
            return secrets;
        }
        default: return json::value(text);
    }
}

std::string to_line(const Project& project, const Field& field) {
    std::string line;
    const auto add = [&](const std::string& item) { line += (line.empty() ? "" : ",") + item; };
    if (field.kind == Kind::secret) return secret_line(member_of<SecretSource>(project, field));
    if (field.kind == Kind::labels) {
        for (const auto& [name, value] : member_of<std::map<std::string, std::string>>(project, field))
            add(name + "=" + value);
        return line;
    }
    if (field.kind == Kind::secrets) {
        for (const auto& [name, source] : member_of<std::map<std::string, SecretSource>>(project, field))
            add(name + "=" + secret_line(source));
        return line;
    }
    return render(project, field);
}

}  // namespace waaft::project
