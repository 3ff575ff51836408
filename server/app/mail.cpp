#include "server/app/mail.h"

namespace waaft::app {
namespace {

struct BytesOf {
    std::size_t operator()(const std::unique_ptr<JoinMail>& mail) const { return sizeof(JoinMail) + mail->bytes; }
    std::size_t operator()(const ClientMail& mail) const { return sizeof(signaling::ClientMessage) + mail.bytes; }
    std::size_t operator()(const std::unique_ptr<RestMail>& mail) const { return sizeof(RestMail) + mail->bytes; }
    // Others may hold the same bytes, but one that is slow holds them longest.
    std::size_t operator()(const FrameMail& mail) const { return mail.frame->size(); }
    std::size_t operator()(const BroadcastMail& mail) const { return mail.frame->size(); }
    std::size_t operator()(const RestReplyMail& mail) const {
        return mail.response && mail.response->body ? mail.response->body->size() : 0;
    }
    std::size_t operator()(const std::unique_ptr<GoneMail>&) const { return sizeof(GoneMail); }
    std::size_t operator()(const AttachMail&) const { return 0; }
    std::size_t operator()(const CloseMail&) const { return 0; }
    std::size_t operator()(std::monostate) const { return 0; }
};

}  // namespace

std::size_t bytes_of(const Mail& mail) { return std::visit(BytesOf{}, mail); }

}  // namespace waaft::app
