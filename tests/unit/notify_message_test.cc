// SPDX-License-Identifier: Apache-2.0
// What one datagram of sd_notify(3) says, and how much of anything else is believed: nothing.
#include "control/notify_message.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

namespace confinit {
namespace {

using namespace std::chrono_literals;

NotifyMessage understood(std::string_view text) {
    const auto message = parse_notify_message(text);
    REQUIRE(message.has_value());
    return *message;
}

}  // namespace

TEST_CASE("each assignment that we know is understood", "[unit]") {
    CHECK(understood("READY=1") == NotifyMessage{.ready = true});
    CHECK(understood("RELOADING=1\nMONOTONIC_USEC=7") == NotifyMessage{.reloading = true});
    CHECK(understood("STOPPING=1\n") == NotifyMessage{.stopping = true});
    CHECK(understood("WATCHDOG=1") == NotifyMessage{.is_alive = true});
    CHECK(understood("WATCHDOG=trigger") == NotifyMessage{.misses_watchdog = true});
    CHECK(understood("STATUS=3 of 4 = most") == NotifyMessage{.status = "3 of 4 = most"});
    CHECK(understood("ERRNO=2") == NotifyMessage{.error = 2});
    CHECK(understood("MAINPID=77") == NotifyMessage{.main_pid = 77});
    CHECK(understood("WATCHDOG_USEC=1500000") == NotifyMessage{.watchdog = 1500ms});
    CHECK(understood("EXTEND_TIMEOUT_USEC=1000") == NotifyMessage{.extend_timeout = 1ms});
}

TEST_CASE("a message of several lines says all of them, and of one name the last", "[unit]") {
    CHECK(understood("READY=1\nSTATUS=a\nFDNAME=x\nSTATUS=b\n") ==
          NotifyMessage{.ready = true, .status = "b"});
}

TEST_CASE("the byte at the end of a C string is forgiven", "[unit]") {
    CHECK(understood(std::string_view{"READY=1\0", 8}).ready);
}

TEST_CASE("what is not understood is as if it were not there", "[unit][R1]") {
    for (const std::string_view text : {"",
                                        "\n",
                                        "=",
                                        "=1",
                                        "READY",
                                        "READY=",
                                        "READY=0",
                                        "READY=11",
                                        "READY= 1",
                                        "ready=1",
                                        " READY=1",
                                        "READY =1",
                                        "X=READY=1",
                                        "WATCHDOG=0",
                                        "WATCHDOG=TRIGGER",
                                        "ERRNO=-2",
                                        "ERRNO=99999",
                                        "MAINPID=0",
                                        "MAINPID=99999999999999999999",
                                        "WATCHDOG_USEC=0",
                                        "WATCHDOG_USEC=18446744073709551615",
                                        "EXTEND_TIMEOUT_USEC=1s",
                                        "FDSTORE=1",
                                        "BARRIER=1"}) {
        INFO(text);
        CHECK_FALSE(parse_notify_message(text));
    }
    CHECK_FALSE(parse_notify_message(std::string_view{"READY=1\0READY=1", 15}));
    CHECK(understood("READY=0\nSTOPPING=1") == NotifyMessage{.stopping = true});
}

TEST_CASE("a datagram that is too long is no message", "[unit][R1]") {
    std::string text = "READY=1\nX=";
    text.resize(longest_notify_message, 'x');
    CHECK(understood(text).ready);

    text += 'x';
    CHECK_FALSE(parse_notify_message(text));
}

TEST_CASE("a status is short and cannot drive a terminal", "[unit][R1][X19]") {
    CHECK(understood("STATUS=\x1b[2J\xff").status == "\\x1b[2J\\xff");
    CHECK(understood("STATUS=" + std::string(4000, 'a')).status == std::string(256, 'a'));
    CHECK(understood("STATUS=").status == "");
}

}  // namespace confinit
