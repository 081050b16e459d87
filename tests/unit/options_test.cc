// SPDX-License-Identifier: Apache-2.0
// Words of the kernel's command line: one that is nearly ours is told and not passed over.
#include "options.h"

#include <catch2/catch.hpp>

namespace confinit {

TEST_CASE("a word of ours that no option has is told with the nearest one", "[options][N19][M5]") {
    CHECK(kernel_word_fault("confinit.unit=web").empty());
    CHECK(kernel_word_fault("confinit.verify=0s").empty());
    CHECK(kernel_word_fault("confinit.vrify=0s") ==
          "kernel word 'confinit.vrify=0s' is unknown; did you mean 'confinit.verify='?");
    CHECK(kernel_word_fault("confinit.debug") == "kernel word 'confinit.debug' is unknown");
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
}

}  // namespace confinit
