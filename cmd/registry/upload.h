// One blob on its way into a registry, without any I/O: asks whether it is there, begins an upload, sends
// it in pieces, goes on where the registry says after a cut, and ends it with the digest.
//
// Thread: one. Ownership: values. Units: bytes. Errors: problem() says which answer ended it; the shell
// turns it into words. Bounds: RetryPolicy.attempts failures without a byte more than ever before.
// Use: while (!ended()) { wait until deadline(); perform next(); on_answer() or on_cut(); }
// Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md (pushing blobs).
#pragma once

#include "cmd/registry/retry.h"

#include <cstdint>
#include <optional>
#include <string>

namespace waaft::registry {

struct BlobToPush {
    std::string digest;
    std::uint64_t size = 0;
};

struct UploadOptions {
    // Registries that store pieces as objects want at least 5 MiB of each but the last.
    std::uint64_t chunk = 16 * 1024 * 1024;
    // All in one piece: what Google's registries can take, and the way out where pieces are refused.
    bool whole = false;
    RetryPolicy retry;
};

struct UploadRequest {
    std::string method;
    std::string url;
    std::string content_range;  // empty: none
    bool has_body = false;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct UploadAnswer {
    int status = 0;
    std::string location;
    std::string range;
    std::uint64_t chunk_min = 0;  // OCI-Chunk-Min-Length
    std::optional<Duration> retry_after;
};

class BlobUpload {
public:
    enum class Step : std::uint8_t { check, begin, send, ask, finish, done, failed };

    // `repository_url` is "https://host/v2/org/waaft".
    BlobUpload(BlobToPush blob, std::string repository_url, const UploadOptions& options);

    UploadRequest next() const;
    TimePoint deadline() const { return deadline_; }
    void on_answer(const UploadAnswer& answer, TimePoint now, double random);
    // The connection was lost before an answer came.
    void on_cut(TimePoint now, double random);

    bool ended() const { return step_ == Step::done || step_ == Step::failed; }
    bool done() const { return step_ == Step::done; }
    Step step() const { return step_; }
    // It was there already.
    bool existed() const { return existed_; }
    std::uint64_t offset() const { return offset_; }
    // The status that ended it; 0: the connection was lost once too often.
    int problem() const { return problem_; }
    // What to DELETE if it is given up; empty: nothing was begun.
    std::string to_cancel() const { return done() ? "" : location_; }

private:
    void on_check(const UploadAnswer& answer, TimePoint now, double random);
    void on_begin(const UploadAnswer& answer, TimePoint now, double random);
    void on_send(const UploadAnswer& answer, TimePoint now, double random);
    void on_ask(const UploadAnswer& answer, TimePoint now, double random);
    void on_finish(const UploadAnswer& answer, TimePoint now, double random);
    void sent_until(std::uint64_t offset);
    void begin_anew();
    void restart(int status, TimePoint now, double random);
    void try_again(Step step, int status, std::optional<Duration> retry_after, TimePoint now, double random);
    void fail(int status);
    bool adopt_location(const UploadAnswer& answer);
    std::uint64_t piece() const;

    BlobToPush blob_;
    std::string repository_url_;
    bool whole_;
    std::uint64_t chunk_;
    Retry retry_;
    Step step_ = Step::check;
    std::string location_;
    std::uint64_t offset_ = 0;
    std::uint64_t furthest_ = 0;
    TimePoint deadline_{};
    int problem_ = 0;
    bool existed_ = false;
    bool uncertain_ = false;  // the last PUT's answer was lost
};

// "0-1023" or "bytes=0-1023" -> 1024, the bytes that the registry has. "0-0" is none: registries say so
// of an empty upload.
std::optional<std::uint64_t> parse_upload_range(const std::string& text);

}  // namespace waaft::registry
