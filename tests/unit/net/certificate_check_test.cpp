#include "server/net/certificate_check.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::net;

TEST_CASE("a certificate is in its time and bears the name, or what is wrong is said") {
    constexpr UnixMs day = 86'400'000;
    constexpr UnixMs begin = 1'700'000'000'000;  // 2023-11-14
    const CertificateFacts facts{
        begin, begin + 90 * day, {"live.example.org", "*.rooms.example.org", "192.0.2.1", "2001:DB8::1"}};
    struct Row {
        std::string host;
        UnixMs now;
        std::string trouble;
    };
    for (const Row& row : {
             Row{"", begin, ""},
             Row{"live.example.org", begin + day, ""},
             Row{"Live.Example.ORG.", begin + day, ""},
             Row{"one.rooms.example.org", begin, ""},
             Row{"192.0.2.1", begin, ""},
             Row{"[2001:db8:0:0::1]", begin, ""},
             Row{"rooms.example.org", begin, "is not for rooms.example.org"},
             Row{"a.b.rooms.example.org", begin, "is not for a.b.rooms.example.org"},
             Row{".rooms.example.org", begin, "is not for .rooms.example.org"},
             Row{"192.0.2.2", begin, "is not for 192.0.2.2"},
             Row{"live.example.org", begin - 1, "is not valid before 2023-11-14"},
             Row{"live.example.org", begin + 76 * day, ""},
             Row{"live.example.org", begin + 76 * day + 1, "ends on 2024-02-12"},
             Row{"live.example.org", begin + 90 * day, "has expired on 2024-02-12"},
         }) {
        CAPTURE(row.host, row.now);
        CHECK(certificate_trouble(facts, row.host, row.now) == row.trouble);
    }
}
