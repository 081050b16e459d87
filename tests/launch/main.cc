// SPDX-License-Identifier: Apache-2.0
// The main function of the launch tests, which is Catch2's.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
