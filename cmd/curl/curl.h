// libcurl, loaded when a registry or cluster is first talked to: `waaft serve` and its image carry nothing of it.
//
// Thread: load() is safe from any; the functions as libcurl says (one handle, one thread at a time).
// Ownership: the library stays loaded until the process ends, because unloading a TLS library is not
// safe. Units: none. Errors: curl_missing, with the package to install.
// Source: dlopen(3); https://curl.se/libcurl/c/.
#pragma once

#include "server/base/result.h"

#include <curl/curl.h>

#include <memory>

namespace waaft::curl {

struct Curl {  // each as libcurl has it, without "curl_"
    static Result<const Curl*> load();

    decltype(&curl_easy_init) easy_init = nullptr;
    decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
    decltype(&curl_easy_setopt) easy_setopt = nullptr;
    decltype(&curl_easy_perform) easy_perform = nullptr;
    decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
    decltype(&curl_easy_reset) easy_reset = nullptr;
    decltype(&curl_easy_strerror) easy_strerror = nullptr;
    decltype(&curl_slist_append) slist_append = nullptr;
    decltype(&curl_slist_free_all) slist_free_all = nullptr;
    decltype(&curl_easy_header) easy_header = nullptr;
    decltype(&curl_multi_init) multi_init = nullptr;
    decltype(&curl_multi_cleanup) multi_cleanup = nullptr;
    decltype(&curl_multi_setopt) multi_setopt = nullptr;
    decltype(&curl_multi_add_handle) multi_add_handle = nullptr;
    decltype(&curl_multi_remove_handle) multi_remove_handle = nullptr;
    decltype(&curl_multi_perform) multi_perform = nullptr;
    decltype(&curl_multi_info_read) multi_info_read = nullptr;
    decltype(&curl_multi_poll) multi_poll = nullptr;
    decltype(&curl_getdate) getdate = nullptr;
    decltype(&curl_global_init) global_init = nullptr;
};

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using CurlMulti = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using CurlList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

}  // namespace waaft::curl
