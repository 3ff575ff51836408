#include "cmd/registry/push_blobs.h"

#include "cmd/registry/file.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <thread>

namespace waaft::registry {
namespace {

constexpr std::size_t workers_max = 4;

std::string doing_of(const Descriptor& blob) { return "the upload of " + blob.digest.substr(0, 19); }

UploadAnswer read_answer(const HttpAnswer& answer) {
    const std::string chunk = answer.header("oci-chunk-min-length");
    return {.status = answer.status,
            .location = answer.header("location"),
            .range = answer.header("range"),
            .chunk_min = chunk.empty() ? 0 : std::strtoull(chunk.c_str(), nullptr, 10),
            .retry_after = parse_retry_after(answer.header("retry-after"), read_clocks().wall)};
}

class Pushing {
public:
    Pushing(Session& session, const std::vector<LayoutBlob>& blobs, const UploadOptions& options)
        : session_(session), blobs_(blobs), options_(options), sent_(blobs.size()) {}

    Result<BlobsPushed> run(cmd::Progress& progress) {
        {
            std::vector<std::jthread> workers;
            running_ = std::min(workers_max, blobs_.size());
            for (std::size_t i = 0; i < running_; ++i) workers.emplace_back([this] { work(); });
            draw_until_ended(progress);
        }
        if (error_) return *error_;
        return result_;
    }

private:
    void draw_until_ended(cmd::Progress& progress) {
        std::uint64_t total = 0;
        for (const auto& blob : blobs_) total += blob.descriptor.size;
        std::unique_lock lock(mutex_);
        for (bool ended = false; !ended;) {
            ended = ended_.wait_for(lock, std::chrono::milliseconds(100), [this] { return running_ == 0; });
            lock.unlock();
            std::uint64_t sent = 0;
            for (const auto& one : sent_) sent += one.load();
            progress.bytes(std::min(sent, total), total);
            progress.tick();
            lock.lock();
        }
    }

    void work() {
        const auto http = session_.connection(&stop_);
        for (std::size_t i = next_++; i < blobs_.size() && !stop_; i = next_++) {
            auto pushed = push_one(*http, i);
            const std::lock_guard lock(mutex_);
            if (pushed) continue;
            // What the others meet after that is only their being stopped.
            if (!stop_.exchange(true)) error_ = pushed.error();
        }
        const std::lock_guard lock(mutex_);
        if (--running_ == 0) ended_.notify_one();
    }

    Result<void> push_one(Http& http, std::size_t index) {
        const auto& blob = blobs_[index];
        const ReadFile file(blob.path);
        if (!file.is_open())
            return Error{"layout_unusable",
                         "a file of the image cannot be read: " + std::generic_category().message(errno),
                         blob.path,
                         {}};
        BlobUpload upload({blob.descriptor.digest, blob.descriptor.size}, session_.repository_url(), options_);
        auto ended = drive(http, upload, blob, file, sent_[index]);
        if (!ended) {
            take_back(upload);
            return ended;
        }
        sent_[index] = blob.descriptor.size;
        const std::lock_guard lock(mutex_);
        if (upload.existed()) {
            ++result_.skipped;
        } else {
            ++result_.uploaded;
            result_.uploaded_bytes += blob.descriptor.size;
        }
        return {};
    }

    // One request after the other until the upload has ended.
    Result<void> drive(Http& http, BlobUpload& upload, const LayoutBlob& blob, const ReadFile& file,
                       std::atomic<std::uint64_t>& sent) {
        const std::string doing = doing_of(blob.descriptor);
        Error last = session_.error(doing, Lost{Lost::Kind::cut, "no more attempts"});
        while (!upload.ended()) {
            if (!session_.wait_until(upload.deadline(), &stop_))
                return session_.error(doing, Lost{Lost::Kind::interrupted, {}});
            const auto before = upload.offset();
            sent = before;
            const auto answer = session_.send(http, request_of(upload.next(), file), doing, [&](std::uint64_t bytes) {
                if (upload.step() == BlobUpload::Step::send) sent = before + bytes;
            });
            if (answer && says_full(*answer)) return session_.error(doing, *answer);
            if (answer) {
                if (answer->status >= 400) last = session_.error(doing, *answer);
                upload.on_answer(read_answer(*answer), Clock::now(), Session::random());
            } else {
                last = answer.error().error;
                if (!answer.error().passing) return last;
                upload.on_cut(Clock::now(), Session::random());
            }
        }
        if (upload.done()) return {};
        return last;
    }

    static HttpRequest request_of(const UploadRequest& wanted, const ReadFile& file) {
        HttpRequest request{.method = wanted.method, .url = wanted.url};
        request.has_body = wanted.has_body;
        if (wanted.length > 0)
            request.body = {.text = {}, .file = file.fd(), .offset = wanted.offset, .length = wanted.length};
        if (wanted.method == "PATCH") request.headers.emplace_back("Content-Type", "application/octet-stream");
        if (!wanted.content_range.empty()) request.headers.emplace_back("Content-Range", wanted.content_range);
        return request;
    }

    // Best effort: a registry forgets abandoned uploads by itself in the end.
    void take_back(const BlobUpload& upload) {
        const std::string url = upload.to_cancel();
        if (url.empty()) return;
        const auto http = session_.last_connection();
        static_cast<void>(session_.send(*http, {.method = "DELETE", .url = url}, "taking the upload back"));
    }

    Session& session_;
    const std::vector<LayoutBlob>& blobs_;
    UploadOptions options_;
    std::vector<std::atomic<std::uint64_t>> sent_;  // of each blob
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;  // of what follows
    std::condition_variable ended_;
    std::size_t running_ = 0;
    BlobsPushed result_;
    std::optional<Error> error_;
};

}  // namespace

Result<BlobsPushed> push_blobs(Session& session, const std::vector<LayoutBlob>& blobs, const UploadOptions& options,
                               cmd::Progress& progress) {
    return Pushing(session, blobs, options).run(progress);
}

}  // namespace waaft::registry
