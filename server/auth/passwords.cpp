#include "server/auth/passwords.h"

#include "server/base/id.h"

#include <argon2.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace waaft::auth {
namespace {

constexpr std::uint32_t time_cost = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t parallelism = 1;
constexpr std::size_t salt_size = 16;
constexpr std::size_t argon2_hash_size = 32;

Result<std::string, PasswordError> hash_password(const std::string& password) {
    const std::string salt = random_bytes(salt_size);
    std::array<char, 128> encoded{};
    const int error = argon2id_hash_encoded(time_cost, memory_kib, parallelism, password.data(), password.size(),
                                            salt.data(), salt.size(), argon2_hash_size, encoded.data(), encoded.size());
    if (error != ARGON2_OK) return PasswordError::no_memory;  // all else is given by us
    return std::string(encoded.data());
}

PasswordVerdict verify_password(const std::string& password, const std::string& encoded) {
    switch (argon2id_verify(encoded.c_str(), password.data(), password.size())) {
        case ARGON2_OK: return PasswordVerdict::right;
        case ARGON2_MEMORY_ALLOCATION_ERROR:
        case ARGON2_THREAD_FAIL: return PasswordVerdict::no_memory;
        default: return PasswordVerdict::wrong;
    }
}

}  // namespace

struct PasswordPool::Impl {
    using Task = std::function<void()>;

    explicit Impl(std::size_t queue) : queue_max(queue) {}

    bool push(Task task) {
        {
            const std::lock_guard lock(mutex);
            if (tasks.size() >= queue_max) return false;
            tasks.push_back(std::move(task));
        }
        changed.notify_one();
        return true;
    }

    void work() {
        while (true) {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return closing || !tasks.empty(); });
            if (closing) return;
            const Task task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
        }
    }

    const std::size_t queue_max;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> tasks;
    bool closing = false;
    std::vector<std::thread> threads;
};

PasswordPool::PasswordPool(std::size_t threads, std::size_t queue_max) : impl_(std::make_unique<Impl>(queue_max)) {
    for (std::size_t i = 0; i < threads; ++i) impl_->threads.emplace_back([this] { impl_->work(); });
}

PasswordPool::~PasswordPool() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->closing = true;
    }
    impl_->changed.notify_all();
    for (std::thread& thread : impl_->threads) thread.join();
}

bool PasswordPool::hash(std::string password, std::function<void(Result<std::string, PasswordError>)> done) {
    return impl_->push([password = std::move(password), done = std::move(done)] { done(hash_password(password)); });
}

bool PasswordPool::verify(std::string password, std::string encoded, std::function<void(PasswordVerdict)> done) {
    return impl_->push([password = std::move(password), encoded = std::move(encoded), done = std::move(done)] {
        done(verify_password(password, encoded));
    });
}

}  // namespace waaft::auth
