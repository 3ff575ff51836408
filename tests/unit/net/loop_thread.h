// An event loop on a thread of its own, for what a test wants to see running.
//
// Thread: the loop has its own; everything here may be called from the test's. Ownership: join() or the destructor
// waits for the end of the thread, so what its handlers use outlives it. Errors: none.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>

namespace waaft::net::test {

class LoopThread {
public:
    ~LoopThread() { join(); }

    boost::asio::io_context& io() { return io_; }
    // Once what it is to run is made.
    void start() {
        thread_ = std::thread([this] { io_.run(); });
    }
    // In the loop's thread; returns when it is done.
    template <class Function>
    void run(Function function) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            function();
            done.set_value();
        });
        done.get_future().wait();
    }
    // What has been left behind in the loop keeps this waiting.
    void join() {
        work_.reset();
        if (thread_.joinable()) thread_.join();
    }

private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_;
};

}  // namespace waaft::net::test
