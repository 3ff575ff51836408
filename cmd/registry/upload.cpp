#include "cmd/registry/upload.h"

#include "cmd/registry/url.h"

#include <algorithm>
#include <charconv>

namespace waaft::registry {
namespace {

constexpr std::uint64_t chunk_max = 1024ULL * 1024 * 1024;

bool is_good(int status) { return status >= 200 && status < 300; }

}  // namespace

std::optional<std::uint64_t> parse_upload_range(const std::string& text) {
    std::string_view rest = text;
    if (rest.starts_with("bytes=")) rest.remove_prefix(6);
    if (!rest.starts_with("0-")) return std::nullopt;
    rest.remove_prefix(2);
    std::uint64_t last = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), last);
    if (error != std::errc{} || end != rest.data() + rest.size() || last == UINT64_MAX) return std::nullopt;
    return last == 0 ? 0 : last + 1;
}

BlobUpload::BlobUpload(BlobToPush blob, std::string repository_url, const UploadOptions& options)
    : blob_(std::move(blob)),
      repository_url_(std::move(repository_url)),
      whole_(options.whole),
      chunk_(std::clamp<std::uint64_t>(options.chunk, 1, chunk_max)),
      retry_(options.retry) {}

std::uint64_t BlobUpload::piece() const {
    const std::uint64_t rest = blob_.size - offset_;
    return whole_ ? rest : std::min(chunk_, rest);
}

UploadRequest BlobUpload::next() const {
    switch (step_) {
        case Step::check:
            return {.method = "HEAD", .url = repository_url_ + "/blobs/" + blob_.digest, .content_range = {}};
        case Step::begin:
            return {
                .method = "POST", .url = repository_url_ + "/blobs/uploads/", .content_range = {}, .has_body = true};
        case Step::ask: return {.method = "GET", .url = location_, .content_range = {}};
        case Step::finish:
            return {.method = "PUT",
                    .url = add_query(location_, "digest", blob_.digest),
                    .content_range = {},
                    .has_body = true};
        case Step::send: break;
        case Step::done:
        case Step::failed: return {};
    }
    // All at once needs no range, and there are registries that refuse one.
    const bool all = offset_ == 0 && piece() == blob_.size;
    return {.method = "PATCH",
            .url = location_,
            .content_range = all ? "" : std::to_string(offset_) + "-" + std::to_string(offset_ + piece() - 1),
            .has_body = true,
            .offset = offset_,
            .length = piece()};
}

void BlobUpload::on_answer(const UploadAnswer& answer, TimePoint now, double random) {
    switch (step_) {
        case Step::check: return on_check(answer, now, random);
        case Step::begin: return on_begin(answer, now, random);
        case Step::send: return on_send(answer, now, random);
        case Step::ask: return on_ask(answer, now, random);
        case Step::finish: return on_finish(answer, now, random);
        case Step::done:
        case Step::failed: return;
    }
}

void BlobUpload::on_cut(TimePoint now, double random) {
    switch (step_) {
        case Step::send: return try_again(Step::ask, 0, std::nullopt, now, random);
        case Step::finish: uncertain_ = true; return try_again(Step::check, 0, std::nullopt, now, random);
        case Step::check:
        case Step::begin:
        case Step::ask: return try_again(step_, 0, std::nullopt, now, random);
        case Step::done:
        case Step::failed: return;
    }
}

void BlobUpload::on_check(const UploadAnswer& answer, TimePoint now, double random) {
    if (is_good(answer.status)) {
        existed_ = !uncertain_;
        step_ = Step::done;
    } else if (answer.status == 404) {
        offset_ = 0;
        location_.clear();
        step_ = Step::begin;
    } else if (is_passing(answer.status)) {
        try_again(Step::check, answer.status, answer.retry_after, now, random);
    } else {
        fail(answer.status);
    }
}

void BlobUpload::on_begin(const UploadAnswer& answer, TimePoint now, double random) {
    if (answer.status == 201) {
        step_ = Step::done;
    } else if (is_good(answer.status) && adopt_location(answer)) {
        chunk_ = std::clamp(answer.chunk_min, chunk_, chunk_max);
        offset_ = 0;
        step_ = blob_.size == 0 ? Step::finish : Step::send;
    } else if (is_passing(answer.status)) {
        try_again(Step::begin, answer.status, answer.retry_after, now, random);
    } else {
        fail(answer.status);
    }
}

void BlobUpload::on_send(const UploadAnswer& answer, TimePoint now, double random) {
    if (is_good(answer.status)) {
        if (!answer.location.empty() && !adopt_location(answer)) return fail(answer.status);
        // A registry may have kept less than it was sent; it cannot have more.
        const std::uint64_t sent = offset_ + piece();
        const auto kept = sent == 1 ? sent : parse_upload_range(answer.range).value_or(sent);
        if (kept > sent) return restart(answer.status, now, random);
        if (kept <= offset_) return try_again(Step::ask, answer.status, answer.retry_after, now, random);
        return sent_until(kept);
    }
    if (is_passing(answer.status) || answer.status == 416)
        return try_again(Step::ask, answer.status, answer.retry_after, now, random);
    if (answer.status == 404) return restart(answer.status, now, random);
    const bool pieces_refused = !whole_ && piece() != blob_.size && answer.status >= 400 && answer.status != 401 &&
                                answer.status != 403 && answer.status != 413;
    if (!pieces_refused) return fail(answer.status);
    whole_ = true;
    restart(answer.status, now, random);
}

void BlobUpload::on_ask(const UploadAnswer& answer, TimePoint now, double random) {
    if (is_good(answer.status)) {
        if (!answer.location.empty() && !adopt_location(answer)) return fail(answer.status);
        const auto kept = parse_upload_range(answer.range).value_or(0);
        return kept > blob_.size ? begin_anew() : sent_until(kept);
    }
    if (is_passing(answer.status)) return try_again(Step::ask, answer.status, answer.retry_after, now, random);
    if (answer.status == 401 || answer.status == 403) return fail(answer.status);
    // It does not know the upload any more, as Debian's docker-registry after a cut inside a piece, or has no
    // such question. What led here was counted and waited for already.
    begin_anew();
}

void BlobUpload::on_finish(const UploadAnswer& answer, TimePoint now, double random) {
    if (is_good(answer.status)) {
        step_ = Step::done;
    } else if (is_passing(answer.status)) {
        uncertain_ = true;
        try_again(Step::check, answer.status, answer.retry_after, now, random);
    } else if (answer.status == 404 || answer.status == 416) {
        restart(answer.status, now, random);
    } else {
        fail(answer.status);
    }
}

void BlobUpload::sent_until(std::uint64_t offset) {
    offset_ = offset;
    if (offset_ > furthest_) {
        furthest_ = offset_;
        retry_.progressed();
    }
    step_ = offset_ == blob_.size ? Step::finish : Step::send;
}

void BlobUpload::begin_anew() {
    offset_ = 0;
    location_.clear();
    step_ = Step::begin;
}

void BlobUpload::restart(int status, TimePoint now, double random) {
    begin_anew();
    try_again(Step::begin, status, std::nullopt, now, random);
}

void BlobUpload::try_again(Step step, int status, std::optional<Duration> retry_after, TimePoint now, double random) {
    const auto at = retry_.failed(now, retry_after, random);
    if (!at) return fail(status);
    deadline_ = *at;
    step_ = step;
}

void BlobUpload::fail(int status) {
    problem_ = status;
    step_ = Step::failed;
}

bool BlobUpload::adopt_location(const UploadAnswer& answer) {
    auto url = resolve_url(location_.empty() ? repository_url_ + "/blobs/uploads/" : location_, answer.location);
    if (url.empty()) return false;
    location_ = std::move(url);
    return true;
}

}  // namespace waaft::registry
