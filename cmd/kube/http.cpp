#include "cmd/kube/http.h"

#include "cmd/curl/curl.h"

#include <new>

namespace waaft::kube {
namespace {

using curl::Curl;

// One request on its way.
struct Transfer {
    explicit Transfer(const Curl& curl)
        : easy(curl.easy_init(), curl.easy_cleanup),
          headers(curl.slist_append(nullptr, "Expect:"), curl.slist_free_all) {
        if (!easy || !headers) throw std::bad_alloc();
    }
    curl::CurlHandle easy;
    curl::CurlList headers;
    Answer answer;
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
};

std::size_t on_body(const char* bytes, std::size_t one, std::size_t count, void* into) {
    auto& body = static_cast<Transfer*>(into)->answer.body;
    if (body.size() + one * count > Http::answer_max) return 0;
    body.append(bytes, one * count);
    return one * count;
}

std::unique_ptr<Transfer> make_transfer(const Curl& curl, const std::string& socket, const Request& request) {
    auto transfer = std::make_unique<Transfer>(curl);
    const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(transfer->easy.get(), option, value); };
    if (!request.body.empty()) {
        const std::string type = "Content-Type: " + request.content_type;
        if (curl.slist_append(transfer->headers.get(), type.c_str()) == nullptr) throw std::bad_alloc();
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.data());
    }
    const std::string url = "http://localhost" + request.path;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    set(CURLOPT_PROXY, "");
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_HTTPHEADER, transfer->headers.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS,
        static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(request.timeout).count()));
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, transfer.get());
    set(CURLOPT_PRIVATE, transfer.get());
    return transfer;
}

Result<Answer> result_of(const Curl& curl, Transfer& transfer, const Request& request, bool interrupted) {
    if (transfer.code != CURLE_OK) {
        if (interrupted) return Error{"interrupted", "interrupted", {}, {}};
        return Error{"CLUSTER_UNREACHABLE",
                     std::string("the cluster does not answer: ") + curl.easy_strerror(transfer.code), request.path,
                     "check the network and that the cluster runs: kubectl cluster-info"};
    }
    long status = 0;
    curl.easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    transfer.answer.status = static_cast<int>(status);
    curl_header* date = nullptr;
    if (curl.easy_header(transfer.easy.get(), "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
        const auto seconds = curl.getdate(date->value, nullptr);
        transfer.answer.date = seconds < 0 ? 0 : static_cast<UnixMs>(seconds) * 1000;
    }
    return std::move(transfer.answer);
}

}  // namespace

struct Http::State {
    std::string socket;
    const os::Interrupt* interrupt;
    const Curl& curl;
    curl::CurlMulti multi;

    // Until all have ended, or an interrupt.
    void run() const {
        for (int running = 1; running > 0;) {
            curl.multi_perform(multi.get(), &running);
            for (int left = 0; const CURLMsg* message = curl.multi_info_read(multi.get(), &left);) {
                if (message->msg != CURLMSG_DONE) continue;
                Transfer* transfer = nullptr;
                curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
                transfer->code = message->data.result;
            }
            if (running == 0 || (interrupt != nullptr && interrupt->raised())) return;
            curl_waitfd extra{interrupt == nullptr ? -1 : interrupt->fd(), CURL_WAIT_POLLIN, 0};
            curl.multi_poll(multi.get(), &extra, interrupt == nullptr ? 0 : 1, 1000, nullptr);
        }
    }
};

Http::Http(const Curl& curl, std::string socket, const os::Interrupt* interrupt)
    : state_(
          std::make_unique<State>(State{std::move(socket), interrupt, curl, {curl.multi_init(), curl.multi_cleanup}})) {
    if (!state_->multi) throw std::bad_alloc();
    curl.multi_setopt(state_->multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(connections_max));
}

Http::~Http() = default;

void Http::ignore_interrupt() { state_->interrupt = nullptr; }

std::vector<Result<Answer>> Http::send(const std::vector<Request>& requests) {
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (const auto& request : requests) {
        transfers.push_back(make_transfer(state_->curl, state_->socket, request));
        state_->curl.multi_add_handle(state_->multi.get(), transfers.back()->easy.get());
    }
    state_->run();
    const bool interrupted = state_->interrupt != nullptr && state_->interrupt->raised();
    std::vector<Result<Answer>> results;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        state_->curl.multi_remove_handle(state_->multi.get(), transfers[i]->easy.get());
        results.push_back(result_of(state_->curl, *transfers[i], requests[i], interrupted));
    }
    return results;
}

}  // namespace waaft::kube
