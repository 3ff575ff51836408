// What is wrong with this server at the moment and people on call should know: told once when it comes and once when it
// is well again, and for as long as it lasts in /statusz.
//
// Thread: any (a mutex; clear() of what is not there takes none). Ownership: values. Bounds: one trouble for each key;
// keys are ours. Errors: none.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::app {

class Troubles {
public:
    enum class Weight : std::uint8_t { warning, error, not_ready };

    // Logged if it is new or says something else than before.
    void tell(std::string_view key, std::string what, Weight weight);
    // Logged if it was there.
    void clear(std::string_view key);

    std::vector<std::string> sentences() const;
    // False while there is one for which nobody new should be sent here.
    bool ready() const;

private:
    struct Trouble {
        std::string what;
        Weight weight = Weight::warning;
        friend bool operator==(const Trouble&, const Trouble&) = default;
    };

    mutable std::mutex mutex_;
    std::map<std::string, Trouble, std::less<>> by_key_;
    std::atomic<std::size_t> count_{0};
};

}  // namespace waaft::app
