#include "server/auth/turn.h"
#include "tests/support/catch.h"

using namespace waaft::auth;

// Known values: openssl dgst -sha1 -hmac SECRET -binary | openssl base64.
TEST_CASE("TURN credentials are what coturn's use-auth-secret expects") {
    const TurnCredential credential = turn_rest_credential("north", "ninefingers", 1'433'892'318'999, 3'600'000);
    CHECK(credential.username == "1433895918:ninefingers");
    CHECK(credential.password == "jy8hTxmOO7UtEKXqSkSlvakPVYA=");
    CHECK(turn_rest_credential("south", "ninefingers", 1'433'892'318'999, 3'600'000).password != credential.password);
}
