// SPDX-License-Identifier: Apache-2.0
// A planner: what it is asked, and what it answers. See planner.h.
#pragma once

#include "base/fd.h"
#include "base/look_note.h"
#include "base/parcel.h"
#include "launch/plan/plan_message.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

using PlannerAnswer = Result<Parcel>;

// Before the words of a question, if it has some.
struct PlannerQuestionHead {
    std::uint64_t question = 0;
    std::uint64_t size = 0;
};

// Before the bytes of an answer, which are those of the failure where it has failed. The
// descriptors come with its first byte.
struct PlannerAnswerHead {
    std::uint64_t question = 0;
    std::uint64_t size = 0;
    std::uint64_t failed = 0;
};

// In memory that PID 1 and the planner share.
struct PlannerPage {
    LookNote note;
    // The question that it has taken. One that does not come to that stands still, or waits for
    // something of PID 1's, which it was to close.
    std::atomic<std::uint64_t> question;
};

// Does not wait, and fails where it does not pass as a whole.
Status send_question(const Fd& socket, std::uint64_t question, std::string_view words);

// Answers one question after the other, those without words by their number, until nobody asks any
// more. `kept` tells the descriptors that stay open. For the child of clone_process alone: nothing
// leaves it, no exception either.
[[noreturn]] void run_planner(const Fd& socket, PlannerPage& page,
                              const std::function<std::vector<int>()>& kept,
                              const std::function<PlannerAnswer(std::uint64_t)>& answer,
                              const std::function<PlannerAnswer(std::string_view)>& answer_words);

// PlannerReader: takes an answer as it comes.
class PlannerReader {
public:
    enum class Piece { taken, none_yet, ended };
    // Takes one without waiting.
    Piece receive(const Fd& socket);

    // The answer to this question once it is whole; the next one may begin then.
    std::optional<PlannerAnswer> take(std::uint64_t question);
    // Whether something has come that is no answer to the question.
    bool is_damaged() const { return is_damaged_; }

private:
    std::string received_;
    std::vector<Fd> descriptors_;
    bool is_damaged_ = false;
};

}  // namespace confinit
