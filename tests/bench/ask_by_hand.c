// SPDX-License-Identifier: Apache-2.0
// The yardstick of svctl: `ask-by-hand UNIT` sends the call that `svctl start UNIT` sends, reads
// its answer, and does nothing else.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int supervisor;
static char answer[4096];

// Sends the call, and reads the answer up to the NUL byte that ends a message of Varlink.
static int ask(const char* call, size_t length) {
    if (send(supervisor, call, length, MSG_NOSIGNAL) != (ssize_t)length) return -1;
    size_t got = 0;
    do {
        const ssize_t more = recv(supervisor, answer + got, sizeof answer - got, 0);
        if (more <= 0) return -1;
        got += (size_t)more;
    } while (answer[got - 1] != '\0' && got < sizeof answer);
    return answer[got - 1] == '\0' ? 0 : -1;
}

int main(int count, char** arguments) {
    if (count != 2) return 2;
    char call[256];
    const int written =
        snprintf(call, sizeof call,
                 "{\"method\":\"org.confinit.Manager.Start\",\"parameters\":{\"unit\":\"%s\"}}",
                 arguments[1]);
    if (written < 0 || written >= (int)sizeof call) return 2;
    const size_t length = (size_t)written + 1;
    supervisor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/confinit/control"};
    if (connect(supervisor, (const struct sockaddr*)&address, sizeof address) < 0) return 1;
    if (ask(call, length) < 0) return 1;
    // Before Linux 6.5 the supervisor wants the first call of a connection twice.
    if (strstr(answer, "\"repeat\":true") != NULL && ask(call, length) < 0) return 1;
    return strncmp(answer, "{\"parameters\":", 14) == 0 ? 0 : 1;
}
