// SPDX-License-Identifier: Apache-2.0
// The main function of the launch tests: Catch2's, in a process prepared as the supervisor is.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <grp.h>

int main(int argc, char** argv) {
    // Like the supervisor, it has no supplementary groups that a service could inherit.
    (void)setgroups(0, nullptr);
    return Catch::Session().run(argc, argv);
}
