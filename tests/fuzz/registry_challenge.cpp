// Headers and small answers of registries: no exception, nothing without end.
#include "cmd/registry/challenge.h"
#include "cmd/registry/docker_config.h"
#include "cmd/registry/retry.h"
#include "cmd/registry/token_cache.h"
#include "cmd/registry/upload.h"
#include "cmd/registry/url.h"

#include <cstdlib>

using namespace waaft;
using namespace waaft::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto challenges = parse_challenges(text);
    if (challenges.size() > 8) std::abort();
    for (const auto& challenge : challenges)
        if (challenge.scheme.empty() || challenge.parameters.size() > 16) std::abort();
    if (const auto token = parse_token(text); token && token->value.find_first_of("\r\n ") != std::string::npos)
        std::abort();
    // What is resolved is http or https, and a resolved address is its own.
    const std::string url = resolve_url("https://host/v2/a", text);
    if (!url.empty() && (origin_of(url).empty() || resolve_url("http://other/", url) != url)) std::abort();
    static_cast<void>(parse_retry_after(text, 1'700'000'000'000));
    static_cast<void>(parse_upload_range(text));
    static_cast<void>(parse_helper_answer(text));
    static_cast<void>(parse_docker_config(text, "fuzz"));
    if (const auto plain = from_base64(text); plain && from_base64(to_base64(*plain)) != plain) std::abort();
    return 0;
}
