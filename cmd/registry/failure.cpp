#include "cmd/registry/failure.h"

#include "cmd/registry/json_field.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace waaft::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t words_max = 400;

// Answers of strangers go to a terminal: no control characters, no endless text.
std::string printable(std::string_view text) {
    std::string result(text.substr(0, words_max));
    for (auto& c : result)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text.size() > words_max ? result + "..." : result;
}

// {"errors":[{"code":"DENIED","message":"...","detail":...}]} of registries, {"details":"..."} and
// {"error":"...","error_description":"..."} of token services.
std::string words_of(const json::object& object) {
    std::string words;
    if (const auto* errors = object.if_contains("errors"); errors != nullptr && errors->is_array()) {
        for (const auto& entry : errors->get_array()) {
            const auto* error = entry.if_object();
            if (error == nullptr) continue;
            const std::string code = text_of(*error, "code"), message = text_of(*error, "message");
            words += (words.empty() ? "" : "; ") + code + (code.empty() || message.empty() ? "" : ": ") + message;
            const auto* detail = error->if_contains("detail");
            const bool said = detail == nullptr || detail->is_null() || (code == "UNAUTHORIZED" || code == "DENIED");
            if (!said) words += " (" + json::serialize(*detail) + ")";
        }
        return words;
    }
    for (const char* name : {"details", "error", "error_description", "message"}) {
        const std::string text = text_of(object, name);
        if (!text.empty()) words += (words.empty() ? "" : ": ") + text;
    }
    return words;
}

bool is_google(std::string_view host) {
    return host.ends_with("-docker.pkg.dev") || host == "gcr.io" || host.ends_with(".gcr.io");
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string who(const Asking& asking) {
    if (!asking.user.empty()) return "as " + asking.user + " (from " + asking.origin + ")";
    return "without credentials" + (asking.origin.empty() ? "" : " (none for it in " + asking.origin + ")");
}

std::string rights_hint(const Asking& asking) {
    const auto& image = asking.image;
    if (is_google(image.host))
        return login_hint(image.host) +
               "; the account needs roles/artifactregistry.writer, and the repository must be there: gcloud artifacts "
               "repositories create NAME --repository-format=docker --location=REGION";
    if (image.is_docker_hub())
        return login_hint(image.host) + "; on Docker Hub the part before / must be your user or organisation, not \"" +
               image.repository.substr(0, image.repository.find('/')) + "\"";
    if (asking.user.empty()) return login_hint(image.host);
    return "ask the registry's owner for the right to push to " + image.repository +
           ", or log in as somebody who has it: " + login_hint(image.host);
}

}  // namespace

std::string login_hint(const std::string& host) {
    if (is_google(host)) return "gcloud auth configure-docker " + host;
    return "waaft login " + host + " --user NAME --password-stdin < FILE";
}

std::string registry_words(const HttpAnswer& answer) {
    std::string words = std::to_string(answer.status);
    boost::system::error_code error;
    const auto value = json::parse(answer.body, error);
    const auto* object = error ? nullptr : value.if_object();
    const std::string said = object == nullptr ? "" : words_of(*object);
    if (!said.empty()) return words + " " + printable(said);
    if (object == nullptr && !answer.body.empty() && contains(answer.header("content-type"), "text/plain"))
        return words + " " + printable(answer.body.substr(0, answer.body.find('\n')));
    return words;
}

bool says_full(const HttpAnswer& answer) {
    if (answer.status < 400) return false;
    // Debian's registry gives the error number of its file system: ENOSPC, EDQUOT.
    return answer.status == 507 || contains(answer.body, "no space left") || contains(answer.body, "\"Err\":28}") ||
           contains(answer.body, "\"Err\":122}") || contains(answer.body, "quota exceeded");
}

Error error_of(const Asking& asking, const std::string& doing, const HttpAnswer& answer) {
    const std::string host = asking.image.host;
    const std::string words = registry_words(answer);
    const std::string other = asking.push ? "UPLOAD_FAILED" : "REGISTRY_ERROR";
    const auto made = [&](const std::string& code, const std::string& what, const std::string& hint) {
        return Error{code, "the registry " + host + " " + what + ": " + words, asking.image.text(), hint};
    };
    if (says_full(answer))
        return made(other, "has no room for " + doing,
                    "free space or raise the quota there, then push again: what is there already is not sent twice");
    if (contains(answer.body, "NAME_INVALID") || contains(answer.body, "NAME_UNKNOWN"))
        return made(asking.push ? other : "IMAGE_NOT_FOUND",
                    "does not know the repository " + asking.image.repository + ", or does not take such a name",
                    "is the name right? Some registries want the repository made first");
    const std::string refused = "refused " + doing + " " + who(asking);
    const bool known = !asking.user.empty() && contains(answer.header("www-authenticate"), "insufficient_scope");
    if (answer.status == 401 && !known)
        return made("REGISTRY_AUTH", refused,
                    asking.user.empty() ? login_hint(host) : "is the password right? " + login_hint(host));
    if (answer.status == 401 || answer.status == 403) return made("REGISTRY_DENIED", refused, rights_hint(asking));
    if (answer.status == 404)
        return made(asking.push ? other : "IMAGE_NOT_FOUND", "has nothing for " + doing + " " + who(asking),
                    "is the name right? " + rights_hint(asking));
    if (answer.status == 413)
        return made(other, "or what stands before it takes no request as large as " + doing,
                    "raise its limit (nginx: client_max_body_size 0;)");
    if (answer.status == 429)
        return made(other, "wants fewer requests than " + doing + " takes", "wait, or " + login_hint(host));
    return made(other, "failed at " + doing,
                answer.status >= 500 ? "the registry's own log says more; then push again" : "");
}

Error error_of(const Asking& asking, const std::string& doing, const Lost& lost) {
    const std::string host = asking.image.endpoint();
    using Kind = Lost::Kind;
    const auto made = [&](const std::string& code, const std::string& what, const std::string& hint) {
        const std::string words = lost.words.empty() ? "" : ": " + printable(lost.words);
        return Error{code, what + words, asking.image.text(), hint};
    };
    const std::string unreachable = "REGISTRY_UNREACHABLE";
    switch (lost.kind) {
        case Kind::interrupted: return {"interrupted", "interrupted during " + doing, asking.image.text(), {}};
        case Kind::name:
            return made(unreachable, "the registry's name " + host + " is not known",
                        "is it spelt right? A name without a host is on Docker Hub");
        case Kind::connect:
            return made(unreachable, "the registry " + host + " cannot be reached",
                        "does it run, and does a firewall or proxy let this machine through?");
        case Kind::timeout:
            return made(unreachable, "the registry " + host + " did not answer in time", "push again later");
        case Kind::cut:
            return made(asking.push ? "PUSH_INTERRUPTED" : unreachable,
                        "the connection to the registry " + host + " broke again and again during " + doing,
                        "the same command again goes on: what arrived is not sent twice");
        case Kind::plain_http:
            return made(unreachable, "the registry " + host + " speaks plain HTTP, without TLS",
                        "add --plain-http if that is meant");
        case Kind::tls:
            return made(unreachable, "the registry " + host + " cannot be trusted",
                        "add --registry-ca-file FILE with the certificate of whoever signed its certificate");
        case Kind::other: break;
    }
    return made(asking.push ? "UPLOAD_FAILED" : "REGISTRY_ERROR",
                "the registry " + host + " could not be used for " + doing, {});
}

}  // namespace waaft::registry
