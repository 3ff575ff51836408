// Replies of a Redis, or of whatever answers in its place, and what the answers to our scripts are taken for.
#include "server/redis/commands.h"
#include "server/redis/start_check.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace waaft::redis;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = data[0] + 1U;
    ReplyReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(bytes.substr(at, piece));
        Reply reply;
        while (reader.next(reply) == ReplyReader::Next::reply) {
            if (const auto snapshot = read_snapshot(reply, "room"); snapshot && *snapshot) {
                for (std::size_t i = 1; i < (*snapshot)->tail.size(); ++i) {
                    if ((*snapshot)->tail[i].seq != (*snapshot)->tail[i - 1].seq + 1) std::abort();
                }
            }
            static_cast<void>(read_page(reply));
            static_cast<void>(read_list(reply));
            static_cast<void>(read_flag(reply));
            static_cast<void>(read_created(reply));
            if (const auto committed = read_committed(reply)) {
                if (committed->records.size() > change_records_max) std::abort();
            }
            static_cast<void>(read_memory(reply.text));
            static_cast<void>(means_away(reply));
            static_cast<void>(means_full(reply));
            RedisOptions options;
            static_cast<void>(judge_mark(options, RedisUrl(), reply));
            static_cast<void>(judge_answers(options, RedisUrl(), std::vector<Reply>(13, reply)));
            reply = Reply();
        }
    }
    return 0;
}
