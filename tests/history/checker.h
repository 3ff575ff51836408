// Proves from the histories of a run that the chat kept its promises, or says which one it broke.
//
// Thread: any, no state. Ownership: values. Errors: the violations. The rules:
//   acked_lost    what was acked is in the log, at the place that the ack named
//   acked_twice   all acks of one message name the same place, and its sender did send it
//   never_acked   every message that was sent is acked in the end
//   doubled       no message has two places
//   seq_reused    no place of an epoch has two messages, whoever saw them
//   unlogged      what any client saw is in the log
//   reordered     each client hears rising seqs only
//   missed        each client hears every record after its welcome, or gets it on its return, or is told
//                 of the gap; up to the last record of the log
//   wrong_return  a return brings records after `seen` only, and a new epoch is told as a gap
//   sender_order  a sender's messages are in the log in the order in which they were sent, but for those that
//                 were refused and sent again
//   gap           no gap is told
//   closed_healthy  nobody who was in has lost the connection, to the server or because it was silent for too long
// Where the store may lose its newest records (Promises::may_lose) what was acked in an earlier epoch may be gone, and
// gaps are told; everything else holds.
#pragma once

#include "tests/history/history.h"

#include <string>
#include <vector>

namespace waaft::history {

struct Violation {
    std::string rule;
    std::string evidence;  // client, message, place, time
};

struct Promises {
    bool may_lose = false;
    bool may_tell_gaps = true;
    bool may_close = true;
};

std::vector<Violation> check(const History& history, const Promises& promises = {});

std::size_t gaps_told(const History& history);

}  // namespace waaft::history
