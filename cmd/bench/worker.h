// A part of the measurement in a process of its own, on a core of its own: a fork of this one, which
// says what it found in lines of JSON.
//
// Thread: main, and no other may run when one is made. Ownership: ends with SIGKILL, and is waited
// for, when it goes out of scope. Errors: Error{"worker"} when it ended or said nothing in time.
#pragma once

#include "server/base/result.h"
#include "server/base/time.h"

#include <boost/json/object.hpp>

#include <sys/types.h>

#include <functional>
#include <string>

namespace waaft::bench {

class Worker {
public:
    using Emit = std::function<void(const boost::json::object&)>;

    // The object that `work` returns is its last line.
    Worker(unsigned core, const std::function<boost::json::object(const Emit&)>& work);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // The next line.
    Result<boost::json::object> next(Duration timeout);
    // SIGTERM, which a load takes as the end of its time.
    void interrupt() const;

private:
    pid_t pid_ = -1;
    int pipe_ = -1;
    std::string read_;
};

}  // namespace waaft::bench
