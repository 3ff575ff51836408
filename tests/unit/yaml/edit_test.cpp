#include "cmd/yaml/edit.h"
#include "tests/support/catch.h"

using waaft::yaml::set_scalar;
namespace json = boost::json;

namespace {

struct Row {
    std::string before;
    std::vector<std::string> path;
    json::value value;
    std::string after;
};

}  // namespace

TEST_CASE("one value changes, everything else stays") {
    const std::vector<Row> rows{
        {"a: 1  # one\nb: 2\n", {"a"}, 5, "a: 5  # one\nb: 2\n"},
        {"a: 'it''s'   # x\n", {"a"}, "no", "a: \"no\"   # x\n"},
        {"a: \"x\\\"y\"\n", {"a"}, true, "a: true\n"},
        {"a: \"x\n  y\"\nb: 1\n", {"a"}, 2, "a: 2\nb: 1\n"},
        {"a:\n  # why\n  b: 1\n  c: 2\n\n# end\nd: 3\n", {"a", "c"}, 9, "a:\n  # why\n  b: 1\n  c: 9\n\n# end\nd: 3\n"},
        {"a:\n  b: 1\n\n# of d\nd: 3\n", {"a", "c"}, 2, "a:\n  b: 1\n  c: 2\n\n# of d\nd: 3\n"},
        {"a:\n  b: 1\n", {"x", "w", "z"}, 2, "a:\n  b: 1\nx:\n  w:\n    z: 2\n"},
        {"a: 1", {"b"}, 2, "a: 1\nb: 2\n"},
        {"", {"a", "b"}, 2, "a:\n  b: 2\n"},
        {"# only words\n", {"a"}, 2, "# only words\na: 2\n"},
        {"---\na: 1\n...\n", {"b"}, 2, "---\na: 1\nb: 2\n...\n"},
        {"a:\nb: 1\n", {"a"}, 2, "a: 2\nb: 1\n"},
        {"a: ~ # none\n", {"a"}, 2, "a: 2 # none\n"},
        {"a:  # later\nb: 1\n", {"a"}, 2, "a: 2  # later\nb: 1\n"},
        {"a:  # later\nb: 1\n", {"a", "c"}, 2, "a:  # later\n  c: 2\nb: 1\n"},
        {"a:", {"a", "c"}, 2, "a:\n  c: 2\n"},
        {"a: {min: 1, max: 2} # flow\n", {"a", "max"}, 3, "a: {min: 1, max: 3} # flow\n"},
        {"a: {min: 1}\n", {"a", "max"}, 3, "a: {max: 3, min: 1}\n"},
        {"a: {}\n", {"a", "b", "c"}, "x, y", "a: {b: {c: \"x, y\"}}\n"},
        {"a: {b}\n", {"a", "b"}, 1, "a: {b: 1}\n"},
        {"a: {b: , c: 1}\n", {"a", "b"}, 1, "a: {b: 1 , c: 1}\n"},
        {"a:\n  - b: 1\nc:\n- 1\n- 2\n", {"d"}, 1, "a:\n  - b: 1\nc:\n- 1\n- 2\nd: 1\n"},
        {"t: |\n  # no comment\n\n# but this\n", {"a"}, 1, "t: |\n  # no comment\n\n# but this\na: 1\n"},
        {"a: 1\r\nb:\r\n  c: 1\r\n", {"b", "d"}, 2, "a: 1\r\nb:\r\n  c: 1\r\n  d: 2\r\n"},
        {"a: http://x:1/#y # z\n", {"a"}, "http://y", "a: http://y # z\n"},
        {"\"a\": 1\n'b': 2\n", {"b"}, 3, "\"a\": 1\n'b': 3\n"},
        {"\xEF\xBB\xBF"
         "a: 1\n",
         {"a"},
         3,
         "\xEF\xBB\xBF"
         "a: 3\n"},
        {"a: 1\n", {"b"}, "two\nlines", "a: 1\nb: \"two\\nlines\"\n"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.before);
        const auto after = set_scalar(row.before, row.path, row.value, "t");
        REQUIRE(after.has_value());
        CHECK(*after == row.after);
    }
}

TEST_CASE("what cannot be changed is refused, never damaged") {
    const std::vector<std::pair<std::string, std::vector<std::string>>> rows{
        {"a: |\n  text\n", {"a"}}, {"a: one\n  two\n", {"a"}}, {"a: [1]\n", {"a"}},  {"a: [1]\n", {"a", "b"}},
        {"a: 1\n", {"a", "b"}},    {"- a\n", {"a"}},           {"a: &x 1\n", {"a"}}, {"a: 1\n", {}},
    };
    for (const auto& [text, path] : rows) {
        CAPTURE(text);
        const auto after = set_scalar(text, path, 5, "t");
        REQUIRE(!after.has_value());
        CHECK(after.error().code == "yaml_edit");
    }
    CHECK(set_scalar("a: [\n", {"a"}, 5, "t").error().code == "yaml_syntax");
}
