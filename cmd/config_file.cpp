#include "cmd/config_file.h"

#include "cmd/nearest.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace waaft::cmd {
namespace {

constexpr std::size_t nesting_max = 16;

// A node of the document as far as a configuration needs it.
struct Node {
    enum class Type : std::uint8_t { null, scalar, list, map };
    Type type = Type::null;
    YAML::Mark mark;
    std::string scalar;
    std::vector<Node> children;  // of a map: key, value, key, value
};

std::string_view name_of(Node::Type type) {
    switch (type) {
        case Node::Type::null: return "nothing";
        case Node::Type::scalar: return "a single value";
        case Node::Type::list: return "a list";
        case Node::Type::map: return "a map";
    }
    return {};
}

// Thrown by the builder through yaml-cpp, which has no other way to stop.
struct Stop {
    YAML::Mark mark;
    std::string what;
};

// Builds the tree from the parser's events. Unlike YAML::Node it knows no aliases, so a small file
// cannot grow large, and it keeps a key that is given twice.
class Builder : public YAML::EventHandler {
public:
    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add({Node::Type::null, mark, {}, {}}); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw Stop{mark, "aliases (*name) are not supported"};
    }
    void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string& value) override {
        add({Node::Type::scalar, mark, value, {}});
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        open({Node::Type::list, mark, {}, {}});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        open({Node::Type::map, mark, {}, {}});
    }
    void OnMapEnd() override { close(); }

private:
    void open(Node node) {
        if (open_.size() >= nesting_max) {
            throw Stop{node.mark, "nested too deeply"};
        }
        open_.push_back(std::move(node));
    }
    void close() {
        Node node = std::move(open_.back());
        open_.pop_back();
        add(std::move(node));
    }
    void add(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
        } else {
            open_.back().children.push_back(std::move(node));
        }
    }

    Node root_;
    std::vector<Node> open_;
};

class Reader {
public:
    explicit Reader(const std::string& name) : name_(name) {}

    ParsedFile take() { return std::move(parsed_); }

    void parse(std::string_view text) {
        Node root;
        if (!build(text, root)) {
            return;
        }
        each_entry(root, "the file", {"serve"},
                   [&](const Node&, const Node& value) { read_level(value, "serve", ""); });
    }

    void error(const YAML::Mark& mark, std::string code, std::string what, std::string hint) {
        if (parsed_.errors.size() < errors_max) {
            parsed_.errors.push_back({std::move(code), std::move(what), place(mark), std::move(hint)});
        }
    }

private:
    std::string place(const YAML::Mark& mark) const {
        return mark.is_null() ? name_
                              : name_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    }

    bool build(std::string_view text, Node& root) {
        try {
            std::istringstream stream{std::string(text)};
            YAML::Parser parser(stream);
            Builder builder;
            parser.HandleNextDocument(builder);
            root = builder.take();
            Builder second;
            if (parser.HandleNextDocument(second)) {
                throw Stop{second.take().mark, "a second document begins here; the configuration is one document"};
            }
            return true;
        } catch (const YAML::Exception& e) {
            error(e.mark, "config_syntax", "this is not YAML: " + e.msg, "correct the line, mind the indentation");
        } catch (const Stop& stop) {
            error(stop.mark, "config_syntax", stop.what, "write it out plainly");
        }
        return false;
    }

    // Calls `use` for each entry whose key is one of `keys`, and reports all others.
    template <class Use>
    void each_entry(const Node& map, const std::string& owner, const std::vector<std::string>& keys, Use use) {
        if (map.type == Node::Type::null) {
            return;
        }
        if (map.type != Node::Type::map) {
            error(map.mark, "config_type",
                  owner + " must be a map of keys and values, not " + std::string(name_of(map.type)),
                  "write `" + keys.front() + ":` and its values, indented");
            return;
        }
        std::set<std::string> seen;
        for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
            const Node& key = map.children[i];
            if (key.type != Node::Type::scalar) {
                error(key.mark, "config_type", "a key must be a name, not " + std::string(name_of(key.type)),
                      "see `waaft config show` for the names");
            } else if (std::find(keys.begin(), keys.end(), key.scalar) == keys.end()) {
                unknown_key(key, owner, keys);
            } else if (!seen.insert(key.scalar).second) {
                error(key.mark, "config_duplicate_key", "\"" + key.scalar + "\" is given twice in " + owner,
                      "keep one of the two");
            } else {
                use(key, map.children[i + 1]);
            }
        }
    }

    void unknown_key(const Node& key, const std::string& owner, const std::vector<std::string>& keys) {
        const auto guess = nearest(key.scalar, keys);
        constexpr std::size_t shown_max = 64;
        error(key.mark, "config_unknown_key", "\"" + key.scalar.substr(0, shown_max) + "\" is no key of " + owner,
              guess.empty() ? "see `waaft config show` for the names" : "did you mean " + guess + "?");
    }

    // `prefix` is the dotted name so far with a dot at its end.
    void read_level(const Node& node, const std::string& owner, const std::string& prefix) {
        std::vector<std::string> keys;
        for (const auto& setting : app::settings()) {
            if (setting.key.starts_with(prefix)) {
                const auto rest = setting.key.substr(prefix.size());
                keys.emplace_back(rest.substr(0, rest.find('.')));
            }
        }
        each_entry(node, owner, keys, [&](const Node& key, const Node& value) {
            const auto name = prefix + key.scalar;
            if (const auto* setting = app::find_setting(name)) {
                read_setting(*setting, key, value);
            } else {
                read_level(value, name, name + ".");
            }
        });
    }

    void read_setting(const app::Setting& setting, const Node& key, const Node& value) {
        FileValue result{&setting, {}, place(value.mark), value.mark.line + 1};
        const bool list = setting.kind == app::Kind::list;
        if (value.type != (list ? Node::Type::list : Node::Type::scalar)) {
            // Nothing has no place of its own.
            wrong_type(setting, value.type, value.type == Node::Type::null ? key.mark : value.mark);
            return;
        }
        for (const auto& item : value.children) {
            if (item.type != Node::Type::scalar) {
                wrong_type(setting, item.type, item.mark);
                return;
            }
            result.items.push_back(item.scalar);
        }
        if (!list) {
            result.items.push_back(value.scalar);
        }
        app::Config scratch;
        const auto set = list ? app::set_from_list(scratch, setting, result.items)
                              : app::set_from_text(scratch, setting, result.items.front());
        if (set) {
            parsed_.values.push_back(std::move(result));
        } else {
            error(value.mark, set.error().code, set.error().what, set.error().hint);
        }
    }

    void wrong_type(const app::Setting& setting, Node::Type type, const YAML::Mark& mark) {
        error(mark, "config_type",
              std::string(setting.key) + " must be " + app::expected(setting) + ", not " + std::string(name_of(type)),
              setting.kind == app::Kind::list ? "write [first, second]" : "write one value after the colon");
    }

    std::string name_;
    ParsedFile parsed_;
};

}  // namespace

ParsedFile parse_config(std::string_view text, const std::string& name) {
    Reader reader(name);
    if (text.size() > config_file_bytes_max) {
        reader.error(YAML::Mark::null_mark(), "config_too_large", "the file is larger than 1 MiB",
                     "a configuration has a few lines; is this the right file?");
    } else {
        reader.parse(text);
    }
    return reader.take();
}

Result<std::string> read_config(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return Error{"config_unreadable", "this is a folder, not a file", path, "name the file in it"};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error{"config_unreadable", "the file cannot be read: " + std::generic_category().message(errno), path,
                     "check the name and its permissions"};
    }
    std::string text(config_file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace waaft::cmd
