#include "server/app/troubles.h"

#include "server/base/log.h"

#include <algorithm>

namespace waaft::app {

void Troubles::tell(std::string_view key, std::string what, Weight weight) {
    Trouble trouble{std::move(what), weight};
    {
        const std::lock_guard lock(mutex_);
        const auto found = by_key_.find(key);
        if (found != by_key_.end() && found->second == trouble) return;
        by_key_.insert_or_assign(std::string(key), trouble);
        count_.store(by_key_.size(), std::memory_order_relaxed);
    }
    log::write(weight == Weight::warning ? log::Level::warn : log::Level::error, trouble.what);
}

void Troubles::clear(std::string_view key) {
    if (count_.load(std::memory_order_relaxed) == 0) return;
    std::string was;
    {
        const std::lock_guard lock(mutex_);
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return;
        was = std::move(found->second.what);
        by_key_.erase(found);
        count_.store(by_key_.size(), std::memory_order_relaxed);
    }
    log::info("This is over: " + was);
}

std::vector<std::string> Troubles::sentences() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sentences;
    for (const auto& [key, trouble] : by_key_) sentences.push_back(trouble.what);
    return sentences;
}

bool Troubles::ready() const {
    const std::lock_guard lock(mutex_);
    return std::none_of(by_key_.begin(), by_key_.end(),
                        [](const auto& entry) { return entry.second.weight == Weight::not_ready; });
}

}  // namespace waaft::app
