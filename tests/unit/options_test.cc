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

}  // namespace confinit
