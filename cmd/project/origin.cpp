#include "cmd/project/origin.h"

namespace waaft::project {

std::string describe(const Origin& origin) {
    switch (origin.from) {
        case Origin::From::initial: return "default";
        case Origin::From::file:
        case Origin::From::overlay: return origin.place;
        case Origin::From::environment: return "env " + origin.place;
        case Origin::From::flag: return "flag " + origin.place;
    }
    return {};
}

std::string_view to_string(Origin::From from) {
    switch (from) {
        case Origin::From::initial: return "default";
        case Origin::From::file: return "file";
        case Origin::From::overlay: return "overlay";
        case Origin::From::environment: return "environment";
        case Origin::From::flag: return "flag";
    }
    return {};
}

}  // namespace waaft::project
