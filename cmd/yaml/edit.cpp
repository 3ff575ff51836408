#include "cmd/yaml/edit.h"

#include "cmd/yaml/document.h"
#include "server/base/bytes.h"

#include <algorithm>
#include <optional>

namespace waaft::yaml {
namespace {

using std::string_view;

bool same(const Node& a, const Node& b) {
    return a.type == b.type && a.quoted == b.quoted && a.scalar == b.scalar &&
           std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same);
}

Node scalar_node(const boost::json::value& value) {
    const auto parsed = parse(emit_inline(value), "value");
    return parsed ? *parsed : Node{};
}

// What the tree is to be after the change. False: a list or a value stands where a map should.
bool set_in_tree(Node& tree, const std::vector<std::string>& path, const Node& value) {
    Node* node = &tree;
    for (const auto& key : path) {
        if (node->type == Node::Type::null) {
            node->type = Node::Type::map;
        }
        if (node->type != Node::Type::map) {
            return false;
        }
        if (find(*node, key) == nullptr) {
            // At the beginning of {a: b}, else at the end.
            Node name = scalar_node(boost::json::value(key));
            const auto at = node->flow ? node->children.begin() : node->children.end();
            node->children.insert(node->children.insert(at, Node{}), std::move(name));
        }
        node = const_cast<Node*>(find(*node, key));
    }
    if (node->type != Node::Type::scalar && node->type != Node::Type::null) {
        return false;
    }
    *node = value;
    return true;
}

// The end of the single-line scalar that begins at `begin`; nullopt: it is none.
std::optional<std::size_t> end_of_scalar(string_view text, std::size_t begin, bool in_flow) {
    if (begin >= text.size()) {
        return std::nullopt;
    }
    const char first = text[begin];
    if (first == '"' || first == '\'') {
        for (std::size_t i = begin + 1; i < text.size(); ++i) {
            if (first == '"' && text[i] == '\\') {
                ++i;
            } else if (text[i] == first && first == '\'' && i + 1 < text.size() && text[i + 1] == first) {
                ++i;
            } else if (text[i] == first) {
                return i + 1;
            }
        }
        return std::nullopt;
    }
    if (string_view("|>&*!%@`[]{},#").find(first) != string_view::npos) {
        return std::nullopt;
    }
    std::size_t end = begin;
    for (std::size_t i = begin; i < text.size() && text[i] != '\n' && text[i] != '\r'; ++i) {
        const bool blank = text[i] == ' ' || text[i] == '\t';
        const bool before_blank = i + 1 >= text.size() || string_view(" \t\r\n").find(text[i + 1]) != string_view::npos;
        if ((text[i] == '#' && i > end) || (text[i] == ':' && before_blank) ||
            (in_flow && string_view(",[]{}").find(text[i]) != string_view::npos)) {
            break;
        }
        if (!blank) {
            end = i + 1;
        }
    }
    return end;
}

class Editor {
public:
    Editor(string_view text, const Node& root, const std::vector<std::string>& path, std::string value)
        : text_(text), root_(root), path_(path), value_(std::move(value)) {
        line_end_ = text.find("\r\n") != string_view::npos ? "\r\n" : "\n";
    }

    // Texts of which the first that means the right thing is taken.
    std::vector<std::string> candidates() {
        std::size_t depth = 0;
        const Node* map = &root_;
        bool in_flow = false;
        while (true) {
            in_flow = in_flow || map->flow;
            const Node* key = key_of(*map, path_[depth]);
            if (key == nullptr) {
                add_to_map(*map, depth, in_flow);
                break;
            }
            const Node& value = *(key + 1);
            ++depth;
            if (value.type != Node::Type::map) {
                replace(*key, value, depth, in_flow);
                break;
            }
            map = &value;
        }
        return std::move(candidates_);
    }

private:
    static const Node* key_of(const Node& map, string_view name) {
        const Node* value = find(map, name);
        return value == nullptr ? nullptr : value - 1;
    }

    void put(std::size_t begin, std::size_t end, const std::string& words) {
        candidates_.push_back(std::string(text_.substr(0, begin)) + words + std::string(text_.substr(end)));
    }

    // The rest of the path as a flow map: "{a: {b: 1}}" without the outer braces.
    std::string flow_entry(std::size_t depth) const {
        std::string words = emit_inline(boost::json::value(path_[depth])) + ": ";
        return words + (depth + 1 == path_.size() ? value_ : "{" + flow_entry(depth + 1) + "}");
    }

    std::string block_entries(std::size_t depth, std::size_t indent) const {
        std::string words;
        for (; depth < path_.size(); ++depth, indent += 2) {
            words += std::string(indent, ' ') + emit_inline(boost::json::value(path_[depth])) + ":";
            words += (depth + 1 == path_.size() ? " " + value_ : "") + line_end_;
        }
        return words;
    }

    // `value` is a scalar, or nothing where a value or a map is to be.
    void replace(const Node& key, const Node& value, std::size_t depth, bool in_flow) {
        if (value.type == Node::Type::scalar) {
            if (const auto end = end_of_scalar(text_, value.at.offset, in_flow)) {
                put(value.at.offset, *end, value_);
            }
            return;
        }
        auto colon = end_of_scalar(text_, key.at.offset, in_flow);
        if (!colon) {
            return;
        }
        colon = text_.find(':', *colon);
        if (colon == string_view::npos) {
            // {a, b}: keys alone
            const auto end = *end_of_scalar(text_, key.at.offset, in_flow);
            put(end, end, ": " + (depth == path_.size() ? value_ : "{" + flow_entry(depth) + "}"));
            return;
        }
        replace_nothing(key, *colon + 1, depth, in_flow);
    }

    // Behind the colon stands nothing, or "~" or "null".
    void replace_nothing(const Node& key, std::size_t begin, std::size_t depth, bool in_flow) {
        const auto word = std::min(text_.find_first_not_of(" \t", begin), text_.size());
        const auto found = end_of_scalar(text_, word, in_flow).value_or(word);
        const auto word_end = found == word ? begin : found;  // blanks before a comment stay
        if (depth == path_.size()) {
            put(begin, word_end, " " + value_);
        } else if (in_flow) {
            put(begin, word_end, " {" + flow_entry(depth) + "}");
        } else {
            const auto cut = std::string(text_.substr(0, begin)) + std::string(text_.substr(word_end));
            const auto line = cut.find('\n', begin);
            const auto at = line == std::string::npos ? cut.size() : line + 1;
            candidates_.push_back(cut.substr(0, at) + (line == std::string::npos ? line_end_ : "") +
                                  block_entries(depth, key.at.column + 1) + cut.substr(at));
        }
    }

    void add_to_map(const Node& map, std::size_t depth, bool in_flow) {
        if (in_flow) {
            const bool brace = map.at.offset < text_.size() && text_[map.at.offset] == '{';
            if (brace) {
                put(map.at.offset + 1, map.at.offset + 1, flow_entry(depth) + (map.children.empty() ? "" : ", "));
            }
            return;
        }
        const auto column = map.children.empty() ? 0 : map.children.front().at.column - 1;
        for (const auto at : ends_of(map)) {
            const bool open_line = at > 0 && text_[at - 1] != '\n';
            put(at, at, (open_line ? line_end_ : "") + block_entries(depth, column));
        }
    }

    // Where lines may be put behind a map: after its last line that has more than a comment, or after
    // the comments too, which may be the end of a text over several lines.
    std::vector<std::size_t> ends_of(const Node& map) const {
        const auto limit = end_of_document();
        const auto next = std::min(next_line_after(map), limit);
        std::size_t after_content = 0;
        std::size_t after_comments = 0;
        for (std::size_t at = 0; at < next;) {
            const auto end = std::min(text_.find('\n', at), text_.size() - 1) + 1;
            const auto word = std::min(text_.find_first_not_of(" \t\r\n", at), end);
            if (word < end) {
                after_comments = std::min(end, next);
                after_content = text_[word] == '#' ? after_content : after_comments;
            }
            at = end;
        }
        return {after_content == 0 ? after_comments : after_content, after_comments, next};
    }

    // The beginning of the line on which the first node after the map stands.
    std::size_t next_line_after(const Node& map) const {
        std::size_t offset = text_.size();
        const auto visit = [&](const auto& self, const Node& node, bool& behind) -> bool {
            if (&node == &map) {
                behind = true;
                return false;
            }
            if (behind) {
                offset = node.at.offset;
                return true;
            }
            return std::any_of(node.children.begin(), node.children.end(),
                               [&](const Node& child) { return self(self, child, behind); });
        };
        bool behind = false;
        visit(visit, root_, behind);
        const auto line = text_.substr(0, offset).rfind('\n');
        return offset == text_.size() ? offset : line == string_view::npos ? 0 : line + 1;
    }

    // Lines "---" and "..." end a document, but the first of the former may begin it.
    std::size_t end_of_document() const {
        bool begun = false;
        for (std::size_t at = 0; at < text_.size();) {
            const auto line = text_.substr(at, text_.find('\n', at) - at);
            if (line.starts_with("...") || (line.starts_with("---") && begun)) {
                return at;
            }
            begun = begun || (!line.empty() && line.front() != '#' && line.front() != '%');
            at += line.size() + 1;
        }
        return text_.size();
    }

    string_view text_;
    const Node& root_;
    const std::vector<std::string>& path_;
    std::string value_;
    std::string line_end_;
    std::vector<std::string> candidates_;
};

}  // namespace

Result<std::string> set_scalar(string_view text, const std::vector<std::string>& path, const boost::json::value& value,
                               const std::string& name) {
    const auto root = parse(text, name);
    if (!root) {
        return root.error();
    }
    std::string dotted;
    for (const auto& key : path) {
        dotted += (dotted.empty() ? "" : ".") + key;
    }
    const Error cannot{"yaml_edit", "this file's layout does not let " + dotted + " be changed automatically", name,
                       "write " + dotted + ": " + emit_inline(value) + " into it by hand"};
    Node wanted = *root;
    const bool text_is_good = is_utf8(dotted) && (!value.is_string() || is_utf8(value.get_string()));
    if (path.empty() || value.is_structured() || !text_is_good || !set_in_tree(wanted, path, scalar_node(value))) {
        return cannot;
    }
    for (auto& candidate : Editor(text, *root, path, emit_inline(value)).candidates()) {
        const auto edited = parse(candidate, name);
        if (edited && same(*edited, wanted)) {
            return std::move(candidate);
        }
    }
    return cannot;
}

}  // namespace waaft::yaml
