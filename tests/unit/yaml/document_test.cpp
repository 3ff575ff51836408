#include "cmd/yaml/document.h"
#include "tests/support/catch.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <limits>

using namespace waaft;
namespace json = boost::json;

namespace {

json::value value_of(const std::string& text) {
    const auto node = yaml::parse(text, "t.yaml");
    REQUIRE(node.has_value());
    auto value = yaml::to_value(*node, "t.yaml");
    REQUIRE(value.has_value());
    return *value;
}

}  // namespace

TEST_CASE("plain scalars have the types of the core schema") {
    const std::vector<std::pair<std::string, json::value>> rows{
        {"", nullptr},
        {"~", nullptr},
        {"null", nullptr},
        {"NULL", nullptr},
        {"true", true},
        {"False", false},
        {"yes", "yes"},
        {"0", 0},
        {"-17", -17},
        {"+4", 4},
        {"007", 7},
        {"0o17", 15},
        {"0xff", 255},
        {"0b1", "0b1"},
        {"1_000", "1_000"},
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
        {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
        {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
        {"18446744073709551616", 18446744073709551616.0},
        {"-9223372036854775809", -9223372036854775808.0},
        {"1.5", 1.5},
        {".5", 0.5},
        {"1.", 1.0},
        {"1e3", 1000.0},
        {"-2.5E-1", -0.25},
        {"1e-400", 0.0},
        {"1e", "1e"},
        {".", "."},
        {"+", "+"},
        {"-.inf", -std::numeric_limits<double>::infinity()},
        {"1e400", std::numeric_limits<double>::infinity()},
        {"500m", "500m"},
        {"1.2.3", "1.2.3"},
        {"2001-12-14", "2001-12-14"},
        {"\"5\"", "5"},
        {"'true'", "true"},
        {"\"\"", ""},
        {"! 12", "12"},
        {"|\n  5\n", "5\n"},
        {">-\n  a\n  b\n", "a b"},
        {"[1, a, {b: c}]", json::parse(R"([1,"a",{"b":"c"}])")},
        {"a: 1\nb:\n- x\n- y: z\n", json::parse(R"({"a":1,"b":["x",{"y":"z"}]})")},
        {"1: a\ntrue: b\n", json::parse(R"({"1":"a","true":"b"})")},
    };
    for (const auto& [text, value] : rows) {
        CAPTURE(text);
        CHECK(value_of(text) == value);
    }
    CHECK(std::isnan(value_of(".nan").as_double()));
}

TEST_CASE("nodes know where they stand") {
    const std::string text = "a: 1\nlist:\n  - x\n  - \"y z\"\n";
    for (const std::string& mark : {std::string(), std::string("\xEF\xBB\xBF")}) {
        const auto root = yaml::parse(mark + text, "t");
        REQUIRE(root.has_value());
        const auto* list = yaml::find(*root, "list");
        REQUIRE(list != nullptr);
        const auto& second = list->children.at(1);
        CHECK(yaml::place("t", second.at) == "t:4:5");
        CHECK((mark + text).substr(second.at.offset, 5) == "\"y z\"");
        CHECK(second.quoted);
        CHECK(!list->flow);
    }
    CHECK(yaml::find(*yaml::parse("a: 1", "t"), "b") == nullptr);
    CHECK(yaml::find(*yaml::parse("a", "t"), "a") == nullptr);
}

TEST_CASE("a wrong text is refused with its place") {
    struct Row {
        std::string text;
        std::string what;
        std::string where;
    };
    const std::vector<Row> rows{
        {"a: &x 1\nb: *x\n", "aliases (*name) are not supported", "t:2:4"},
        {"a: !!int 1\n", "tags (!name) are not supported", "t:1:4"},
        {"a: !mine [1]\n", "tags (!name) are not supported", "t:1:4"},
        {"a: 1\n---\nb: 2\n", "a second document begins here; the configuration is one document", "t:3:1"},
        {"a: [\n", "this is not YAML: end of sequence flow not found", "t:2:1"},
        {"a: 1\nb: \x04\n", "this is not YAML: a control character stands here", "t:2:4"},
        {"a: \xff\n", "this is not YAML: the text is not UTF-8", "t:1:1"},
        {std::string(100, '['), "nested too deeply", "t:1:33"},
        {",", "a second document begins here; the configuration is one document", "t:1:1"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto node = yaml::parse(row.text, "t");
        REQUIRE(!node.has_value());
        CHECK(node.error().code == "yaml_syntax");
        CHECK(node.error().what == row.what);
        CHECK(node.error().where == row.where);
        CHECK(!node.error().hint.empty());
    }
    CHECK(yaml::parse("12345", "t", {.bytes = 4}).error().code == "yaml_too_large");
    CHECK(yaml::parse("[1, 2, 3]", "t", {.nodes = 3}).error().what == "too many values");
}

TEST_CASE("keys are names and stand once") {
    const auto error_of = [](const std::string& text) {
        const auto node = yaml::parse(text, "t");
        REQUIRE(node.has_value());
        const auto value = yaml::to_value(*node, "t");
        REQUIRE(!value.has_value());
        return value.error();
    };
    CHECK(error_of("a:\n  b: 1\n  b: 2\n") ==
          Error{"yaml_duplicate_key", "\"b\" is given twice", "t:3:3", "keep one of the two"});
    CHECK(error_of("[{? [x] : y}]") ==
          Error{"yaml_key", "a key must be a name, not a list", "t:1:5", "write `name: value`"});
    CHECK(yaml::parse("b: 1\nb: 2\n", "t")->children.size() == 4);
}

TEST_CASE("a stream has several documents") {
    const auto all = yaml::parse_all("# first\n---\na: 1\n---\n---\nb: 2\n...\n", "t");
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 2);
    CHECK(yaml::find(all->at(1), "b") != nullptr);
    CHECK(yaml::parse_all("", "t")->empty());
    std::string many;
    for (int i = 0; i < 1100; ++i) {
        many += "---\na: 1\n";
    }
    CHECK(yaml::parse_all(many, "t").error().what == "too many documents");
    CHECK(yaml::parse_all(",", "t").error().what == "too many documents");
}

TEST_CASE("values are written so that people and any parser read them") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {R"({"a":1,"b":{"c":true,"d":null}})", "a: 1\nb:\n  c: true\n  d: null\n"},
        {R"({"l":["x",{"p":1,"z":2},["p","q"]],"e":[],"m":{}})",
         "l:\n- x\n- p: 1\n  z: 2\n- - p\n  - q\ne: []\nm: {}\n"},
        {R"([{"a":[{"b":[1]}]}])", "- a:\n  - b:\n    - 1\n"},
        {R"({"t":"one\ntwo\n"})", "t: |\n  one\n  two\n"},
        {R"({"t":"one\n\n  two"})", "t: |-\n  one\n\n    two\n"},
        {R"(["one\ntwo\n"])", "- |\n  one\n  two\n"},
        {R"("one\ntwo\n")", "|\n  one\n  two\n"},
        {R"({"t":" one\ntwo"})", "t: \" one\\ntwo\"\n"},
        {R"({"t":"one\n\n"})", "t: \"one\\n\\n\"\n"},
        {R"({"k":"yes"})", "k: \"yes\"\n"},
        {R"({"y":"No"})", "\"y\": \"No\"\n"},
        {R"(["1","1.5","0x1f","1e3","1:30","2001-12-14","10.0.0.1","-5",".5","~",""])",
         "- \"1\"\n- \"1.5\"\n- \"0x1f\"\n- \"1e3\"\n- \"1:30\"\n- \"2001-12-14\"\n- \"10.0.0.1\"\n- \"-5\"\n- \".5\"\n"
         "- \"~\"\n- \"\"\n"},
        {R"(["500m","10Gi","v1.2","a: b","a:b","a #b","a ","x:","/p","registry:5000/a@sha256:0f","*a","&a","- a"])",
         "- 500m\n- 10Gi\n- v1.2\n- \"a: b\"\n- a:b\n- \"a #b\"\n- \"a \"\n- \"x:\"\n- /p\n- "
         "registry:5000/a@sha256:0f\n"
         "- \"*a\"\n- \"&a\"\n- \"- a\"\n"},
        {R"([1.0,0.1,1e30,-0.0])", "- 1.0\n- 0.1\n- 1e+30\n- -0.0\n"},
        {"[\"\\u0000\\t\\\"\\\\\\u2028\\u0085\\ufeff\xC3\xA9\"]",
         "- \"\\u0000\\t\\\"\\\\\\u2028\\u0085\\ufeff\xC3\xA9\"\n"},
    };
    for (const auto& [text, wanted] : rows) {
        CAPTURE(text);
        const auto value = json::parse(text);
        CHECK(yaml::emit(value) == wanted);
        CHECK(value_of(yaml::emit(value)) == value);
        CHECK(value_of(yaml::emit_inline(value)) == value);
    }
    const json::value wide(json::object{{std::string(2000, 'k'), json::object{{"a", 1}}}});
    CHECK(value_of(yaml::emit(wide)) == wide);
}
