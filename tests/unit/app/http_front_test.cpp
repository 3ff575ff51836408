// Requests whose answer is lost between two shards: they are answered all the same. A real HttpFront behind a real
// port; the test is the home shard.
#include "server/app/http_front.h"
#include "server/app/post_office.h"
#include "server/app/sessions.h"
#include "tests/support/catch.h"
#include "tests/unit/net/loop_thread.h"
#include "tests/unit/net/test_client.h"

#include <boost/asio/post.hpp>

#include <chrono>
#include <future>
#include <thread>

using namespace waaft;
using namespace waaft::app;
using waaft::net::test::Client;
using waaft::net::test::masked_frame;
using waaft::net::test::read_frame;

namespace {

constexpr int text_opcode = 1;
constexpr ShardIndex front_shard = 0;
constexpr ShardIndex home_shard = 1;

class Front {
public:
    explicit Front(const net::Limits& limits = {})
        : services_(Config{}), sessions_(services_, front_shard, loop_.io(), counters_, load_) {
        services_.post_office = std::make_unique<PostOffice>(2);
        front_ = std::make_unique<HttpFront>(services_, front_shard, sessions_, counters_, load_);
        services_.post_office->set_wake(front_shard, [this] { boost::asio::post(loop_.io(), [this] { collect(); }); });
        net::ServerOptions options;
        options.plain_only = true;
        options.address = "127.0.0.1";
        options.limits = limits;
        server_ = net::listen(loop_.io(), options, *front_).value();
        loop_.start();
    }
    ~Front() {
        run([this] { server_->stop(); });
        loop_.io().stop();
        loop_.join();
    }

    // On the front's thread; returns when it is done.
    template <class Function>
    void run(Function function) {
        loop_.run(std::move(function));
    }
    std::uint16_t port() const { return server_->port(); }
    PostOffice& office() { return *services_.post_office; }
    HttpFront& http() { return *front_; }
    const ShardCounters& counters() const { return counters_; }

    // The requests that the home was sent, as soon as there are so many.
    std::vector<std::unique_ptr<RestMail>> asked(std::size_t count) {
        std::vector<std::unique_ptr<RestMail>> mails;
        const auto end = Clock::now() + std::chrono::minutes(1);
        while (mails.size() < count && Clock::now() < end) {
            office().collect(
                home_shard,
                [&](ShardIndex, Mail mail) {
                    if (auto* request = std::get_if<std::unique_ptr<RestMail>>(&mail))
                        mails.push_back(std::move(*request));
                },
                [](ShardIndex) {});
            std::this_thread::yield();
        }
        REQUIRE(mails.size() == count);
        return mails;
    }

    // The front does not turn while its mailbox is filled, so that what comes next finds no place.
    void overrun() {
        run([this] {
            while (office().post(home_shard, front_shard, RestReplyMail{})) {
            }
            office().mark_overrun(home_shard, front_shard);
        });
    }

    void reply(const RestMail& mail, unsigned status) {
        auto response = std::make_unique<net::Response>();
        response->status = status;
        REQUIRE(office().post(home_shard, front_shard, RestReplyMail{mail.request, std::move(response)}));
    }

    // The path of a room whose home is the other shard.
    std::string path() {
        for (int number = 0;; ++number) {
            const std::string name = "room-" + std::to_string(number);
            if (office().home_of(name) == home_shard) return "/api/v1/rooms/" + name;
        }
    }

private:
    void collect() {
        ShardIndex overrun_by = front_shard;
        office().collect(
            front_shard, [this](ShardIndex, Mail mail) { front_->on_mail(std::move(std::get<RestReplyMail>(mail))); },
            [&](ShardIndex from) { overrun_by = from; });
        if (overrun_by != front_shard) front_->on_overrun(overrun_by);
    }

    net::test::LoopThread loop_;
    Services services_;
    ShardCounters counters_;
    ShardLoad load_{Clock::now() + std::chrono::hours(1)};  // nothing is late
    Sessions sessions_;
    std::unique_ptr<HttpFront> front_;
    std::unique_ptr<net::Server> server_;
};

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"; }

}  // namespace

TEST_CASE("a request whose answer was lost at an overrun is answered with 503, and the connection goes on") {
    Front front;
    Client client(front.port());
    client.write(get(front.path()));
    front.asked(1);
    front.overrun();
    CHECK(client.answer().status == 503);
    client.write(get(front.path()));
    front.reply(*front.asked(1).front(), 200);
    CHECK(client.answer().status == 200);
}

TEST_CASE("an answer that comes after the 503 is nobody's") {
    Front front;
    Client client(front.port());
    client.write(get(front.path()));
    const auto first = front.asked(1);
    front.overrun();
    CHECK(client.answer().status == 503);
    client.write(get(front.path()));
    const auto second = front.asked(1);
    front.reply(*first.front(), 200);
    front.reply(*second.front(), 404);
    CHECK(client.answer().status == 404);
}

TEST_CASE("what waits behind lost requests is asked, and answered") {
    // libstdc++ then makes its table larger with the first that comes in while these are gone through.
    constexpr std::size_t people = 257;
    Front front;
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < people; ++i) {
        clients.push_back(std::make_unique<Client>(front.port()));
        clients.back()->write(get(front.path()) + get(front.path()) + get(front.path()));
    }
    front.asked(people);
    front.overrun();
    for (const auto& client : clients) CHECK(client->answer().status == 503);
    for (int behind = 0; behind < 2; ++behind) {
        for (const auto& mail : front.asked(people)) front.reply(*mail, 200);
        for (const auto& client : clients) CHECK(client->answer().status == 200);
    }
}

TEST_CASE("a request for which the home's mailbox has no place is answered with 503 at once") {
    Front front;
    Client client(front.port());
    front.run([&] {
        while (front.office().post(front_shard, home_shard, std::make_unique<GoneMail>())) {
        }
    });
    client.write(get(front.path()));
    CHECK(client.answer().status == 503);
}

TEST_CASE("a request that nobody answers is answered with 503 within its time, and not before") {
    constexpr int rounds = 30;
    Front front;
    Client client(front.port());
    client.write(get(front.path()));
    front.asked(1);
    front.run([&] {
        for (int round = 0; round < rounds; ++round) front.http().expire();
    });
    Client other(front.port());
    other.write(get(front.path()));
    const auto asked = front.asked(1);  // it came later, so it waits on
    front.run([&] { front.http().expire(); });
    CHECK(client.answer().status == 503);
    front.reply(*asked.front(), 200);
    CHECK(other.answer().status == 200);
}

TEST_CASE("a join of somebody who waited too long for their turn is nobody's work: they are asked to come again") {
    net::Limits limits;
    limits.newcomer_patience = -std::chrono::seconds(1);  // as if everybody had
    Front front(limits);
    Client client(front.port());
    client.write(
        "GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: waaft.v1\r\n\r\n");
    REQUIRE(client.answer().status == 101);
    client.write(masked_frame(text_opcode, R"({"t":"join","room":"blue-owl","name":"Bea"})"));
    CHECK(read_frame(client).payload.find(R"("code":"busy")") != std::string::npos);
    CHECK(read_frame(client).payload.find(R"("retryMs":)") != std::string::npos);
    CHECK(front.counters().joins_refused == 1);
    CHECK(front.office().waiting(home_shard) == 0);
}
