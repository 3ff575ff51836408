#include "cmd/yaml/document.h"

#include "server/base/bytes.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

namespace waaft::yaml {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

Position position_of(const YAML::Mark& mark) {
    return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1,
            static_cast<std::size_t>(mark.pos)};
}

// Thrown by the builder through yaml-cpp, which has no other way to stop.
struct Stop {
    Position at;
    std::string what;
};

// Builds the tree from the parser's events. Unlike YAML::Node it knows no aliases, so a small file
// cannot grow large, and it keeps a key that is given twice.
class Builder : public YAML::EventHandler {
public:
    Builder(const Limits& limits, std::size_t& nodes) : limits_(limits), nodes_(nodes) {}
    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(made(Node::Type::null, mark)); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw Stop{position_of(mark), "aliases (*name) are not supported"};
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
        refuse_tag(mark, tag);
        Node node = made(Node::Type::scalar, mark);
        node.quoted = tag == "!";
        node.scalar = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value style) override {
        open(Node::Type::list, mark, tag, style);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value style) override {
        open(Node::Type::map, mark, tag, style);
    }
    void OnMapEnd() override { close(); }

private:
    static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            throw Stop{position_of(mark), "tags (!name) are not supported"};
        }
    }
    Node made(Node::Type type, const YAML::Mark& mark) {
        if (++nodes_ > limits_.nodes) {
            throw Stop{position_of(mark), "too many values"};
        }
        Node node;
        node.type = type;
        node.at = position_of(mark);
        return node;
    }
    void open(Node::Type type, const YAML::Mark& mark, const std::string& tag, YAML::EmitterStyle::value style) {
        refuse_tag(mark, tag);
        if (open_.size() >= limits_.nesting) {
            throw Stop{position_of(mark), "nested too deeply"};
        }
        open_.push_back(made(type, mark));
        open_.back().flow = style == YAML::EmitterStyle::Flow;
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

    const Limits& limits_;
    std::size_t& nodes_;
    Node root_;
    std::vector<Node> open_;
};

// Bytes that YAML forbids; yaml-cpp would take one of them (4) for the end of the text.
bool is_forbidden(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

Position position_at(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line_begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1, offset - line_begin + 1,
            offset};
}

Error not_yaml(const std::string& name, const Position& at, const std::string& what) {
    return {"yaml_syntax", "this is not YAML: " + what, place(name, at), "correct the line, mind the indentation"};
}

Result<void> check_bytes(std::string_view text, const std::string& name, const Limits& limits) {
    if (text.size() > limits.bytes) {
        return Error{"yaml_too_large", "the text is larger than " + std::to_string(limits.bytes) + " bytes", name,
                     "is this the right file?"};
    }
    const auto* const bad = std::find_if(text.begin(), text.end(), is_forbidden);
    if (bad != text.end()) {
        return not_yaml(name, position_at(text, static_cast<std::size_t>(bad - text.begin())),
                        "a control character stands here");
    }
    if (!is_utf8(text)) {
        return not_yaml(name, {}, "the text is not UTF-8");
    }
    return {};
}

// Offsets count from the beginning of the text, which the parser does not if there is a byte order mark.
void shift(Node& node, std::size_t bytes) {
    node.at.offset += bytes;
    for (auto& child : node.children) {
        shift(child, bytes);
    }
}

Result<std::vector<Node>> read_documents(std::string_view text, const std::string& name, const Limits& limits) {
    if (const auto good = check_bytes(text, name, limits); !good) {
        return good.error();
    }
    const bool marked = text.starts_with(byte_order_mark);
    std::vector<Node> documents;
    std::size_t nodes = 0;
    try {
        std::istringstream stream{std::string(marked ? text.substr(byte_order_mark.size()) : text)};
        YAML::Parser parser(stream);
        while (true) {
            Builder builder(limits, nodes);
            if (!parser.HandleNextDocument(builder)) {
                break;
            }
            documents.push_back(builder.take());
            // Also ends a parser that stands before a sign it does not take.
            if (documents.size() > limits.documents) {
                throw Stop{documents.back().at, limits.documents == 1
                                                    ? "a second document begins here; the configuration is one document"
                                                    : "too many documents"};
            }
            if (marked) {
                shift(documents.back(), byte_order_mark.size());
            }
        }
    } catch (const YAML::Exception& e) {
        return not_yaml(name, e.mark.is_null() ? Position{} : position_of(e.mark), e.msg);
    } catch (const Stop& stop) {
        return Error{"yaml_syntax", stop.what, place(name, stop.at), "write it out plainly"};
    }
    return documents;
}

}  // namespace

std::string_view name_of(Node::Type type) {
    switch (type) {
        case Node::Type::null: return "nothing";
        case Node::Type::scalar: return "a single value";
        case Node::Type::list: return "a list";
        case Node::Type::map: return "a map";
    }
    return {};
}

const Node* find(const Node& map, std::string_view key) {
    if (map.type != Node::Type::map) {
        return nullptr;
    }
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
        if (map.children[i].type == Node::Type::scalar && map.children[i].scalar == key) {
            return &map.children[i + 1];
        }
    }
    return nullptr;
}

std::string place(const std::string& name, const Position& position) {
    return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

Result<Node> parse(std::string_view text, const std::string& name, const Limits& limits) {
    auto one = limits;
    one.documents = 1;
    auto documents = read_documents(text, name, one);
    if (!documents) {
        return documents.error();
    }
    return documents->empty() ? Node{} : std::move(documents->front());
}

Result<std::vector<Node>> parse_all(std::string_view text, const std::string& name, const Limits& limits) {
    auto documents = read_documents(text, name, limits);
    if (documents) {
        std::erase_if(*documents, [](const Node& node) { return node.type == Node::Type::null; });
    }
    return documents;
}

}  // namespace waaft::yaml
