#include "server/base/secret_text.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace std::string_literals;

TEST_CASE("a secret is the same, whatever wrote its file") {
    const std::pair<std::string, std::string> table[] = {
        {"s3cret", "s3cret"},        {"s3cret\n", "s3cret"},
        {"s3cret\r\n", "s3cret"},    {"\xEF\xBB\xBFs3cret\r\n\r\n", "s3cret"},
        {"  s3cret \t\n", "s3cret"}, {"two words\n", "two words"},
        {"p\u00E4ss", "p\u00E4ss"},
    };
    for (const auto& [text, secret] : table) {
        INFO(text);
        REQUIRE(clean_secret(text).has_value());
        CHECK(*clean_secret(text) == secret);
    }
    for (const auto& [text, fault] :
         {std::pair{""s, SecretFault::empty}, std::pair{"\xEF\xBB\xBF \r\n"s, SecretFault::empty},
          std::pair{"a\nb"s, SecretFault::binary}, std::pair{"a\0b"s, SecretFault::binary},
          std::pair{"\xFF\xFEs\0e\0c\0"s, SecretFault::binary}}) {
        INFO(text);
        CHECK(clean_secret(text).error() == fault);
    }
}
