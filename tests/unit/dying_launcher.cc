// SPDX-License-Identifier: Apache-2.0
// A launcher that ends over the first order which it is given.
#include "launch/launch_order.h"
#include "launch/launcher_greeting.h"

#include <cstdlib>
#include <sys/socket.h>

int main() {
    using namespace confinit;
    constexpr LauncherGreeting able{.permitted = ~0ULL, .effective = ~0ULL};
    if (send(launcher_link, &able, sizeof able, MSG_NOSIGNAL) < 0) return EXIT_FAILURE;
    char byte = 0;
    return recv(launcher_link, &byte, sizeof byte, 0) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
