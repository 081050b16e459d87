// SPDX-License-Identifier: Apache-2.0
// Tests of the texts of svctl: numbers for people, the status, the list and the log.
#include "svctl/disconnect_key.h"
#include "svctl/human.h"
#include "svctl/list_text.h"
#include "svctl/log_text.h"
#include "svctl/signal_name.h"
#include "svctl/status_text.h"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <ctime>

namespace confinit {
namespace {

using namespace std::chrono_literals;

const Context people{.verb = "status"};

Json running_status() {
    return {{"name", "heat"},
            {"description", "CPU heater"},
            {"active", "active"},
            {"sub", "running"},
            {"pid", 87},
            {"since_us", 1'000'000},
            {"memory_bytes", 1'258'291},
            {"reason", ""},
            {"files", {"/usr/lib/confinit/units/heat.toml", "/etc/heat.toml.d/a.toml"}},
            {"cgroup", "/sys/fs/cgroup/heat.service"},
            {"tasks", 2},
            {"pids_max", "16"},
            {"memory_max", "67108864"},
            {"memory_peak", 1'468'006},
            {"cpu_usec", 5'120'000},
            {"attempt", 1},
            {"last_exit", ""},
            {"skipped", Json::array()},
            {"pids_refused", 0},
            {"log", Json::array()}};
}

TEST_CASE("sizes are rounded to what tells something", "[svctl]") {
    CHECK(human_size(0) == "0B");
    CHECK(human_size(1023) == "1023B");
    CHECK(human_size(1024) == "1K");
    CHECK(human_size(1'258'291) == "1.2M");
    CHECK(human_size(64U << 20) == "64M");
    CHECK(human_size((std::uint64_t{1} << 20) - 1) == "1M");
    CHECK(human_size(~std::uint64_t{0}) == "16E");
}

TEST_CASE("ages have at most two units", "[svctl]") {
    CHECK(human_age(-5s) == "0s");
    CHECK(human_age(900ms) == "0s");
    CHECK(human_age(12s) == "12s");
    CHECK(human_age(184s) == "3min 4s");
    CHECK(human_age(1h) == "1h");
    CHECK(human_age(1h + 5s) == "1h");
    CHECK(human_age(53h) == "2d 5h");
}

TEST_CASE("durations keep a tenth below a minute", "[svctl]") {
    CHECK(human_duration(250ms) == "250ms");
    CHECK(human_duration(5120ms) == "5.1s");
    CHECK(human_duration(59'990ms) == "59.9s");
    CHECK(human_duration(61s) == "1min 1s");
    CHECK(human_duration(-1s) == "0ms");
}

TEST_CASE("a table aligns characters, not bytes", "[svctl]") {
    Table table;
    table.add({"\xc3\xa9", "x"});
    table.add({"ab", "y"});
    table.add({"", ""});

    CHECK(table.text() == "\xc3\xa9   x\nab  y\n\n");
}

TEST_CASE("a running unit tells its state, files and use of its limits", "[svctl]") {
    const std::string text = status_text(people, running_status(), 13s);

    CHECK(text ==
          "heat - CPU heater\n"
          "    state   active (running) since 12s ago, pid 87\n"
          "    unit    /usr/lib/confinit/units/heat.toml\n"
          "            /etc/heat.toml.d/a.toml\n"
          "    cgroup  /sys/fs/cgroup/heat.service\n"
          "    usage   tasks 2 of 16, memory 1.2M of 64M (peak 1.4M), cpu 5.1s\n");
}

TEST_CASE("a limit of max is no limit to speak of", "[svctl]") {
    Json status = running_status();
    status["memory_max"] = "max";
    status["pids_max"] = "max";

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("tasks 2, memory 1.2M (peak"));
}

TEST_CASE("a failed launch names key, object, call, errno and hint", "[svctl][H4]") {
    Json status = running_status();
    status["active"] = "activating";
    status["sub"] = "auto-restart";
    status["pid"] = 0;
    status["reason"] = "setup-failed: mounts.read_only[1]: open_tree";
    status["last_exit"] = "setup-failed: mounts.read_only[1]: open_tree";
    status["attempt"] = 6;
    status["next_try_us"] = 20'500'000;
    status["setup_failure"] = {{"key", "mounts.read_only[1]"},
                               {"object", "/var/lib/x"},
                               {"call", "open_tree"},
                               {"errno", "ENOENT"},
                               {"hint", "create it"}};

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("reason   setup-failed\n"));
    CHECK_FALSE(text.contains("exit"));
    CHECK(
        text.contains("setup    mounts.read_only[1] '/var/lib/x': open_tree: "
                      "No such file or directory (ENOENT)\n"));
    CHECK(text.contains("hint     create it\n"));
    CHECK(text.contains("restart  next try in 8s (attempt 6)\n"));

    // The next try is on its way.
    status["sub"] = "start";
    status["reason"] = "";
    status.erase("next_try_us");
    const std::string again = status_text(people, status, 13s);
    CHECK(again.contains("    exit    setup-failed\n"));
    CHECK(again.contains("    setup   mounts.read_only[1] '/var/lib/x': open_tree: "));
    CHECK(again.contains("    hint    create it\n"));

    // It has succeeded.
    status["active"] = "active";
    status["sub"] = "running";
    status["pid"] = 87;
    const std::string up = status_text(people, status, 13s);
    CHECK(up.contains("    last exit  setup-failed\n"));
    CHECK(up.contains("    setup      mounts.read_only[1] '/var/lib/x': open_tree: "));
    CHECK_FALSE(up.contains("hint"));
}

TEST_CASE("how a service ended is told beside another reason", "[svctl]") {
    Json status = running_status();
    status["reason"] = "did not stop within 8s, killed";
    status["last_exit"] = "killed by signal 9 (SIGKILL)";

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("reason     did not stop within 8s, killed\n"));
    // Of the run before the present one.
    CHECK(text.contains("last exit  killed by signal 9 (SIGKILL)\n"));
}

TEST_CASE("a unit that does not stop tells what it meets next", "[svctl][C7]") {
    Json status = running_status();
    status["active"] = "deactivating";
    status["sub"] = "stop-sigterm";
    status["deadline_us"] = 20'000'000;

    CHECK(status_text(people, status, 13s).contains("SIGKILL to all that is left in 7s\n"));
}

TEST_CASE("whose timeout it is and who is left stands in the status", "[svctl][C7][C9][N6]") {
    Json status = running_status();
    status["active"] = "deactivating";
    status["deadline_us"] = 20'000'000;
    status["deadline_source"] = "unit";
    status["leftovers"] = {{{"pid", 71}, {"text", "pid 71 (cat), state D"}},
                           {{"pid", 72}, {"text", "pid 72 (cat\x1b), state S"}}};

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("SIGKILL to all that is left in 7s (stop_timeout of the unit)\n"));
    CHECK(text.contains("left     pid 71 (cat), state D\n"));
    CHECK(text.contains("         pid 72 (cat\\x1b), state S\n"));
    status["deadline_source"] = "default";
    CHECK(status_text(people, status, 13s).contains("in 7s (the default stop_timeout)\n"));
    status["deadline_source"] = "end of everything";
    CHECK(status_text(people, status, 13s).contains("in 7s (end of everything)\n"));
}

TEST_CASE("who makes a unit stand still is told", "[svctl][N13]") {
    Json status = running_status();
    status["frozen"] = true;
    status["frozen_by"] = "group 'all'";

    CHECK(status_text(people, status, 13s).contains(", frozen by group 'all'\n"));
    status["thaw"] = "svctl thaw all";
    status["active"] = "activating";
    CHECK(status_text(people, status, 13s)
              .contains(", frozen by group 'all': it starts after svctl thaw all\n"));
}

TEST_CASE("what a service says of itself stands in the status", "[svctl]") {
    Json status = running_status();
    status["status_text"] = "serving \x1b[2J";
    status["self_state"] = "reloading";
    status["self_errno"] = "ENOENT";

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("says    serving \\x1b[2J (reloading), ENOENT\n"));
    status["status_text"] = "";
    status["self_errno"] = "";
    CHECK(status_text(people, status, 13s).contains("says    reloading\n"));
    status["self_state"] = "";
    CHECK_FALSE(status_text(people, status, 13s).contains("says"));
}

TEST_CASE("skipped keys, refused forks and a frozen unit stand in the status", "[svctl][H3]") {
    Json status = running_status();
    status["skipped"] = {"cgroup.io.weight"};
    status["pids_refused"] = 12;
    status["warnings"] = {"service.command[0]: it is set-user-ID"};
    status["frozen"] = true;

    const std::string text = status_text(people, status, 13s);

    CHECK(text.contains("skipped   cgroup.io.weight\n"));
    CHECK(text.contains("warning   service.command[0]: it is set-user-ID\n"));
    CHECK(text.contains("pids.max  refused 12 forks\n"));
    CHECK(text.contains("pid 87, frozen\n"));
}

TEST_CASE("a status of nothing but wrong types is still a text", "[svctl][X10]") {
    const Json status = GENERATE(
        Json::object(), Json{{"name", 1}, {"files", "x"}, {"log", 7}, {"cpu_usec", -1}},
        Json{{"setup_failure", {{"key", nullptr}}}, {"since_us", "x"}, {"skipped", {1, 2}}},
        Json{{"tasks", -3}, {"memory_bytes", 1e300}, {"log", {1, "x", nullptr}}});

    CHECK(status_text(people, status, 13s).contains("state"));
}

TEST_CASE("text from services and units cannot drive the terminal", "[svctl][X19]") {
    const std::string evil = "a\x1b]0;title\x07\xc2\x9b";
    Json status = running_status();
    for (const char* name : {"name", "description", "reason", "last_exit", "cgroup"}) {
        status[name] = evil;
    }
    status["log"] = {{{"time_us", 0}, {"stream", "stdout"}, {"text", evil}}};
    status["files"] = {evil};

    const std::string escaped = status_text(people, status, 13s);
    const std::string listed = list_text(people, Json::array({status}));
    const std::string raw = status_text({.verb = "status", .raw = true}, status, 13s);

    for (const std::string& text : {escaped, listed}) {
        CHECK_FALSE(text.contains('\x1b'));
        CHECK_FALSE(text.contains('\x07'));
        CHECK_FALSE(text.contains("\xc2\x9b"));
        CHECK(text.contains("a\\x1b]0;title\\x07"));
    }
    CHECK(raw.contains(evil));
}

TEST_CASE("log lines have time, stream and text", "[svctl]") {
    (void)setenv("TZ", "UTC", 1);
    tzset();
    const Json lines{{{"time_us", 1'700'000'000'123'456}, {"stream", "stdout"}, {"text", "one"}},
                     {{"time_us", 1'700'000'001'000'000}, {"stream", "stderr"}, {"text", "two"}}};

    CHECK(log_text(people, lines) ==
          "2023-11-14 22:13:20.123 | one\n"
          "2023-11-14 22:13:21.000 ! two\n");
}

TEST_CASE("the list is sorted and aligned", "[svctl]") {
    const Json units{{{"name", "web"}, {"active", "inactive"}, {"sub", "dead"}, {"pid", 0}},
                     {{"name", "heat"},
                      {"active", "active"},
                      {"sub", "running"},
                      {"enabled", "static"},
                      {"pid", 87},
                      {"memory_bytes", 4096},
                      {"description", "CPU heater"}}};

    CHECK(list_text(people, units) ==
          "UNIT  ACTIVE    SUB      ENABLED  PID  MEMORY  DESCRIPTION\n"
          "heat  active    running  static   87   4K      CPU heater\n"
          "web   inactive  dead     -        -    -\n");
}

TEST_CASE("the list tells which units are not as their files or their runs are", "[svctl][N12]") {
    const auto unit = [](std::string_view name, const Json& more) {
        Json summary{{"name", name}, {"active", "active"}, {"sub", "running"}, {"pid", 7}};
        summary.update(more);
        return summary;
    };
    const Json units{
        unit("a", {{"on_disk", "changed"}, {"description", "CPU heater"}}),
        unit("b", {{"on_disk", "broken"}, {"load_problems", {"b.toml:1:1: x"}}}),
        unit("c", {{"on_disk", "gone"}, {"outdated", {"service.user"}}}),
        unit("d", {{"on_disk", "same"}, {"outdated", Json::array()}, {"drift", Json::array()}}),
        unit("e", {{"drift",
                    {"cgroup.memory.max: declared 64M, in force 32M",
                     "mounts: declared none, in force /a", "mounts: declared none, in force /b"}}}),
        // For those who could not read its file.
        unit("f", {{"drift", {"service.user"}}}),
    };

    CHECK(list_text(people, units) ==
          "UNIT  ACTIVE  SUB      ENABLED  PID  MEMORY  DESCRIPTION\n"
          "a     active  running  -        7    -       CPU heater; changed on disk\n"
          "b     active  running  -        7    -       does not load: b.toml:1:1: x\n"
          "c     active  running  -        7    -       gone from disk; runs an older unit\n"
          "d     active  running  -        7    -\n"
          "e     active  running  -        7    -       drift in cgroup.memory.max, mounts\n"
          "f     active  running  -        7    -       drift in service.user\n");
}

TEST_CASE("the status tells what differs from the loaded unit, and what helps", "[svctl][N12]") {
    Json status{{"name", "heat"},
                {"active", "active"},
                {"sub", "running"},
                {"on_disk", "changed"},
                {"disk_changes", {"service.user", "cgroup.pids.max"}},
                {"outdated", {"cgroup.memory.max"}}};

    CHECK(status_text(people, status, 13s) ==
          "heat\n"
          "    state    active (running)\n"
          "    on disk  changed (service.user, cgroup.pids.max); svctl daemon-reload takes it\n"
          "    runs     an older unit than is loaded (cgroup.memory.max); svctl restart heat "
          "applies it\n");

    status["on_disk"] = "broken";
    status["load_problems"] = {"heat.toml:3:1: a", "heat.toml:4:1: b"};
    status["outdated"] = Json::array();
    CHECK(status_text(people, status, 13s) ==
          "heat\n"
          "    state    active (running)\n"
          "    on disk  does not load; what is loaded stays\n"
          "             heat.toml:3:1: a\n"
          "             heat.toml:4:1: b\n");
}

TEST_CASE("signals are known by name and number", "[svctl]") {
    CHECK(parse_signal("TERM") == SIGTERM);
    CHECK(parse_signal("sigkill") == SIGKILL);
    CHECK(parse_signal("9") == SIGKILL);
    CHECK_FALSE(parse_signal("0"));
    CHECK_FALSE(parse_signal("65"));
    CHECK_FALSE(parse_signal("SIG"));
    CHECK_FALSE(parse_signal("TERMX"));
    CHECK_FALSE(parse_signal(""));
}

TEST_CASE("three times Ctrl-] within a second disconnects", "[svctl]") {
    const DisconnectKey::Time start{};
    DisconnectKey key;

    key.see("\x1d\x1d", start);
    CHECK_FALSE(key.is_pressed());
    key.see("x\x1d", start);
    CHECK_FALSE(key.is_pressed());
    key.see("\x1d", start + 2s);
    CHECK_FALSE(key.is_pressed());
    key.see("\x1d\x1d", start + 3s);
    CHECK(key.is_pressed());
}

}  // namespace
}  // namespace confinit
