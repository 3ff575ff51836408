// HTTP requests from strangers, whole and cut in two: both ways must end alike, within the limits.
#include "server/net/http_reader.h"

#include <cstddef>
#include <cstdlib>
#include <vector>

using namespace waaft::net;

namespace {

struct Seen {
    std::vector<std::string> requests;
    unsigned status = 0;
    bool operator==(const Seen&) const = default;
};

std::string flat(const HttpReader::Whole& whole) {
    const Request& request = whole.request;
    std::string out =
        request.method + '\n' + request.path + '\n' + request.query + '\n' + request.host + '\n' + request.body;
    for (const auto& [name, value] : request.headers) out += '\n' + name + ':' + value;
    return out + (whole.keep_alive ? "k" : "") + (whole.upgrade ? "u" : "");
}

void check(const Request& request, const Limits& limits) {
    if (request.body.size() > limits.body_max || !request.target.starts_with('/') || !request.path.starts_with('/'))
        std::abort();
    for (const char c : request.path)
        if (static_cast<unsigned char>(c) < 0x20) std::abort();
    if (!request.host.empty() && !is_host(request.host)) std::abort();
    static_cast<void>(request.query_value("a"));
}

bool run(HttpReader& reader, std::string& in, const Limits& limits, Seen& seen) {
    for (;;) {
        const auto step = reader.feed(in);
        if (step.consumed > in.size()) std::abort();
        in.erase(0, step.consumed);
        if (step.outcome == HttpReader::Outcome::error) {
            if (step.status < 400 || step.status > 599) std::abort();
            seen.status = step.status;
            return false;
        }
        if (step.outcome == HttpReader::Outcome::need_more) return true;
        const auto whole = reader.take();
        check(whole.request, limits);
        seen.requests.push_back(flat(whole));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    Limits limits;
    limits.header_max = 512;
    limits.body_max = 256;
    const std::string all(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t cut = all.empty() ? 0 : data[0] % all.size();

    HttpReader whole_reader(limits), cut_reader(limits);
    Seen whole, parts;
    std::string whole_rest = all;
    run(whole_reader, whole_rest, limits, whole);
    std::string in = all.substr(0, cut);
    if (run(cut_reader, in, limits, parts)) {
        in += all.substr(cut);
        run(cut_reader, in, limits, parts);
    }
    // What is accepted may not depend on the packets.
    if (whole.requests != parts.requests) std::abort();
    // When an error is found may, for one in a trailer that is not complete yet. But then no more bytes may make
    // a request of what was refused.
    if (whole.status == 0 && parts.status != 0) {
        whole_rest += std::string(limits.header_max + limits.body_max, 'a');
        if (run(whole_reader, whole_rest, limits, whole) || whole.requests != parts.requests) std::abort();
    }
    return 0;
}
