#include "server/net/http_reader.h"

#include "server/net/field_lists.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <iterator>

namespace waaft::net {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

unsigned status_of(const boost::system::error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::bad_version) return 505;
    return 400;
}

// "/path?query", out of origin-form or absolute-form (RFC 9112 section 3.2); empty if it is neither.
std::string_view origin_form(std::string_view target) {
    if (target.starts_with('/')) return target;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto slash = target.find('/', scheme.size());
        return slash == target.npos ? std::string_view("/") : target.substr(slash);
    }
    return {};
}

// Beast counts a header in one piece a few bytes otherwise than one in parts; so we count, and Beast's
// limit is out of the way.
constexpr std::size_t header_slack = 64;

bool iequals(std::string_view left, std::string_view right) {
    return boost::beast::iequals({left.data(), left.size()}, {right.data(), right.size()});
}

}  // namespace

struct HttpReader::Parser : http::request_parser<http::string_body> {};

HttpReader::HttpReader(const Limits& limits) : limits_(limits) {}

HttpReader::~HttpReader() = default;

void HttpReader::restart() {
    parser_ = std::make_unique<Parser>();
    parser_->eager(false);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_max + header_slack));
    parser_->body_limit(limits_.body_max);
    begun_ = false;
    header_consumed_ = header_fields_ = 0;
}

bool HttpReader::header_too_long(std::string_view rest) const {
    const auto end = rest.find("\r\n\r\n");
    std::size_t length = end == rest.npos ? rest.size() : end + 4;
    if (header_consumed_ > 0 && rest.starts_with("\r\n")) length = 2;  // the empty line alone is left
    return header_consumed_ + length > limits_.header_max;
}

HttpReader::Step HttpReader::feed(std::string_view bytes) {
    Step step;
    // An empty line before a request is tolerated (RFC 9112 section 2.2).
    while (!begun_ && step.consumed < bytes.size() && (bytes[step.consumed] == '\r' || bytes[step.consumed] == '\n'))
        ++step.consumed;
    if (step.consumed == bytes.size() && !begun_) return step;
    if (!begun_) restart();
    begun_ = true;
    if (!parser_->is_header_done() && !take_header(bytes, step)) return step;
    if (!parser_->is_done() && !put(bytes, step)) return step;
    if (!parser_->is_done()) return step;
    // What comes after the body may not pass for what came before it (RFC 9110 section 6.5.1).
    if (field_count() != header_fields_) return refused(step, 400);
    step.outcome = Outcome::request;
    return step;
}

HttpReader::Step& HttpReader::refused(Step& step, unsigned status) {
    step.outcome = Outcome::error;
    step.status = status;
    return step;
}

// False: an error, which `step` tells.
bool HttpReader::put(std::string_view bytes, Step& step) {
    boost::system::error_code error;
    const auto rest = bytes.substr(step.consumed);
    const std::size_t parsed = parser_->put(boost::asio::buffer(rest.data(), rest.size()), error);
    step.consumed += parsed;
    // What is not complete after so many bytes (a header, the line of a chunk) is over the limit.
    if (error == http::error::need_more && rest.size() - parsed >= limits_.header_max)
        error = http::error::header_limit;
    if (!error || error == http::error::need_more) return true;
    refused(step, status_of(error));
    return false;
}

// False: it is not complete, or refused. It is looked at before the parser sees the body and its trailers.
bool HttpReader::take_header(std::string_view bytes, Step& step) {
    if (header_too_long(bytes.substr(step.consumed))) {
        refused(step, 431);
        return false;
    }
    const std::size_t before = step.consumed;
    if (!put(bytes, step)) return false;
    header_consumed_ += step.consumed - before;
    if (!parser_->is_header_done()) return false;
    if (const unsigned status = check_header(); status != 0) {
        refused(step, status);
        return false;
    }
    header_fields_ = field_count();
    parser_->eager(true);
    step.send_continue = !parser_->is_done() && iequals(view(parser_->get()[http::field::expect]), "100-continue");
    return true;
}

std::size_t HttpReader::field_count() const {
    const auto& fields = parser_->get();
    return static_cast<std::size_t>(std::distance(fields.begin(), fields.end()));
}

unsigned HttpReader::check_header() const {
    const auto& message = parser_->get();
    if (message.version() != 10 && message.version() != 11) return 505;
    const auto count = [&](http::field name) { return message.count(name); };
    if (count(http::field::host) > 1 || (message.version() == 11 && count(http::field::host) == 0)) return 400;
    if (const auto host = view(message[http::field::host]); !host.empty() && !is_host(host)) return 400;
    // Whoever stands before us might frame the request otherwise: refuse what is ambiguous.
    const bool transfer_encoding = count(http::field::transfer_encoding) > 0;
    if (count(http::field::content_length) > 1 || (transfer_encoding && count(http::field::content_length) > 0))
        return 400;
    const bool chunked = iequals(view(message[http::field::transfer_encoding]), "chunked");
    if (transfer_encoding && (message.version() == 10 || !chunked)) return 400;
    return origin_form(view(message.target())).empty() ? 400 : 0;
}

HttpReader::Whole HttpReader::take() {
    Whole whole;
    whole.keep_alive = parser_->keep_alive();
    auto message = parser_->release();
    Request& request = whole.request;
    request.method = std::string(view(message.method_string()));
    request.target = std::string(origin_form(view(message.target())));
    const std::string_view target = request.target;
    const auto question = target.find('?');
    auto path = percent_decode(target.substr(0, question), false);
    request.path_broken = !path;
    request.path = path ? *std::move(path) : std::string(target.substr(0, question));
    if (question != target.npos) request.query = std::string(target.substr(question + 1));
    request.host = std::string(view(message[http::field::host]));
    for (const auto& field : message) request.headers.emplace_back(view(field.name_string()), view(field.value()));
    request.body = std::move(message.body());
    whole.upgrade =
        lists_token(request.headers, "Connection", "upgrade") && lists_token(request.headers, "Upgrade", "websocket");
    parser_.reset();
    begun_ = false;
    return whole;
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (iequals(key, name)) return value;
    return {};
}

std::string Request::query_value(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (percent_decode(pair.substr(0, equals), true) != name) continue;
        return percent_decode(pair.substr(std::min(equals + 1, pair.size())), true).value_or(std::string());
    }
    return {};
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
        out.push_back(c);
    }
    return out;
}

bool is_host(std::string_view text) {
    const auto name = host_without_port(text);
    const auto port = text.substr(name.size());
    if (name.empty() || name.size() > 255 || port.size() > 6 || port == ":") return false;
    if (!std::all_of(port.begin() + (port.empty() ? 0 : 1), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return false;
    const bool literal = name.front() == '[';
    const auto inner = literal ? name.substr(1, name.size() - 2) : name;
    return !inner.empty() && std::all_of(inner.begin(), inner.end(), [literal](char c) {
        if (literal) return hex_value(c) >= 0 || c == ':' || c == '.';
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_';
    });
}

std::string_view host_without_port(std::string_view host) {
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        return end == host.npos ? std::string_view() : host.substr(0, end + 1);
    }
    return host.substr(0, host.find(':'));
}

std::string_view reason_phrase(unsigned status) {
    return view(http::obsolete_reason(static_cast<http::status>(status)));
}

std::string response_header(const Response& response, bool close) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason_phrase(response.status));
    out += "\r\n";
    for (const auto& [name, value] : response.headers) out.append(name).append(": ").append(value).append("\r\n");
    const bool no_content = response.status < 200 || response.status == 204 || response.status == 304;
    if (!no_content) out += "Content-Length: " + std::to_string(response.body ? response.body->size() : 0) + "\r\n";
    if (close) out += "Connection: close\r\n";
    return out += "\r\n";
}

}  // namespace waaft::net
