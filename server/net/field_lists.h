// Header fields that are lists: several lines of one name are one list, an item may be quoted, and empty items count
// for nothing.
//
// Thread: any. Ownership: views into the headers given. Errors: what cannot be read as such an item matches nothing.
// Sources: RFC 9110 sections 5.3 and 5.6.1 (lists), 12.4.2 (weights), 12.5.3 (Accept-Encoding), 13.1.2 (If-None-Match).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waaft::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Without blanks around them.
std::vector<std::string_view> field_items(const Headers& headers, std::string_view name);

// Whether an item is this token, in any case.
bool lists_token(const Headers& headers, std::string_view name, std::string_view token);

// Whether Accept-Encoding takes a coding: it is named, or all are, with a weight above 0.
bool accepts_coding(const Headers& headers, std::string_view coding);

// Whether Accept names a media type with a weight above 0; "*/*" is not naming it.
bool lists_media_type(const Headers& headers, std::string_view type);

// Whether If-None-Match has this entity tag, weak or strong, or "*".
bool none_match_fails(const Headers& headers, std::string_view etag);

}  // namespace waaft::net
