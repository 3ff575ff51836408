#include "cmd/registry/challenge.h"

#include <algorithm>

namespace waaft::registry {
namespace {

constexpr std::size_t header_max = 8 * 1024;
constexpr std::size_t challenges_max = 8;
constexpr std::size_t parameters_max = 16;

bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (auto& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

class ChallengeReader {
public:
    explicit ChallengeReader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_blanks() {
        while (take(' ') || take('\t')) {
        }
    }
    void skip_separators() {
        while (take(' ') || take('\t') || take(',')) {
        }
    }
    void skip_to_comma() { rest_.remove_prefix(std::min(rest_.find(','), rest_.size())); }
    std::string_view token() {
        std::size_t size = 0;
        while (size < rest_.size() && is_token_char(rest_[size])) ++size;
        const auto result = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return result;
    }
    // After "=": a token or a quoted string.
    bool value(std::string& result) {
        if (!take('"')) {
            result = token();
            return !result.empty();
        }
        while (!rest_.empty()) {
            char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return true;
            if (c == '\\' && !rest_.empty()) {
                c = rest_.front();
                rest_.remove_prefix(1);
            }
            result += c;
        }
        return false;
    }

private:
    std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
    std::vector<Challenge> result;
    ChallengeReader reader(header.substr(0, header_max));
    for (;;) {
        reader.skip_separators();
        if (reader.at_end()) return result;
        const auto name = reader.token();
        reader.skip_blanks();
        if (name.empty()) {
            reader.skip_to_comma();
            if (reader.take(',')) continue;
            return result;
        }
        if (!reader.take('=')) {  // no "=": a new scheme begins
            if (result.size() == challenges_max) return result;
            result.push_back({lower(name), {}});
            continue;
        }
        reader.skip_blanks();
        std::string value;
        if (!reader.value(value)) {
            reader.skip_to_comma();
            continue;
        }
        if (!result.empty() && result.back().parameters.size() < parameters_max)
            result.back().parameters.emplace(lower(name), std::move(value));
    }
}

}  // namespace waaft::registry
