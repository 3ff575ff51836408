#include "cmd/load/ws_frames.h"
#include "tests/support/catch.h"

using namespace waaft::load;

namespace {

std::string server_frame(std::uint8_t first, const std::string& payload) {
    std::string frame(1, static_cast<char>(first));
    if (payload.size() < 126) {
        frame += static_cast<char>(payload.size());
    } else {
        const int bytes = payload.size() <= 0xffff ? 2 : 8;
        frame += static_cast<char>(bytes == 2 ? 126 : 127);
        for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
    }
    return frame + payload;
}

}  // namespace

TEST_CASE("the masked frame of RFC 6455, 5.7") {
    std::string out;
    append_client_frame(out, Opcode::text, "Hello", 0x3d21fa37);
    CHECK(out == std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
}

TEST_CASE("lengths of a client's frame") {
    for (const std::size_t size : {0, 125, 126, 65535, 65536}) {
        std::string out;
        append_client_frame(out, Opcode::text, std::string(size, 'a'), 0);
        const std::size_t header = size < 126 ? 2 : size <= 0xffff ? 4 : 10;
        CHECK(out.size() == header + 4 + size);
        CHECK(out.substr(header + 4) == std::string(size, 'a'));
    }
}

TEST_CASE("a server's frame is read once all of it is there") {
    for (const std::size_t size : {0, 1, 125, 126, 70000}) {
        const std::string bytes = server_frame(0x81, std::string(size, 'x')) + "next";
        Frame frame;
        std::size_t used = 0;
        CHECK(read_server_frame(bytes, 1 << 20, frame, used) == FrameRead::whole);
        CHECK(frame.payload == std::string(size, 'x'));
        CHECK(bytes.substr(used) == "next");
        for (const std::size_t part : {std::size_t{0}, std::size_t{1}, used - 1}) {
            CHECK(read_server_frame(bytes.substr(0, part), 1 << 20, frame, used) == FrameRead::partial);
        }
    }
}

TEST_CASE("what no server may send is bad") {
    Frame frame;
    std::size_t used = 0;
    CHECK(read_server_frame(std::string("\x81\x81", 2), 100, frame, used) == FrameRead::bad);  // masked
    CHECK(read_server_frame(std::string("\xc1\x00", 2), 100, frame, used) == FrameRead::bad);  // reserved bit
    CHECK(read_server_frame(server_frame(0x81, std::string(101, 'x')), 100, frame, used) == FrameRead::bad);
}
