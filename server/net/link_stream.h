// A Link as Beast's AsyncStream, so that Beast can read a WebSocket from it. Internal to server/net.
//
// Thread: the shard's. Ownership: shares the Link. What Beast writes (the handshake's answer, pongs,
// close frames) is copied into the Link's one queue and counts as written at once; the queue's limit
// bounds it. Errors: eof, operation_aborted.
#pragma once

#include "server/net/link.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/role.hpp>

#include <memory>
#include <utility>

namespace waaft::net {

class LinkStream {
public:
    using executor_type = Link::Socket::executor_type;

    explicit LinkStream(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    executor_type get_executor() { return link_->socket().get_executor(); }
    const std::shared_ptr<Link>& link() const { return link_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            ReadOp<Buffers>{link_, buffers}, token, link_->socket());
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        auto bytes = std::make_shared<const std::string>(boost::beast::buffers_to_string(buffers));
        const std::size_t size = bytes->size();
        link_->send(std::move(bytes));
        return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            WriteOp{size, link_->ended() != Ended::no}, token, link_->socket());
    }

private:
    template <class Buffers>
    struct ReadOp {
        std::shared_ptr<Link> link;
        Buffers buffers;
        bool started = false;

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            if (!std::exchange(started, true)) {
                if (link->more() || link->ended() != Ended::no)
                    boost::asio::post(link->socket().get_executor(), std::move(self));
                else
                    wait(self);
                return;
            }
            if (link->ended() != Ended::no) error = boost::asio::error::operation_aborted;
            if (error) {
                self.complete(error, 0);
                return;
            }
            const boost::asio::mutable_buffer first = *boost::asio::buffer_sequence_begin(buffers);
            const auto read = link->read_some({static_cast<std::uint8_t*>(first.data()), first.size()});
            if (read.io == Link::Io::again) {
                wait(self);
                return;
            }
            if (read.io == Link::Io::end) {
                self.complete(boost::asio::error::eof, 0);
                return;
            }
            link->notify_bytes(read.bytes);
            self.complete({}, read.bytes);
        }

        template <class Self>
        void wait(Self& self) {
            auto& socket = link->socket();
            const auto type = link->wait_type();
            socket.async_wait(type, std::move(self));
        }
    };

    struct WriteOp {
        std::size_t bytes;
        bool ended;
        bool posted = false;

        template <class Self>
        void operator()(Self& self) {
            if (!std::exchange(posted, true)) {
                const auto executor = boost::asio::get_associated_executor(self);
                boost::asio::post(executor, std::move(self));
                return;
            }
            if (ended)
                self.complete(boost::asio::error::operation_aborted, 0);
            else
                self.complete({}, bytes);
        }
    };

    std::shared_ptr<Link> link_;
};

// Beast's hooks, found by their argument.
template <class Handler>
void async_teardown(boost::beast::role_type, LinkStream& stream, Handler&& handler) {
    auto shared = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
    stream.link()->finish([shared] { (*shared)(boost::system::error_code{}); });
}
inline void teardown(boost::beast::role_type, LinkStream& stream, boost::system::error_code&) {
    stream.link()->abort(Ended::finished);
}
inline void beast_close_socket(LinkStream& stream) { stream.link()->abort(Ended::aborted); }

}  // namespace waaft::net
