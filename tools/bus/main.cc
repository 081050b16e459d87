// SPDX-License-Identifier: Apache-2.0
// confinit-bus: the D-Bus face of confinit. It has one thread and one loop.
//
// It tells READY as soon as it runs, also without a bus: a bus that comes late finds it, and one
// that goes is waited for. What it does is shown by its STATUS.
#include "bus/face.h"
#include "bus/object_path.h"
#include "control/protocol.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace confinit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds shortest_pause{250};
constexpr std::chrono::milliseconds longest_pause{5000};

class Program {
public:
    explicit Program(std::string socket)
        : socket_(std::move(socket)), calls_(socket_), list_(socket_, calls_, news()) {
        std::uint64_t microseconds = 0;
        if (sd_watchdog_enabled(0, &microseconds) > 0) {
            watchdog_ = std::chrono::microseconds{microseconds} / 3;
        }
    }

    [[noreturn]] void run() {
        tell_status("no bus yet");
        sd_notify(0, "READY=1");
        for (;;) {
            sign_of_life();
            wait();
            turn();
        }
    }

private:
    UnitNews news() {
        return {.appeared =
                    [this](const UnitRecord& unit) {
                        if (face_) face_->add_unit(unit);
                        sign_of_life();
                    },
                .changed =
                    [this](const UnitRecord& before, const UnitRecord& now) {
                        if (face_) face_->change_unit(before, now);
                    },
                .disappeared =
                    [this](const UnitRecord& unit) {
                        if (face_) face_->remove_unit(unit);
                        sign_of_life();
                    },
                .job_begun =
                    [this](std::uint64_t job, const std::string& unit) {
                        if (face_) face_->begin_job(job, unit);
                    },
                .job_over =
                    [this](const JobOver& over) {
                        if (face_) face_->end_job(over);
                    },
                .missed =
                    [this](const std::string& why) {
                        if (face_) face_->miss_jobs(why);
                    },
                .drift =
                    [this](const std::string& unit, const std::string& text) {
                        if (face_) face_->tell_drift(unit, text);
                    },
                .reloading =
                    [this](bool active) {
                        if (face_) face_->tell_reloading(active);
                    },
                .connection =
                    [this](const std::string& trouble) {
                        supervisor_trouble_ = trouble;
                        if (face_ && trouble.empty()) face_->tell_owners();
                        tell_status(bus_state_);
                    }};
    }

    void tell_status(const std::string& bus_state) {
        bus_state_ = bus_state;
        std::string text = bus_state;
        if (!supervisor_trouble_.empty()) text += "; supervisor: " + supervisor_trouble_;
        std::ranges::replace(text, '\n', ' ');
        if (text == told_) return;
        told_ = text;
        sd_notify(0, ("STATUS=" + text).c_str());
        (void)fprintf(stderr, "%s\n", text.c_str());
    }

    void sign_of_life() {
        if (watchdog_.count() == 0 || Clock::now() < next_sign_) return;
        next_sign_ = Clock::now() + watchdog_;
        sd_notify(0, "WATCHDOG=1");
    }

    // The replies of the supervisor come before its events, which tell of later things.
    void turn() {
        calls_.handle();
        list_.handle();
        if (!face_ && Clock::now() >= next_open_) open_bus();
        if (face_) {
            const auto processed = face_->process();
            has_more_ = processed && !*processed;
            if (!processed) lose_bus(processed.error().text());
        }
        calls_.handle();
    }

    void open_bus() {
        auto bus = BusConnection::open();
        if (!bus) return lose_bus(bus.error().text());
        auto face = Face::show(std::move(*bus), list_, calls_, socket_, [this] { sign_of_life(); });
        if (!face) return lose_bus(face.error().text());
        face_ = std::move(*face);
        pause_ = shortest_pause;
        tell_status(fmt::format("{} is on the bus", bus_name));
    }

    void lose_bus(const std::string& why) {
        face_.reset();
        has_more_ = false;
        next_open_ = Clock::now() + pause_;
        pause_ = std::min(2 * pause_, longest_pause);
        tell_status(why);
    }

    void wait() {
        std::vector<pollfd> polls;
        calls_.add_polls(polls);
        list_.add_polls(polls);
        int timeout = -1;
        const auto not_after = [&](std::optional<Clock::time_point> due) {
            if (!due) return;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - Clock::now());
            const int milliseconds = std::max(0, static_cast<int>(left.count()));
            timeout = timeout < 0 ? milliseconds : std::min(timeout, milliseconds);
        };
        not_after(list_.next_due());
        if (watchdog_.count() != 0) not_after(next_sign_);
        if (face_) {
            polls.push_back(face_->bus().poll_data());
            const int wanted = has_more_ ? 0 : face_->bus().poll_timeout();
            if (wanted >= 0) timeout = timeout < 0 ? wanted : std::min(timeout, wanted);
        } else {
            not_after(next_open_);
        }
        (void)poll(polls.data(), polls.size(), timeout);
    }

    std::string socket_;
    SupervisorCalls calls_;
    UnitList list_;
    std::unique_ptr<Face> face_;
    bool has_more_ = false;
    std::chrono::milliseconds pause_ = shortest_pause;
    Clock::time_point next_open_{};
    std::chrono::microseconds watchdog_{0};
    Clock::time_point next_sign_{};
    std::string bus_state_;
    std::string supervisor_trouble_;
    std::string told_;
};

int bus_main(int argc, char** argv) {
    CLI::App options{
        "confinit-bus: org.confinit on the system bus.\n\n"
        "It translates between D-Bus and the socket of confinit that answers questions, and calls\n"
        "in the name of its clients: whom polkit allows an action may rule. It is meant to run as\n"
        "the unit confinit-bus, whose service.deputy = true lets it do so, and to own its name by\n"
        "/usr/share/dbus-1/system.d/org.confinit.conf. The bus is the one at\n"
        "$DBUS_SYSTEM_BUS_ADDRESS, or at /run/dbus/system_bus_socket; one that is not there is\n"
        "waited for.",
        "confinit-bus"};
    std::string socket{status_socket_path};
    options.add_option("--socket", socket, "the supervisor's status socket")
        ->type_name("PATH")
        ->capture_default_str();
    options.set_version_flag("--version", CONFINIT_VERSION, "print the version");
    try {
        options.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return options.exit(error);
    }
    (void)std::signal(SIGPIPE, SIG_IGN);
    Program{socket}.run();
}

}  // namespace
}  // namespace confinit

int main(int argc, char** argv) {
    return confinit::bus_main(argc, argv);
}
