// SPDX-License-Identifier: Apache-2.0
// Gives a process a limit of descriptors: prlimit(1) of one resource, which the machine has not.
#include "base/text.h"

#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

int main(int count, char** arguments) {
    const auto pid = count == 3 ? confinit::parse_unsigned(arguments[1]) : std::nullopt;
    const auto number = count == 3 ? confinit::parse_unsigned(arguments[2]) : std::nullopt;
    if (!pid || !number) {
        (void)std::fputs("usage: limit-descriptors PID NUMBER\n", stderr);
        return EXIT_FAILURE;
    }
    const rlimit64 limit{*number, *number};
    if (prlimit64(static_cast<pid_t>(*pid), RLIMIT_NOFILE, &limit, nullptr) == 0) {
        return EXIT_SUCCESS;
    }
    std::perror("prlimit64");
    return EXIT_FAILURE;
}
