#include "cmd/registry/upload.h"
#include "tests/support/catch.h"

#include <vector>

using namespace waaft;
using namespace waaft::registry;
using std::chrono::seconds;

namespace {

constexpr auto digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const std::string repository = "https://r.example/v2/org/waaft";

// Drives one upload: each answer() belongs to the request that seen() says.
struct Drive {
    explicit Drive(std::uint64_t size, UploadOptions options = {.chunk = 10, .retry = {}})
        : upload({digest, size}, repository, options) {}

    // "PATCH 0+10 0-9": the method, what of the file, and the Content-Range.
    std::string seen() const {
        const auto request = upload.next();
        std::string text = request.method + " " + request.url.substr(repository.size());
        if (request.method == "PATCH")
            text += " " + std::to_string(request.offset) + "+" + std::to_string(request.length);
        return request.content_range.empty() ? text : text + " " + request.content_range;
    }
    void answer(UploadAnswer answer) {
        now = std::max(now, upload.deadline());
        upload.on_answer(answer, now, 0.5);
    }
    void cut() {
        now = std::max(now, upload.deadline());
        upload.on_cut(now, 0.5);
    }
    void begin() {
        answer({.status = 404});
        answer({.status = 202, .location = "/v2/org/waaft/blobs/uploads/u1"});
    }

    BlobUpload upload;
    TimePoint now{};
};

}  // namespace

TEST_CASE("a blob goes up in pieces and ends with its digest") {
    Drive drive(25);
    CHECK(drive.seen() == "HEAD /blobs/" + std::string(digest));
    drive.answer({.status = 404});
    CHECK(drive.seen() == "POST /blobs/uploads/");
    drive.answer({.status = 202, .location = "/v2/org/waaft/blobs/uploads/u1?s=1"});
    CHECK(drive.seen() == "PATCH /blobs/uploads/u1?s=1 0+10 0-9");
    drive.answer({.status = 202, .location = "/v2/org/waaft/blobs/uploads/u1?s=2", .range = "0-9"});
    CHECK(drive.seen() == "PATCH /blobs/uploads/u1?s=2 10+10 10-19");
    drive.answer({.status = 202, .location = "", .range = "0-19"});
    CHECK(drive.seen() == "PATCH /blobs/uploads/u1?s=2 20+5 20-24");
    drive.answer({.status = 202, .location = "", .range = "0-24"});
    CHECK(drive.seen() == "PUT /blobs/uploads/u1?s=2&digest=sha256%3A" + std::string(digest).substr(7));
    CHECK(drive.upload.to_cancel() == repository + "/blobs/uploads/u1?s=2");
    drive.answer({.status = 201});
    CHECK(drive.upload.done());
    CHECK_FALSE(drive.upload.existed());
    CHECK(drive.upload.to_cancel().empty());
}

TEST_CASE("what is there already is not sent") {
    Drive drive(25);
    drive.answer({.status = 200});
    CHECK(drive.upload.done());
    CHECK(drive.upload.existed());
}

TEST_CASE("one piece is sent without a range, an empty blob without a piece") {
    Drive small(10);
    small.begin();
    CHECK(small.seen() == "PATCH /blobs/uploads/u1 0+10");
    Drive byte(1);
    byte.begin();
    byte.answer({.status = 202, .range = "0-0"});  // of one byte this is all, of more it is nothing
    CHECK(byte.upload.step() == BlobUpload::Step::finish);
    Drive empty(0);
    empty.begin();
    CHECK(empty.upload.step() == BlobUpload::Step::finish);
}

TEST_CASE("after a cut it goes on where the registry is") {
    Drive drive(25);
    drive.begin();
    drive.answer({.status = 202, .range = "0-9"});
    drive.cut();
    CHECK(drive.upload.deadline() > TimePoint{});
    CHECK(drive.seen() == "GET /blobs/uploads/u1");
    drive.cut();
    CHECK(drive.seen() == "GET /blobs/uploads/u1");
    drive.answer({.status = 204, .location = "/v2/org/waaft/blobs/uploads/u2", .range = "0-13"});
    CHECK(drive.seen() == "PATCH /blobs/uploads/u2 14+10 14-23");
    drive.answer({.status = 416, .range = "0-17"});
    CHECK(drive.seen() == "GET /blobs/uploads/u2");
    drive.answer({.status = 204, .range = "0-24"});
    CHECK(drive.upload.step() == BlobUpload::Step::finish);
}

TEST_CASE("an upload that the registry forgot begins anew") {
    for (const bool at_question : {false, true}) {
        Drive drive(25);
        drive.begin();
        drive.answer({.status = 202, .range = "0-9"});
        if (at_question) drive.cut();
        drive.answer({.status = 404});
        CHECK(drive.seen() == "POST /blobs/uploads/");
        CHECK(drive.upload.offset() == 0);
    }
    // For ever only if the registry takes more each time.
    Drive again(25, {.chunk = 10, .retry = {.attempts = 4}});
    again.answer({.status = 404});
    int requests = 0;
    while (!again.upload.ended() && ++requests < 100) {
        switch (again.upload.step()) {
            case BlobUpload::Step::begin: again.answer({.status = 202, .location = "u1"}); break;
            case BlobUpload::Step::ask: again.answer({.status = 404}); break;
            default: again.cut();
        }
    }
    CHECK(again.upload.ended());
    CHECK(requests < 20);
}

TEST_CASE("who takes no pieces gets all at once") {
    Drive drive(25);
    drive.begin();
    drive.answer({.status = 400});
    CHECK(drive.seen() == "POST /blobs/uploads/");
    drive.answer({.status = 202, .location = "/v2/org/waaft/blobs/uploads/u3"});
    CHECK(drive.seen() == "PATCH /blobs/uploads/u3 0+25");
    drive.answer({.status = 400});
    CHECK(drive.upload.ended());
    CHECK(drive.upload.problem() == 400);
}

TEST_CASE("a missing right, a full store and too large a body end it at once") {
    for (const int status : {401, 403, 413}) {
        Drive drive(25);
        drive.begin();
        drive.answer({.status = status});
        CHECK(drive.upload.ended());
        CHECK(drive.upload.problem() == status);
        CHECK_FALSE(drive.upload.to_cancel().empty());
    }
}

TEST_CASE("a lost answer to the last request is looked up") {
    Drive drive(10);
    drive.begin();
    drive.answer({.status = 202, .range = "0-9"});
    drive.cut();
    CHECK(drive.upload.step() == BlobUpload::Step::check);
    drive.answer({.status = 200});
    CHECK(drive.upload.done());
    CHECK_FALSE(drive.upload.existed());
}

TEST_CASE("it gives up after failures in a row, not after failures with progress between") {
    Drive drive(1000, {.chunk = 10, .retry = {.attempts = 3}});
    drive.begin();
    for (std::uint64_t sent = 10; sent < 1000; sent += 10) {
        drive.cut();
        drive.answer({.status = 503});
        drive.answer({.status = 204, .range = "0-" + std::to_string(sent - 1)});
        REQUIRE_FALSE(drive.upload.ended());
    }
    for (int i = 0; i < 3; ++i) drive.cut();
    CHECK(drive.upload.ended());
    CHECK(drive.upload.problem() == 0);
}

TEST_CASE("a registry that keeps nothing does not keep us for ever") {
    Drive drive(25, {.chunk = 10, .retry = {.attempts = 4}});
    drive.begin();
    int requests = 0;
    while (!drive.upload.ended() && ++requests < 100) drive.answer({.status = 202, .range = "0-0"});
    CHECK(drive.upload.ended());
    CHECK(requests < 20);
}

TEST_CASE("the registry's wish for later and for larger pieces counts") {
    Drive drive(100);
    drive.answer({.status = 429, .retry_after = seconds(9)});
    CHECK(drive.upload.deadline() == TimePoint{} + seconds(9));
    drive.answer({.status = 404});
    drive.answer({.status = 202, .location = "u1", .chunk_min = 40});
    CHECK(drive.upload.next().length == 40);
}

TEST_CASE("an answer that makes no sense ends it") {
    Drive nowhere(25);
    nowhere.answer({.status = 404});
    nowhere.answer({.status = 202, .location = "ftp://elsewhere/"});
    CHECK(nowhere.upload.ended());
    Drive beyond(25);
    beyond.begin();
    beyond.answer({.status = 202, .range = "0-99"});
    CHECK(beyond.seen() == "POST /blobs/uploads/");
}

TEST_CASE("ranges of uploads") {
    CHECK(parse_upload_range("0-1023") == 1024U);
    CHECK(parse_upload_range("bytes=0-9") == 10U);
    CHECK(parse_upload_range("0-0") == 0U);
    for (const char* text : {"", "1-5", "0-", "0--1", "0-5x", "0-18446744073709551615"})
        CHECK_FALSE(parse_upload_range(text));
}
