// SPDX-License-Identifier: Apache-2.0
// The worker's own side: from the copy of PID 1 to an answer on a pipe.
#include "supervisor/helpers/worker_process.h"

#include "base/file.h"
#include "base/packed_error.h"
#include "supervisor/helpers/helper_process.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr int nice_of_one_that_gives_way = 10;

// Before the text of an answer.
struct Head {
    std::uint64_t size;    // of the text
    std::uint64_t failed;  // whether the text is a packed error
};

Head head_of(std::string_view received) {
    Head head{};
    std::memcpy(&head, received.data(), sizeof head);
    return head;
}

Result<std::string> do_work(WorkerTask& task) {
    try {
        return task.work();
    } catch (const std::exception& exception) {
        return failure(exception.what());
    }
}

}  // namespace

namespace {

void become_worker(WorkerTask& task, const Fd& pipe, WorkerManners manners, std::vector<int> kept) {
    if (task.descriptors) std::ranges::copy(task.descriptors(), std::back_inserter(kept));
    kept.push_back(pipe.get());
    become_helper("confinit-worker", std::move(kept));
    if (manners.gives_way) (void)setpriority(PRIO_PROCESS, 0, nice_of_one_that_gives_way);
}

void answer(WorkerTask& task, const Fd& pipe) {
    const Result<std::string> done = do_work(task);
    const std::string text = done ? *done : pack(done.error());
    const Head head{.size = text.size(), .failed = done ? 0U : 1U};
    // Without a reader nobody waits for the answer any more.
    if (write_all(pipe, "answer", {reinterpret_cast<const char*>(&head), sizeof head})) {
        (void)write_all(pipe, "answer", text);
    }
}

}  // namespace

void run_worker(WorkerTask& task, const Fd& pipe, WorkerManners manners,
                const std::function<std::vector<int>()>& kept) {
    run_helper([&] {
        become_worker(task, pipe, manners, kept());
        answer(task, pipe);
    });
}

AnswerState answer_state(std::string_view received, std::size_t limit) {
    if (received.size() < sizeof(Head)) return AnswerState::partial;
    const Head head = head_of(received);
    if (head.size > limit) return AnswerState::too_large;
    return received.size() - sizeof head < head.size ? AnswerState::partial : AnswerState::complete;
}

Result<std::string> decode_answer(std::string received) {
    const Head head = head_of(received);
    received.erase(0, sizeof head);
    received.resize(head.size);
    if (head.failed == 0) return received;
    return std::unexpected(unpack_error(received));
}

}  // namespace confinit
