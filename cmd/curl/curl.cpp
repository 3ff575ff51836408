#include "cmd/curl/curl.h"

#include <dlfcn.h>

namespace waaft::curl {
namespace {

constexpr const char* install = "apt-get install libcurl4";

template <class Function>
bool resolve(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

Result<Curl> open_library() {
    // RTLD_NODELETE: see the header.
    void* const library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) {
        const char* const reason = dlerror();
        return Error{"curl_missing", "libcurl, with which waaft talks to registries and clusters, cannot be loaded",
                     reason == nullptr ? "libcurl.so.4" : reason, install};
    }
    Curl curl;
    const bool complete = resolve(library, "curl_easy_init", curl.easy_init) &&
                          resolve(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                          resolve(library, "curl_easy_setopt", curl.easy_setopt) &&
                          resolve(library, "curl_easy_perform", curl.easy_perform) &&
                          resolve(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                          resolve(library, "curl_easy_reset", curl.easy_reset) &&
                          resolve(library, "curl_easy_strerror", curl.easy_strerror) &&
                          resolve(library, "curl_slist_append", curl.slist_append) &&
                          resolve(library, "curl_slist_free_all", curl.slist_free_all) &&
                          resolve(library, "curl_easy_header", curl.easy_header) &&
                          resolve(library, "curl_multi_init", curl.multi_init) &&
                          resolve(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                          resolve(library, "curl_multi_setopt", curl.multi_setopt) &&
                          resolve(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                          resolve(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                          resolve(library, "curl_multi_perform", curl.multi_perform) &&
                          resolve(library, "curl_multi_info_read", curl.multi_info_read) &&
                          resolve(library, "curl_multi_poll", curl.multi_poll) &&
                          resolve(library, "curl_getdate", curl.getdate) &&
                          resolve(library, "curl_global_init", curl.global_init);
    const bool started = complete && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    dlclose(library);  // only our count of it
    if (!started) return Error{"curl_missing", "libcurl.so.4 is not usable", "libcurl.so.4", install};
    return curl;
}

}  // namespace

Result<const Curl*> Curl::load() {
    static const Result<Curl> loaded = open_library();
    if (!loaded) return loaded.error();
    return &*loaded;
}

}  // namespace waaft::curl
