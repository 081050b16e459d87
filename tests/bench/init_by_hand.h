// SPDX-License-Identifier: Apache-2.0
// The words between the PID 1 by hand and its client: "start NAME", "stop NAME",
// "restart NAME" or "poweroff", and one byte once that is done.
#pragma once

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { most_request_bytes = 64 };

// An abstract address, so that there is no file to remove.
static inline socklen_t fill_address(struct sockaddr_un* address) {
    static const char name[] = "init-by-hand";
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, name, sizeof name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + sizeof name);
}
