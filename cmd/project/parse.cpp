#include "cmd/project/parse.h"

#include "cmd/project/config_text.h"

#include <algorithm>

namespace waaft::project {
namespace {

using Type = yaml::Node::Type;

const std::string one_value_hint = "write one value after the colon";

// "its keys are min, max, cpu, behavior", each once.
std::string hint_of_names(const std::vector<std::string>& keys) {
    std::string hint = "its keys are ";
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        if (std::find(keys.begin(), key, *key) == key) hint += (key == keys.begin() ? "" : ", ") + *key;
    }
    return hint;
}

bool is_text(const yaml::Node& node) { return node.type == Type::scalar; }

class FileReader {
public:
    explicit FileReader(const std::string& name) : problems_(name) {}

    ParsedFile take() {
        parsed_.errors = problems_.take();
        return std::move(parsed_);
    }

    // `prefix` is the dotted name so far with a dot at its end.
    void read_level(const yaml::Node& node, const std::string& owner, const std::string& prefix) {
        auto keys = names_below(fields(), prefix);
        if (prefix.empty()) keys.emplace_back("serve");
        each_entry(problems_, node, {owner, hint_of_names(keys)}, keys,
                   [&](const yaml::Node& key, const yaml::Node& value) {
                       const auto name = prefix + key.scalar;
                       if (name == "serve") {
                           parsed_.serve = read_serve(problems_, value);
                       } else if (const auto* field = find_field(name)) {
                           read_field(*field, key, value);
                       } else if (const auto* mode = is_text(value) ? find_field(name + ".mode") : nullptr) {
                           read_field(*mode, key, value);  // "redis: none"
                       } else {
                           read_level(value, name, name + ".");
                       }
                   });
    }

private:
    void read_field(const Field& field, const yaml::Node& key, const yaml::Node& value) {
        FieldValue result{.field = &field, .items = {}, .labels = {}, .secrets = {}};
        result.line = static_cast<int>(key.at.line);
        bool good = false;
        switch (field.kind) {
            case Kind::labels: good = read_labels(field, value, result); break;
            case Kind::secret: good = read_secret(std::string(field.key), key, value, result.secrets[""], false); break;
            case Kind::secrets: good = read_secrets(value, result); break;
            default: good = read_texts(field, key, value, result);
        }
        if (good) parsed_.fields.push_back(std::move(result));
    }

    bool read_texts(const Field& field, const yaml::Node& key, const yaml::Node& value, FieldValue& result) {
        const bool list = field.kind == Kind::list;
        const std::string hint = list ? "write [first, second]" : one_value_hint;
        if (value.type != (list ? Type::list : Type::scalar)) {
            // Nothing has no place of its own.
            return wrong_type(value.type == Type::null ? key.at : value.at, field, value, hint);
        }
        for (const auto& item : value.children) {
            if (!is_text(item)) return wrong_type(item.at, field, item, hint);
            result.items.push_back(item.scalar);
        }
        if (!list) result.items.push_back(value.scalar);
        Project scratch;
        const auto set = apply(result, scratch);
        if (!set) problems_.add(value.at, set.error().code, set.error().what, set.error().hint);
        return set.has_value();
    }

    bool read_labels(const Field& field, const yaml::Node& value, FieldValue& result) {
        const auto read = [&](const yaml::Node& key, const yaml::Node& text) {
            if (is_text(text)) {
                result.labels[key.scalar] = text.scalar;
            } else {
                wrong_type(text.type == Type::null ? key.at : text.at, field, text, "write one text after each name");
            }
        };
        each_entry(problems_, value, {std::string(field.key), "its keys are names"}, read);
        return true;
    }

    bool read_secrets(const yaml::Node& value, FieldValue& result) {
        const std::vector<std::string> keys(secret_settings().begin(), secret_settings().end());
        const std::string hint = "its keys are settings of serve: whose files are secret";
        each_entry(problems_, value, {"secrets", hint}, keys, [&](const yaml::Node& key, const yaml::Node& source) {
            if (!read_secret(key.scalar, key, source, result.secrets[key.scalar], true)) {
                result.secrets.erase(key.scalar);
            }
        });
        return true;
    }

    // Where a secret is; `in_cluster` if it may be one that the cluster already has.
    bool read_secret(const std::string& owner, const yaml::Node& key, const yaml::Node& value, SecretSource& source,
                     bool in_cluster) {
        const std::string example = in_cluster ? "write one of {file: PATH}, {env: NAME}, {command: [PROGRAM]} and "
                                                 "{existing: secret/key}"
                                               : "write one of {file: PATH}, {env: NAME} and {command: [PROGRAM]}";
        if (value.type != Type::map) {
            problems_.add(
                value.type == Type::null ? key.at : value.at, "config_type",
                owner + " must say where the secret is, and is " + std::string(yaml::name_of(value.type)) + " here",
                example);
            return false;
        }
        std::vector<std::string> keys{"file", "env", "command"};
        if (in_cluster) keys.emplace_back("existing");
        std::size_t given = 0;
        bool good = true;
        each_entry(problems_, value, {owner, example}, keys, [&](const yaml::Node& what, const yaml::Node& text) {
            ++given;
            good = read_source(owner, what, text, source) && good;
        });
        const auto written = value.children.size() / 2;  // unknown names included, which are told already
        if (good && written != 1) {
            problems_.add(value.at, "config_value",
                          owner + " must name one place where the secret is, not " + std::to_string(written), example);
        }
        return good && given == 1 && written == 1;
    }

    bool read_source(const std::string& owner, const yaml::Node& key, const yaml::Node& value, SecretSource& source) {
        const auto& at = value.type == Type::null ? key.at : value.at;
        if (key.scalar == "command") return read_command(owner, at, value, source);
        const bool text = is_text(value) && !value.scalar.empty();
        if (key.scalar == "file") {
            source.file = value.scalar;
            return text && has_form(Form::any, value.scalar) ? true : bad_source(at, owner + ".file", "a path");
        }
        if (key.scalar == "env") {
            source.env = value.scalar;
            return text && is_variable_name(value.scalar) ? true : bad_source(at, owner + ".env", "a variable's name");
        }
        source.existing = value.scalar;
        return text && is_secret_key(value.scalar) ? true
                                                   : bad_source(at, owner + ".existing", "SECRET/KEY of the namespace");
    }

    bool read_command(const std::string& owner, const yaml::Position& at, const yaml::Node& value,
                      SecretSource& source) {
        for (const auto& item : value.children) source.command.push_back(item.scalar);
        const bool list = value.type == Type::list && !value.children.empty() && !source.command.front().empty() &&
                          std::all_of(value.children.begin(), value.children.end(), is_text);
        return list ? true : bad_source(at, owner + ".command", "a list, [program, argument]; no shell reads it");
    }

    bool bad_source(const yaml::Position& at, const std::string& owner, const std::string& expects) {
        problems_.add(at, "config_value", owner + " must be " + expects, "correct it, or use another way");
        return false;
    }

    bool wrong_type(const yaml::Position& at, const Field& field, const yaml::Node& node, const std::string& hint) {
        problems_.add(
            at, "config_type",
            std::string(field.key) + " must be " + expected(field) + ", not " + std::string(yaml::name_of(node.type)),
            hint);
        return false;
    }

    Problems problems_;
    ParsedFile parsed_;
};

// Of the parser's errors the codes are those of a configuration.
Error as_config(Error error) {
    constexpr std::string_view yaml = "yaml_";
    if (error.code.starts_with(yaml)) error.code = "config_" + error.code.substr(yaml.size());
    return error;
}

}  // namespace

ParsedFile parse_file(std::string_view text, const std::string& name) {
    const yaml::Limits limits{.bytes = config_file_bytes_max, .nesting = 16, .nodes = 20'000, .documents = 1};
    const auto root = yaml::parse(text, name, limits);
    if (!root) return {.fields = {}, .serve = {}, .errors = {as_config(root.error())}};
    FileReader reader(name);
    reader.read_level(*root, "the file", "");
    return reader.take();
}

Result<void> apply(const FieldValue& value, Project& project) {
    const auto& field = *value.field;
    switch (field.kind) {
        case Kind::labels: {
            auto& labels = std::get<std::map<std::string, std::string>& (*)(Project&)>(field.member)(project);
            for (const auto& [name, text] : value.labels) labels[name] = text;
            return {};
        }
        case Kind::secrets: {
            auto& secrets = std::get<std::map<std::string, SecretSource>& (*)(Project&)>(field.member)(project);
            for (const auto& [name, source] : value.secrets) secrets[name] = source;
            return {};
        }
        case Kind::secret:
            std::get<SecretSource& (*)(Project&)>(field.member)(project) = value.secrets.at("");
            return {};
        case Kind::list: return set_from_list(project, field, value.items);
        default: return set_from_text(project, field, value.items.front());
    }
}

}  // namespace waaft::project
