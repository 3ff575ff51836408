// The log: lines for a person on a terminal, JSON objects otherwise, always to stderr.
//
// Thread: any. Ownership: one process-wide logger inside spdlog, set up once by start_log().
// Errors: a line that cannot be written is dropped. Never pass secrets or chat text.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace waaft::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { human, json };

void start(Format format, Level level);

// A value beside the sentence: {"room", name}.
using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view sentence, Fields fields = {});
inline void debug(std::string_view sentence, Fields fields = {}) { write(Level::debug, sentence, fields); }
inline void info(std::string_view sentence, Fields fields = {}) { write(Level::info, sentence, fields); }
inline void warn(std::string_view sentence, Fields fields = {}) { write(Level::warn, sentence, fields); }
inline void error(std::string_view sentence, Fields fields = {}) { write(Level::error, sentence, fields); }

// Text made safe for a JSON string, without the quotes.
std::string json_escaped(std::string_view text);

}  // namespace waaft::log
