// SPDX-License-Identifier: Apache-2.0
// Arguments and words of the kernel's command line: none that is nearly ours is passed over.
#include "supervisor/machine/options.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace confinit {
namespace {

Options read(Mode mode, std::vector<std::string> words) {
    std::vector<char*> arguments{nullptr};
    for (std::string& word : words)
        arguments.push_back(word.data());
    return read_options(mode, static_cast<int>(arguments.size()), arguments.data());
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a word of ours that no option has is told with the nearest one", "[options][N19][M5]") {
    CHECK(kernel_word_fault("confinit.unit=web").empty());
    CHECK(kernel_word_fault("confinit.verify=0s").empty());
    CHECK(kernel_word_fault("confinit.vrify=0s") ==
          "kernel word 'confinit.vrify=0s' is unknown; did you mean 'confinit.verify=0s'?");
    CHECK(kernel_word_fault("confinit.zzzz") == "kernel word 'confinit.zzzz' is unknown");
    CHECK(kernel_word_fault("confinit.unit") == "kernel word 'confinit.unit' has no value");
    CHECK(kernel_word_fault("confinit.") == "kernel word 'confinit.' is unknown");
    CHECK(kernel_word_fault("confinit.=x") == "kernel word 'confinit.=x' is unknown");
}

TEST_CASE("the control socket is in the runtime directory, also of a container's init",
          "[options][N19]") {
    char name[] = "confinit";
    char runtime[] = "--runtime=/run/r2";
    char socket[] = "--socket=/tmp/control";
    char* arguments[] = {name, runtime, socket};

    for (const Mode mode : {Mode::container, Mode::process}) {
        CHECK(read_options(mode, 1, arguments).socket == "/run/confinit/control");
        CHECK(read_options(mode, 2, arguments).socket == "/run/r2/control");
        CHECK(read_options(mode, 3, arguments).socket == "/tmp/control");
    }
    CHECK(read_options(Mode::machine, 3, arguments).socket == "/run/confinit/control");
    char relative[] = "--socket=control";
    arguments[2] = relative;
    CHECK_FALSE(read_options(Mode::container, 3, arguments).faults.empty());
}

TEST_CASE("an argument that no option has is a fault, with the nearest one", "[options][N19]") {
    for (const Mode mode : {Mode::container, Mode::process}) {
        const auto faults = [&](std::vector<std::string> words) {
            return read(mode, std::move(words)).faults;
        };
        CHECK(faults({"--status-grop=root"}) ==
              Lines{"argument '--status-grop=root' is unknown; did you mean "
                    "'--status-group=root'?"});
        CHECK(faults({"--unit", "web"}) ==
              Lines{"option '--unit' has no value; did you mean '--unit=web'?"});
        CHECK(faults({"--unit", "--helpp"}) ==
              Lines{"option '--unit' has no value; did you mean '--unit='?",
                    "argument '--helpp' is unknown; did you mean '--help'?"});
        CHECK(faults({"-unit=web"}) ==
              Lines{"argument '-unit=web' is unknown; did you mean '--unit=web'?"});
        CHECK(faults({"---unit=web"}) ==
              Lines{"argument '---unit=web' is unknown; did you mean '--unit=web'?"});
        for (const std::string stray : {"web", "", "-", "=", "--=", "-h"}) {
            CAPTURE(stray);
            CHECK(faults({stray}) ==
                  Lines{"argument '" + stray + "' is unknown; confinit --help tells the options"});
        }
        CHECK(faults({"--without-cgroup=yes"}) ==
              Lines{"option '--without-cgroup' takes no value"});
        CHECK(faults({"--unit=web", "--units=/a", "--runtime=/r", "--socket=/s", "--reaper=/e",
                      "--verify=0s", "--cgroup=/c", "--without-cgroup", "--log-group=adm",
                      "--status-group=0", "--end-timeout=5s", "--version", "--help"})
                  .empty());
    }
}

TEST_CASE("a bad value is told as such, with what is wanted", "[options][N19]") {
    const std::string duration = "a duration such as \"1min 30s\" or \"250ms\" is wanted";
    const Options options = read(Mode::process, {"--end-timeout=soon", "--verify="});
    CHECK(options.faults == Lines{"option '--end-timeout=soon' has a bad value; " + duration,
                                  "option '--verify=' has a bad value; " + duration});
    CHECK_FALSE(options.end_timeout);
    // An empty group would be everybody.
    CHECK(read(Mode::process, {"--status-group="}).faults ==
          Lines{"option '--status-group=' has a bad value; a group's name or number is wanted"});

    CHECK(kernel_word_fault("confinit.end_timeout=soon") ==
          "kernel word 'confinit.end_timeout=soon' has a bad value; " + duration);
    CHECK(kernel_word_fault("confinit.status_group=") ==
          "kernel word 'confinit.status_group=' has a bad value; a group's name or number is "
          "wanted");
    CHECK(kernel_word_fault("confinit.end_timeout=2min").empty());
}

TEST_CASE("the init of a machine passes arguments over, and tells the word that may be meant",
          "[options][N19]") {
    const std::string why =
        " is ignored: the init of a machine reads words 'confinit.NAME=' of the kernel's command "
        "line";
    const Options options =
        read(Mode::machine, {"splash", "--units=/a", "--status-grop=root", "--unit"});
    CHECK(options.ignored == Lines{"argument 'splash'" + why, "argument '--units=/a'" + why});
    CHECK(options.faults == Lines{"argument '--status-grop=root'" + why +
                                      "; did you mean 'confinit.status_group=root'?",
                                  "argument '--unit'" + why + "; did you mean 'confinit.unit='?"});
    CHECK(options.status_group.empty());
}

TEST_CASE("the words behind -- are one command, and no options", "[options][C2]") {
    const Options options =
        read(Mode::container, {"--log=json", "--", "/bin/echo", "--unit=web", "--"});

    CHECK(options.faults.empty());
    CHECK(options.log == LogForm::json);
    CHECK(options.command == Lines{"/bin/echo", "--unit=web", "--"});
    CHECK(read(Mode::process, {"--"}).faults == Lines{"there is no command behind '--'"});
    CHECK(read(Mode::process, {"--unit=web", "--", "/bin/true"}).faults ==
          Lines{"'--unit' and a command behind '--' exclude one another"});
}

TEST_CASE("lines of units go on where nobody says otherwise, but on a machine", "[options][C6]") {
    CHECK(log_form({}, Mode::container) == LogForm::plain);
    CHECK(log_form({}, Mode::process) == LogForm::plain);
    CHECK(log_form({}, Mode::machine) == LogForm::none);
    CHECK(log_form({.log = LogForm::raw}, Mode::machine) == LogForm::raw);
    CHECK(read(Mode::process, {"--log=xml"}).faults ==
          Lines{"option '--log=xml' has a bad value; one of none, plain, json, raw is wanted"});
}

TEST_CASE("how a machine ends is said by words of the kernel alone", "[options][M1]") {
    CHECK(kernel_word_fault("confinit.end=reboot").empty());
    CHECK_FALSE(kernel_word_fault("confinit.end=exit").empty());
    CHECK(kernel_word_fault("confinit.exit_file=/dev/virtio-ports/exit").empty());
    CHECK_FALSE(kernel_word_fault("confinit.exit_file=exit").empty());
    CHECK(kernel_word_fault("confinit.debug_exit=0xf4").empty());
    CHECK(kernel_word_fault("confinit.debug_exit=f4").empty());
    CHECK_FALSE(kernel_word_fault("confinit.debug_exit=0").empty());
    CHECK_FALSE(kernel_word_fault("confinit.debug_exit=0xf4f4f").empty());
    CHECK_FALSE(read(Mode::container, {"--debug-exit=0xf4"}).faults.empty());
}

}  // namespace confinit
