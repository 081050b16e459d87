// SPDX-License-Identifier: Apache-2.0
// What confinit-bus asks of a supervisor and makes of its answers, over a socket of the test's.
#include "bus/unit_list.h"
#include "base/unix_socket.h"
#include "bus/supervisor_calls.h"
#include "control/fields.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>

#include <array>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace confinit {
namespace {

// The supervisor's end: it takes connections and calls, and answers when the test says so.
class FakeSupervisor {
public:
    struct Asked {
        std::size_t connection = 0;
        Call call;
    };

    explicit FakeSupervisor(const std::string& path) {
        const auto address = unix_address(path, "bind");
        REQUIRE(address);
        socket_ = Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
        REQUIRE(bind(socket_.get(), generic, sizeof *address) == 0);
        REQUIRE(listen(socket_.get(), 16) == 0);
    }

    // The calls that have come since the last look.
    std::vector<Asked> take_calls() {
        for (Fd one{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)}; one;
             one = Fd{accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)}) {
            connections_.push_back(std::move(one));
            readers_.emplace_back(request_limit);
        }
        std::vector<Asked> calls;
        for (std::size_t n = 0; n < connections_.size(); ++n) {
            if (!connections_[n]) continue;
            std::array<char, 65536> bytes;
            const ssize_t count = read(connections_[n].get(), bytes.data(), bytes.size());
            if (count > 0)
                REQUIRE(readers_[n].feed({bytes.data(), static_cast<std::size_t>(count)}));
            while (const auto text = readers_[n].next())
                calls.push_back({n, parse_call(*text).value()});
        }
        return calls;
    }

    void reply(std::size_t connection, const Json& parameters, bool continues = false) {
        send(connection, encode_reply(parameters, continues));
    }
    void send(std::size_t connection, const std::string& bytes) {
        REQUIRE(write(connections_[connection].get(), bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void hang_up(std::size_t connection) { connections_[connection] = Fd{}; }

private:
    Fd socket_;
    std::vector<Fd> connections_;
    std::vector<MessageReader> readers_;
};

Json unit(const std::string& name, const std::string& active, const std::string& kind = "service") {
    return {{"name", name}, {"kind", kind}, {"active", active}, {"sub", "x"}};
}

struct CallsScene {
    TemporaryDirectory directory;
    std::string path = directory.path() + "/status";
    FakeSupervisor supervisor{path};
    SupervisorCalls calls{path};
    std::vector<std::string> told = {};

    bool ask(const std::string& client, const std::string& method) {
        return calls.make(client, {.method = method}, [this, method](const Result<Reply>& reply) {
            told.push_back(method +
                           (reply ? reply->error.empty() ? " done" : " refused" : " lost"));
        });
    }
    std::vector<std::string> taken() { return std::exchange(told, {}); }
};

struct ListScene {
    TemporaryDirectory directory;
    std::string path = directory.path() + "/status";
    FakeSupervisor supervisor{path};
    SupervisorCalls calls{path};
    std::vector<std::string> told = {};
    UnitList list{path, calls, news()};
    std::size_t follower = 0;

    UnitNews news() {
        return {
            .appeared = [this](const UnitRecord& unit) { told.push_back("new " + unit.name); },
            .changed =
                [this](const UnitRecord& before, const UnitRecord& now) {
                    told.push_back(now.name + " " + before.active + " -> " + now.active);
                },
            .disappeared = [this](const UnitRecord& unit) { told.push_back("gone " + unit.name); },
            .job_begun = [this](
                             std::uint64_t job,
                             const std::string&) { told.push_back("job " + std::to_string(job)); },
            .job_over =
                [this](const JobOver& over) {
                    told.push_back("job " + std::to_string(over.job) + " " + over.result);
                },
            .missed = [this](const std::string&) { told.emplace_back("missed"); },
            .drift = [this](const std::string&, const std::string& text) { told.push_back(text); },
            .reloading = [this](bool active) { told.push_back(active ? "reading" : "read"); },
            .connection =
                [this](const std::string& trouble) {
                    told.push_back(trouble.empty() ? "connected" : "lost");
                }};
    }

    // Turns of the loop until the supervisor is asked something.
    FakeSupervisor::Asked next_call() {
        for (int round = 0; round < 10'000; ++round) {
            calls.handle();
            list.handle();
            calls.handle();
            auto asked = supervisor.take_calls();
            if (!asked.empty()) return asked.front();
            (void)poll(nullptr, 0, 1);
        }
        FAIL("nothing is asked");
        return {};
    }
    void turn() {
        calls.handle();
        list.handle();
        calls.handle();
    }
    void connect(const Json& history = Json::array()) {
        const auto events = next_call();
        CHECK(events.call.method == "org.confinit.Manager.Events");
        CHECK(events.call.more);
        follower = events.connection;
        supervisor.reply(follower, {{"events", history}}, true);
    }
    void tell(const Json& events) { supervisor.reply(follower, {{"events", events}}, true); }
    void answer(const Json& units) {
        const auto asked = next_call();
        CHECK(asked.call.method == "org.confinit.Manager.List");
        supervisor.reply(asked.connection, {{"units", units}});
        turn();
    }
    std::vector<std::string> taken() { return std::exchange(told, {}); }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("calls are answered each, and a lost connection is an answer", "[bus]") {
    CallsScene scene;
    CHECK(scene.ask(":1.1", "a"));
    CHECK(scene.ask(":1.1", "b"));
    scene.calls.handle();
    const auto asked = scene.supervisor.take_calls();
    REQUIRE(asked.size() == 2);
    scene.supervisor.send(asked[1].connection, encode_error(ControlError::denied, Json::object()));
    scene.supervisor.hang_up(asked[0].connection);
    scene.calls.handle();
    CHECK(scene.taken() == Texts{"a lost", "b refused"});
}

TEST_CASE("a call that the supervisor wants again is made again", "[bus][N3]") {
    CallsScene scene;
    CHECK(scene.ask(":1.1", "a"));
    scene.calls.handle();
    const auto asked = scene.supervisor.take_calls();
    REQUIRE(asked.size() == 1);
    scene.supervisor.send(asked[0].connection,
                          encode_error(ControlError::denied, {{"repeat", true}}));
    scene.calls.handle();
    REQUIRE(scene.supervisor.take_calls().size() == 1);
    scene.supervisor.reply(asked[0].connection, Json::object());
    scene.calls.handle();
    CHECK(scene.taken() == Texts{"a done"});
}

TEST_CASE("nobody waits behind the flood of another", "[bus][X10]") {
    CallsScene scene;
    for (int n = 0; n < 16; ++n)
        CHECK(scene.ask(":1.1", "flood"));
    CHECK_FALSE(scene.ask(":1.1", "flood"));
    scene.calls.handle();
    CHECK(scene.ask(":1.2", "other"));
    CHECK_FALSE(scene.ask(":1.1", "flood"));
    const auto asked = scene.supervisor.take_calls();
    CHECK(asked.size() == 4);
    for (const auto& one : asked)
        scene.supervisor.reply(one.connection, Json::object());
    scene.calls.handle();
    std::size_t others = 0;
    for (const auto& one : scene.supervisor.take_calls())
        others += one.call.method == "other" ? 1U : 0U;
    CHECK(others == 1);
    CHECK(scene.taken().size() == 4);

    scene.calls.forget(":1.1");
    CHECK(scene.ask(":1.1", "again"));
}

TEST_CASE("what is too long for the supervisor is not sent", "[bus][X10]") {
    CallsScene scene;
    const Call call{.method = "a.B", .parameters = {{"unit", std::string(20'000, 'x')}}};
    CHECK_FALSE(scene.calls.make(":1.1", call, nullptr));
}

TEST_CASE("without a supervisor calls are answered at once", "[bus][R8]") {
    SupervisorCalls calls{"/nonexistent/status"};
    bool is_lost = false;
    CHECK(calls.make(":1.1", {.method = "a.B"},
                     [&](const Result<Reply>& reply) { is_lost = !reply.has_value(); }));
    calls.handle();
    CHECK(is_lost);
}

TEST_CASE("units are listed, and asked for again when something happens", "[bus]") {
    ListScene scene;
    scene.connect();
    scene.answer(Json::array({unit("a", "inactive"), unit("b", "active")}));
    CHECK(scene.taken() == Texts{"connected", "reading", "new a", "new b", "read"});

    scene.tell(Json::array({{{"unit", "a"}, {"kind", "job"}, {"job", 4}},
                            {{"unit", "a"}, {"kind", "state"}},
                            {{"unit", "a"}, {"kind", "job"}, {"job", 4}, {"result", "done"}}}));
    const auto asked = scene.next_call();
    CHECK(asked.call.parameters["units"] == Json::array({"a"}));
    CHECK(scene.taken() == Texts{"job 4"});
    scene.supervisor.reply(asked.connection, {{"units", Json::array({unit("a", "active")})}});
    scene.turn();
    CHECK(scene.taken() == Texts{"a inactive -> active", "job 4 done"});

    scene.tell(Json::array({{{"unit", "b"}, {"kind", "units"}}}));
    scene.answer(Json::array());
    CHECK(scene.taken() == Texts{"gone b"});
    scene.tell(Json::array({{{"unit", ""}, {"kind", "units"}}}));
    scene.answer(Json::array({unit("c", "inactive")}));
    CHECK(scene.taken() == Texts{"reading", "new c", "gone a", "read"});
}

TEST_CASE("a job that is over waits for the state that it has made", "[bus]") {
    ListScene scene;
    scene.connect();
    scene.answer(Json::array({unit("a", "inactive")}));
    scene.tell(Json::array({{{"unit", "a"}, {"kind", "state"}}}));
    const auto asked = scene.next_call();
    // It comes while the question is under way, whose answer may be older.
    scene.tell(Json::array({{{"unit", "a"}, {"kind", "job"}, {"job", 4}, {"result", "done"}}}));
    scene.turn();
    (void)scene.taken();
    scene.supervisor.reply(asked.connection, {{"units", Json::array({unit("a", "activating")})}});
    scene.turn();
    CHECK(scene.taken() == Texts{"a inactive -> activating"});
    scene.answer(Json::array({unit("a", "active")}));
    CHECK(scene.taken() == Texts{"a activating -> active", "job 4 done"});
}

TEST_CASE("events that were missed, and a supervisor that was away, are made good", "[bus][R8]") {
    ListScene scene;
    scene.connect();
    scene.answer(Json::array({unit("a", "inactive")}));
    scene.supervisor.reply(scene.follower, {{"events", Json::array()}, {"missed", true}}, true);
    scene.answer(Json::array({unit("a", "active")}));
    (void)scene.taken();
    scene.supervisor.hang_up(scene.follower);
    scene.turn();
    CHECK(scene.taken() == Texts{"missed", "lost"});
    CHECK(scene.list.next_due());
    CHECK(scene.list.units().contains("a"));
    scene.connect(
        Json::array({{{"unit", "a"}, {"kind", "job"}, {"job", 9}, {"result", "failed"}}}));
    scene.answer(Json::array({unit("a", "failed")}));
    CHECK(scene.taken() ==
          Texts{"connected", "reading", "a active -> failed", "job 9 failed", "read"});
}

}  // namespace confinit
