// SPDX-License-Identifier: Apache-2.0
// Gives a process a limit of descriptors or of memory: prlimit(1), which the machine has not.
#include "base/text.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <sys/resource.h>

namespace {

std::optional<__rlimit_resource> resource_of(std::string_view name) {
    if (name == "nofile") return RLIMIT_NOFILE;
    if (name == "as") return RLIMIT_AS;
    return std::nullopt;
}

std::optional<rlim64_t> number_of(std::string_view text) {
    if (text == "unlimited") return RLIM64_INFINITY;
    return confinit::parse_unsigned(text);
}

}  // namespace

int main(int count, char** arguments) {
    const auto pid = count == 4 ? confinit::parse_unsigned(arguments[1]) : std::nullopt;
    const auto resource = count == 4 ? resource_of(arguments[2]) : std::nullopt;
    const auto number = count == 4 ? number_of(arguments[3]) : std::nullopt;
    if (!pid || !resource || !number) {
        (void)std::fputs("usage: limit-process PID nofile|as NUMBER|unlimited\n", stderr);
        return EXIT_FAILURE;
    }
    const rlimit64 limit{*number, *number};
    if (prlimit64(static_cast<pid_t>(*pid), *resource, &limit, nullptr) == 0) {
        return EXIT_SUCCESS;
    }
    std::perror("prlimit64");
    return EXIT_FAILURE;
}
