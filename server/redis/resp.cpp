#include "server/redis/resp.h"

#include <hiredis/read.h>

namespace waaft::redis {

Command& Command::add(std::string_view word) {
    words_.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
    ++count_;
    return *this;
}

Command& Command::add(std::uint64_t number) { return add(std::string_view(std::to_string(number))); }

void Command::write_to(std::string& bytes) const {
    bytes.append("*").append(std::to_string(count_)).append("\r\n").append(words_);
}

// Every part lies in the tree below `root`, so nothing is owned by the parser itself.
struct ReplyReader::Parts {
    std::unique_ptr<Reply> root;
    redisReplyObjectFunctions functions{};
};

namespace {

Reply& place_for(const redisReadTask* task) {
    if (task->parent != nullptr) return static_cast<Reply*>(task->parent->obj)->items[task->idx];
    auto* parts = static_cast<ReplyReader::Parts*>(task->privdata);
    parts->root = std::make_unique<Reply>();
    return *parts->root;
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) {
    Reply& reply = place_for(task);
    reply.kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                 : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                    : Reply::Kind::text;
    reply.text.assign(text, size);
    return &reply;
}

std::size_t depth_of(const redisReadTask* task) {
    std::size_t depth = 0;
    for (; task != nullptr; task = task->parent) ++depth;
    return depth;
}

// Null: hiredis takes it for a lack of memory and gives up. From version 1 on it takes any depth.
void* make_array(const redisReadTask* task, std::size_t count) {
    if (count > ReplyReader::elements_max || depth_of(task) > ReplyReader::depth_max) return nullptr;
    Reply& reply = place_for(task);
    reply.kind = Reply::Kind::array;
    reply.items.resize(count);
    return &reply;
}

void* make_integer(const redisReadTask* task, long long value) {
    Reply& reply = place_for(task);
    reply.kind = Reply::Kind::integer;
    reply.integer = value;
    return &reply;
}

void* make_nil(const redisReadTask* task) { return &place_for(task); }

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader() : parts_(std::make_unique<Parts>()) {
    parts_->functions.createString = make_text;
    // The type of the count differs between hiredis 0.14 and 1.
    parts_->functions.createArray = [](const redisReadTask* task, auto count) {
        return make_array(task, static_cast<std::size_t>(count));
    };
    parts_->functions.createInteger = make_integer;
    parts_->functions.createNil = make_nil;
    parts_->functions.freeObject = [](void*) {};
    reader_.reset(redisReaderCreateWithFunctions(&parts_->functions));
    if (!reader_) {
        broken_ = "no memory";
        return;
    }
    reader_->privdata = parts_.get();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
    if (!broken_.empty()) return;
    pending_ += bytes.size();
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != 0) broken_ = reader_->errstr;
}

ReplyReader::Next ReplyReader::next(Reply& reply) {
    if (!broken_.empty()) return Next::broken;
    void* found = nullptr;
    if (redisReaderGetReply(reader_.get(), &found) != 0) {
        broken_ = reader_->errstr;
        return Next::broken;
    }
    if (found == nullptr) {
        if (pending_ <= reply_max) return Next::more;
        broken_ = "a reply of more than " + std::to_string(reply_max) + " bytes";
        return Next::broken;
    }
    pending_ = reader_->len - reader_->pos;
    reply = std::move(*parts_->root);
    parts_->root.reset();
    return Next::reply;
}

}  // namespace waaft::redis
