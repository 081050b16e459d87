// SPDX-License-Identifier: Apache-2.0
// The records that the child and its preparer send, each one datagram.
#include "launch/child/record.h"

#include <array>
#include <sys/socket.h>

namespace confinit {

bool send_record(ChildContext& child, int socket, const LaunchReport& report, int descriptor) {
    iovec data{const_cast<LaunchReport*>(&report), sizeof report};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof descriptor)> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        __builtin_memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return child.call(SYS_sendmsg, socket, &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace confinit
