// Joins that wait for their turn in the loop of their room's home: who comes back goes before who is new.
//
// Thread: the home's shard. Sans-IO. Ownership: owns the waiting mails. Bounds: newcomers_max of those who are new; who
// comes back was here, so they are no more than there were connections. Errors: push() gives back what finds no place.
#pragma once

#include "server/app/mail.h"

#include <deque>
#include <memory>
#include <utility>

namespace waaft::app {

class JoinQueue {
public:
    // About a quarter of a second of a core: who would wait longer is told so before anything was done for it.
    static constexpr std::size_t newcomers_max = 256;
    static constexpr std::size_t resuming_max = 16'384;

    // nullptr, or the mail if there is no place for it.
    std::unique_ptr<JoinMail> push(std::unique_ptr<JoinMail> mail) {
        auto& line = mail->returning ? resuming_ : new_;
        if (line.size() >= (mail->returning ? resuming_max : newcomers_max)) return mail;
        line.push_back(std::move(mail));
        return nullptr;
    }
    // nullptr if nobody waits.
    std::unique_ptr<JoinMail> pop() {
        auto& line = resuming_.empty() ? new_ : resuming_;
        if (line.empty()) return nullptr;
        auto first = std::move(line.front());
        line.pop_front();
        return first;
    }
    std::size_t size() const { return resuming_.size() + new_.size(); }

private:
    std::deque<std::unique_ptr<JoinMail>> resuming_;
    std::deque<std::unique_ptr<JoinMail>> new_;
};

}  // namespace waaft::app
