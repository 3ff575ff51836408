#include "cmd/project/serve_section.h"

#include "server/app/setting_values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace waaft::project {
namespace {

namespace json = boost::json;
using Type = yaml::Node::Type;

const std::string serve_names_hint = "see `waaft config show` for the names";

class SectionReader {
public:
    explicit SectionReader(Problems& problems) : problems_(problems) {}

    std::vector<ServeValue> take() { return std::move(values_); }

    // `prefix` is the dotted name so far with a dot at its end.
    void read_level(const yaml::Node& node, const std::string& owner, const std::string& prefix) {
        each_entry(problems_, node, {owner, serve_names_hint}, names_below(app::settings(), prefix),
                   [&](const yaml::Node& key, const yaml::Node& value) {
                       const auto name = prefix + key.scalar;
                       if (const auto* setting = app::find_setting(name)) {
                           read_setting(*setting, key, value);
                       } else {
                           read_level(value, name, name + ".");
                       }
                   });
    }

private:
    void read_setting(const app::Setting& setting, const yaml::Node& key, const yaml::Node& value) {
        ServeValue result{&setting, {}, problems_.place(value.at), static_cast<int>(value.at.line)};
        const bool list = setting.kind == app::Kind::list;
        if (value.type != (list ? Type::list : Type::scalar)) {
            // Nothing has no place of its own.
            wrong_type(setting, value.type, value.type == Type::null ? key.at : value.at);
            return;
        }
        for (const auto& item : value.children) {
            if (item.type != Type::scalar) {
                wrong_type(setting, item.type, item.at);
                return;
            }
            result.items.push_back(item.scalar);
        }
        if (!list) {
            result.items.push_back(value.scalar);
        }
        app::Config scratch;
        const auto set = apply(result, scratch);
        if (set) {
            values_.push_back(std::move(result));
        } else {
            problems_.add(value.at, set.error().code, set.error().what, set.error().hint);
        }
    }

    void wrong_type(const app::Setting& setting, yaml::Node::Type type, const yaml::Position& at) {
        problems_.add(at, "config_type",
                      std::string(setting.key) + " must be " + app::expected(setting) + ", not " +
                          std::string(yaml::name_of(type)),
                      setting.kind == app::Kind::list ? "write [first, second]" : "write one value after the colon");
    }

    Problems& problems_;
    std::vector<ServeValue> values_;
};

json::value value_of(const ServeValue& value) {
    const auto& first = value.items.empty() ? std::string() : value.items.front();
    switch (value.setting->kind) {
        case app::Kind::list: return json::array(value.items.begin(), value.items.end());
        case app::Kind::boolean: return first == "true";
        case app::Kind::integer: return app::parse_integer(first).value_or(0);
        default: return json::value(first);
    }
}

}  // namespace

std::vector<ServeValue> read_serve(Problems& problems, const yaml::Node& section) {
    SectionReader reader(problems);
    reader.read_level(section, "serve", "");
    return reader.take();
}

Result<void> apply(const ServeValue& value, app::Config& config) {
    return value.setting->kind == app::Kind::list ? app::set_from_list(config, *value.setting, value.items)
                                                  : app::set_from_text(config, *value.setting, value.items.front());
}

std::string serve_text(const std::vector<ServeValue>& values) {
    json::object serve;
    for (const auto& setting : app::settings()) {
        const ServeValue* last = nullptr;
        for (const auto& value : values) {
            last = value.setting == &setting ? &value : last;
        }
        if (last == nullptr) {
            continue;
        }
        json::object* map = &serve;
        std::string_view rest = setting.key;
        for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
            auto& below = (*map)[rest.substr(0, dot)];
            map = below.is_object() ? &below.get_object() : &below.emplace_object();
            rest.remove_prefix(dot + 1);
        }
        (*map)[rest] = value_of(*last);
    }
    return serve.empty() ? std::string() : yaml::emit(json::object{{"serve", std::move(serve)}});
}

}  // namespace waaft::project
