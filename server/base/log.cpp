#include "server/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace waaft::log {

namespace {

std::atomic<Format> current_format{Format::human};

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string human_line(std::string_view sentence, Fields fields) {
    std::string line(sentence);
    for (const auto& [name, value] : fields) {
        line.append("  ").append(name).append("=").append(value);
    }
    return line;
}

// The pattern adds the braces, the time and the level.
std::string json_members(std::string_view sentence, Fields fields) {
    std::string line = "\"message\":\"" + json_escaped(sentence) + "\"";
    for (const auto& [name, value] : fields) {
        line.append(",\"").append(json_escaped(name)).append("\":\"").append(json_escaped(value)).append("\"");
    }
    return line;
}

}  // namespace

std::string json_escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 8);
    for (const char letter : text) {
        const auto code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            out.push_back('\\');
            out.push_back(letter);
        } else if (code < 0x20 || code == 0x7F) {
            constexpr std::string_view digits = "0123456789abcdef";
            out.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
        } else {
            out.push_back(letter);
        }
    }
    return out;
}

void start(Format format, Level level) {
    current_format = format;
    std::shared_ptr<spdlog::logger> logger;
    if (format == Format::json) {
        logger = std::make_shared<spdlog::logger>("waaft", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc));
    } else {
        logger = std::make_shared<spdlog::logger>("waaft", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        logger->set_pattern("%H:%M:%S %^%-5l%$ %v");
    }
    logger->set_level(spdlog_level(level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

void write(Level level, std::string_view sentence, Fields fields) {
    const auto wanted = spdlog_level(level);
    if (!spdlog::should_log(wanted)) return;
    const bool json = current_format.load(std::memory_order_relaxed) == Format::json;
    spdlog::log(wanted, "{}", json ? json_members(sentence, fields) : human_line(sentence, fields));
}

}  // namespace waaft::log
