// SPDX-License-Identifier: Apache-2.0
// The yardstick for svctl: it asks the PID 1 by hand for one thing, and ends when that is done.
#include "init_by_hand.h"

#include <stdlib.h>
#include <unistd.h>

int main(int count, char** words) {
    char request[most_request_bytes] = "";
    for (int i = 1; i < count; ++i) {
        if (strlen(request) + strlen(words[i]) + 2 > sizeof request) return EXIT_FAILURE;
        if (i > 1) strcat(request, " ");
        strcat(request, words[i]);
    }
    struct sockaddr_un address;
    const socklen_t size = fill_address(&address);
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr*)&address, size) < 0) return EXIT_FAILURE;
    if (write(fd, request, strlen(request)) < 0) return EXIT_FAILURE;
    char answer = 0;
    return read(fd, &answer, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
