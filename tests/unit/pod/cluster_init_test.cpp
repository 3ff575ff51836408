#include "cmd/pod/cluster_init.h"
#include "server/base/bytes.h"
#include "tests/support/catch.h"

#include <boost/json.hpp>

#include <algorithm>
#include <functional>

using namespace waaft;
using namespace waaft::pod;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr UnixMs day_ms = 86'400'000;
constexpr UnixMs wall = 1'800'000'000'000;

struct Answer {
    int status;
    std::string body;
};

// What the API server keeps of one namespace, as far as the engine can see it.
struct Namespace {
    std::optional<json::object> secret;
    json::value service = json::parse(R"({"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{}}})");
    int version = 1;
    std::vector<std::string> asked;

    void assign(const char* kind, const char* address) {
        service.at("status").at("loadBalancer").as_object()["ingress"] = json::array{json::object{{kind, address}}};
    }

    static std::string base64(std::string_view text) {
        std::string made = to_base64url({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        std::replace(made.begin(), made.end(), '-', '+');
        std::replace(made.begin(), made.end(), '_', '/');
        made.resize((made.size() + 3) / 4 * 4, '=');
        return made;
    }

    // As the API server does: stringData becomes data.
    void keep(json::object written) {
        auto& data = written["data"].is_object() ? written["data"].get_object() : written["data"].emplace_object();
        for (const auto& [key, value] : written.at("stringData").as_object())
            data[key] = base64(std::string_view(value.as_string()));
        written.erase("stringData");
        written["metadata"].as_object()["resourceVersion"] = std::to_string(++version);
        secret = written;
    }

    Answer answer(const Request& request) {
        asked.push_back(request.method + " " + request.path);
        if (request.path.find("/services/") != std::string::npos) return {200, json::serialize(service)};
        if (request.method == "GET")
            return secret ? Answer{200, json::serialize(*secret)} : Answer{404, R"({"message":"not found"})"};
        auto written = json::parse(request.body).as_object();
        if (request.method == "POST") {
            if (secret) return {409, R"({"message":"already exists"})"};
            keep(written);
            return {201, "{}"};
        }
        if (!secret || written.at("metadata").at("resourceVersion") != secret->at("metadata").at("resourceVersion"))
            return {409, R"({"message":"the object has been modified"})"};
        keep(written);
        return {200, "{}"};
    }
    std::string value(const char* key) const {
        std::string text(secret->at("data").at(key).as_string());
        std::replace(text.begin(), text.end(), '+', '-');
        std::replace(text.begin(), text.end(), '/', '_');
        while (text.ends_with('=')) text.pop_back();
        return from_base64url(text).value();
    }
};

struct Run {
    std::variant<Shared, Error> result;
    Duration waited{};
    std::string notes;

    const Shared& shared() const { return std::get<Shared>(result); }
    const Error& error() const { return std::get<Error>(result); }
};

ClusterInitOptions options() { return {"live", "waaft-cluster", "waaft", {"live.example.org"}, 60s}; }

using Answerer = std::function<Answer(const Request&, Duration waited)>;

Run run(const Answerer& answerer, UnixMs at = wall, ClusterInitOptions with = options()) {
    const TimePoint begin{};
    Now now{begin, at};
    ClusterInit init(std::move(with), now);
    Run run{Error("none", "none"), {}, {}};
    for (int steps = 0; steps < 1000; ++steps) {
        auto step = init.next(now);
        for (const auto& note : init.take_notes()) run.notes += note + "\n";
        run.waited = now.steady - begin;
        if (auto* shared = std::get_if<Shared>(&step)) {
            run.result = *shared;
            return run;
        }
        if (auto* error = std::get_if<Error>(&step)) {
            run.result = *error;
            return run;
        }
        if (auto* wait = std::get_if<Wait>(&step)) {
            now.steady = wait->until;
            continue;
        }
        const auto given = answerer(std::get<Request>(step), now.steady - begin);
        init.on_answer(given.status, given.body, now);
    }
    FAIL("it goes on for ever");
    return run;
}

Run run(Namespace& in, UnixMs at = wall) {
    return run([&](const Request& request, Duration) { return in.answer(request); }, at);
}

}  // namespace

TEST_CASE("the first pod makes what the others read") {
    Namespace in;
    in.assign("ip", "203.0.113.7");
    const auto first = run(in);
    REQUIRE(std::holds_alternative<Shared>(first.result));
    CHECK(first.waited == 0s);
    CHECK(first.shared().secret.size() == 43);
    CHECK(in.value("secret") == first.shared().secret);
    CHECK(in.value("tls.crt") == first.shared().cert);
    CHECK(first.shared().redis_password.size() == 43);
    CHECK(in.value("redis.password") == first.shared().redis_password);
    CHECK(in.value("redis.conf") == "requirepass " + first.shared().redis_password + "\n");
    CHECK(first.notes.find(first.shared().redis_password) == std::string::npos);
    CHECK(in.value("ca.key").find("PRIVATE KEY") != std::string::npos);
    CHECK(first.notes.find("203.0.113.7, live.example.org, waaft, waaft.live") != std::string::npos);
    CHECK(first.notes.find(first.shared().secret) == std::string::npos);
    CHECK(in.asked == std::vector<std::string>{"GET /api/v1/namespaces/live/services/waaft",
                                               "GET /api/v1/namespaces/live/secrets/waaft-cluster",
                                               "POST /api/v1/namespaces/live/secrets"});
    in.asked.clear();
    const auto second = run(in);
    CHECK(second.shared().secret == first.shared().secret);
    CHECK(second.shared().key == first.shared().key);
    CHECK(in.asked.size() == 2);
}

TEST_CASE("two first pods agree") {
    Namespace in;
    in.assign("hostname", "lb.example.net");
    Run other{Error("none", "none"), {}, {}};
    bool raced = false;
    const auto slower = run([&](const Request& request, Duration) {
        if (request.method == "POST" && !std::exchange(raced, true)) other = run(in);
        return in.answer(request);
    });
    CHECK(slower.shared().secret == other.shared().secret);
    CHECK(slower.shared().cert == other.shared().cert);
    CHECK(slower.notes.find("faster") != std::string::npos);
}

TEST_CASE("the certificate is renewed from the kept CA, and the secret stays") {
    Namespace in;
    in.assign("ip", "203.0.113.7");
    const auto first = run(in);
    in.secret->at("metadata").as_object()["labels"] = json::object{{"team", "live"}};
    in.secret->at("metadata").as_object()["managedFields"] = json::array{};
    in.secret->at("data").as_object()["more"] = "eA==";
    const auto soon = run(in, wall + 334 * day_ms);
    CHECK(soon.shared().cert == first.shared().cert);
    const auto late = run(in, wall + 336 * day_ms);
    CHECK(late.shared().cert != first.shared().cert);
    CHECK(late.shared().ca_cert == first.shared().ca_cert);
    CHECK(in.secret->at("metadata").at("labels").at("team") == "live");
    CHECK_FALSE(in.secret->at("metadata").as_object().contains("managedFields"));
    CHECK(in.value("more") == "x");
    in.assign("ip", "203.0.113.8");
    const auto moved = run(in, wall + 336 * day_ms);
    CHECK(moved.shared().cert != late.shared().cert);
    CHECK(moved.shared().ca_cert == first.shared().ca_cert);
    CHECK(moved.shared().secret == first.shared().secret);
}

TEST_CASE("an update that somebody else overtook is made again from what is there now") {
    Namespace in;
    in.assign("ip", "203.0.113.7");
    const auto first = run(in);
    in.assign("ip", "203.0.113.8");
    Run other{Error("none", "none"), {}, {}};
    bool raced = false;
    const auto slower = run([&](const Request& request, Duration) {
        if (request.method == "PUT" && !std::exchange(raced, true)) other = run(in);
        return in.answer(request);
    });
    CHECK(slower.shared().cert == other.shared().cert);
    CHECK(slower.shared().cert != first.shared().cert);
}

TEST_CASE("an address is waited for, once and not for ever") {
    Namespace late;
    const auto assigned = run([&](const Request& request, Duration waited) {
        if (waited >= 20s) late.assign("ip", "203.0.113.7");
        return late.answer(request);
    });
    CHECK(assigned.waited >= 20s);
    CHECK(assigned.waited < 22s);
    CHECK(assigned.notes.find("for 203.0.113.7") != std::string::npos);

    Namespace never;
    const auto without = run(never);
    CHECK(without.waited >= 60s);
    CHECK(without.waited < 62s);
    CHECK(without.notes.find("Going on without an address") != std::string::npos);
    CHECK(run(never).waited == 0s);  // the next pod has a certificate to start with

    Namespace absent;  // the Service comes after the Deployment
    const auto comes = run([&](const Request& request, Duration waited) {
        if (request.path.ends_with("/services/waaft") && waited < 2s) return Answer{404, "{}"};
        absent.assign("ip", "203.0.113.7");
        return absent.answer(request);
    });
    CHECK(comes.waited < 3s);
    CHECK(comes.notes.find("does not exist yet") != std::string::npos);

    Namespace inside;
    inside.service = json::parse(R"({"spec":{"type":"ClusterIP"}})");
    CHECK(run(inside).waited == 0s);
    auto none = options();
    none.service.clear();
    Namespace alone;
    const auto only = run([&](const Request& request, Duration) { return alone.answer(request); }, wall, none);
    CHECK(only.waited == 0s);
    CHECK(alone.asked.size() == 2);
}

TEST_CASE("a Secret that somebody made by hand is completed, not replaced") {
    Namespace in;
    in.assign("ip", "203.0.113.7");
    const std::string own(40, 'x');
    in.secret = json::parse(R"({"metadata":{"resourceVersion":"1"},"data":{}})").as_object();
    in.secret->at("data").as_object()["secret"] = Namespace::base64(own);
    const auto completed = run(in);
    CHECK(completed.shared().secret == own);
    CHECK(in.value("secret") == own);
    CHECK(in.asked.back() == "PUT /api/v1/namespaces/live/secrets/waaft-cluster");
    in.secret->at("data").as_object()["secret"] = "%%%";  // broken
    CHECK(run(in).shared().secret.size() == 43);
}

TEST_CASE("what the API server says decides") {
    const struct {
        const char* name;
        int status;
        const char* body;
        const char* code;
        Duration at_least;
    } table[] = {
        {"no permission", 403, R"({"message":"services \"waaft\" is forbidden"})", "cluster_forbidden", 5s},
        {"no identity", 401, "Unauthorized", "cluster_forbidden", 5s},
        {"no answer", 0, "connection refused", "cluster_unreachable", 60s},
        {"broken", 500, "", "cluster_unreachable", 60s},
        {"too many", 429, "", "cluster_unreachable", 60s},
        {"no JSON", 200, "<html>", "cluster_answer", 0s},
        {"no object", 200, "[]", "cluster_answer", 0s},
        {"strange", 302, "", "cluster_answer", 0s},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        const auto ended = run([&](const Request&, Duration) { return Answer{row.status, row.body}; });
        REQUIRE(std::holds_alternative<Error>(ended.result));
        CHECK(ended.error().code == row.code);
        CHECK(ended.waited >= row.at_least);
        CHECK(ended.waited < row.at_least + 1s);
    }
    Namespace in;
    in.assign("ip", "203.0.113.7");
    const auto passing = run([&](const Request& request, Duration waited) {
        if (waited < 2s) return Answer{403, "the Role comes after the Deployment"};
        return waited < 5s ? Answer{503, "starting"} : in.answer(request);
    });
    CHECK(std::holds_alternative<Shared>(passing.result));

    const auto restless = run([&](const Request& request, Duration) {
        Namespace other;
        other.assign("ip", "203.0.113.7");
        return request.method == "POST" ? Answer{409, "{}"} : other.answer(request);
    });
    CHECK(restless.error().code == "cluster_conflict");
    Namespace refused;
    refused.assign("ip", "203.0.113.7");
    const auto no_right = run([&](const Request& request, Duration) {
        return request.method == "POST" ? Answer{403, R"({"message":"cannot create"})"} : refused.answer(request);
    });
    CHECK(no_right.waited <= 5s);
    CHECK(no_right.error().code == "cluster_forbidden");
    CHECK(no_right.error().what.find("cannot create") != std::string::npos);
}

TEST_CASE("a password that is there already stays, and one that is missing is added to the rest") {
    Namespace in;
    in.assign("ip", "203.0.113.7");
    in.keep({{"metadata", json::object{}},
             {"stringData", {{"redis.password", "made-before"}, {"redis.conf", "requirepass made-before\n"}}}});
    const auto first = run(in);
    CHECK(first.shared().redis_password == "made-before");
    CHECK(in.value("redis.password") == "made-before");
    CHECK(in.value("secret") == first.shared().secret);
    // A Secret of a version that knew no Redis.
    for (const auto* key : {"redis.password", "redis.conf"}) in.secret->at("data").as_object().erase(key);
    const auto later = run(in);
    CHECK(later.shared().secret == first.shared().secret);
    CHECK(later.shared().key == first.shared().key);
    CHECK(in.value("redis.conf") == "requirepass " + later.shared().redis_password + "\n");
}
