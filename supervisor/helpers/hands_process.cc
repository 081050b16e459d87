// SPDX-License-Identifier: Apache-2.0
// A helper of Hands: a copy of PID 1 that makes system calls and touches nothing else.
#include "supervisor/helpers/hands_process.h"

#include "supervisor/machine/own_user.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

void obey(const HandsOrder& order, HandsAnswer& answer, HandsProgress& progress) {
    answer.count = 0;
    if (order.what == HandsOrder::What::close) {
        progress.has_begun = true;
        (void)close(order.number);
        return;
    }
    const ssize_t count = read(order.number, answer.bytes.data(), answer.bytes.size());
    answer.count = static_cast<std::int32_t>(count < 0 ? -errno : count);
}

}  // namespace

void run_hands(int orders, int answers, HandsProgress& progress) {
    // To read and close open descriptors takes no right.
    give_up_all_rights();
    // After it: a change of the user undoes it.
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "confinit-hands", 0, 0, 0);
    HandsOrder order;
    HandsAnswer answer;
    while (read(orders, &order, sizeof order) == static_cast<ssize_t>(sizeof order)) {
        obey(order, answer, progress);
        const auto bytes = static_cast<std::size_t>(answer.count > 0 ? answer.count : 0);
        if (write(answers, &answer, offsetof(HandsAnswer, bytes) + bytes) < 0) break;
    }
    _exit(EXIT_SUCCESS);
}

}  // namespace confinit
