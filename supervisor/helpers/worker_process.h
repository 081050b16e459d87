// SPDX-License-Identifier: Apache-2.0
// The worker's own side: from the copy of PID 1 to an answer on a pipe.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Both functions run in the worker. PID 1 has one thread, so that its copy may allocate.
struct WorkerTask {
    std::move_only_function<Result<std::string>()> work;
    // PID 1's descriptors that the work uses. The worker closes all others first, so that it keeps
    // no connection open and nothing can be taken from it. Not set: it uses none.
    std::move_only_function<std::vector<int>()> descriptors = {};
};

// How the worker treats itself.
struct WorkerManners {
    bool gives_way = false;  // to PID 1 and the services, by its nice value
};

// Does the task, writes its answer into the pipe and ends. For the child of clone_process alone.
// `kept` tells further descriptors that stay open. No exception leaves it.
[[noreturn]] void run_worker(WorkerTask& task, const Fd& pipe, WorkerManners manners,
                             const std::function<std::vector<int>()>& kept);

// How much of the answer has come through the pipe so far.
enum class AnswerState { partial, complete, too_large };
AnswerState answer_state(std::string_view received, std::size_t limit);

// The answer, once it is complete.
Result<std::string> decode_answer(std::string received);

}  // namespace confinit
