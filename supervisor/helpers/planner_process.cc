// SPDX-License-Identifier: Apache-2.0
// A planner: what it is asked, and what it answers. See planner.h.
#include "supervisor/helpers/planner_process.h"

#include "base/file.h"
#include "base/packed_error.h"
#include "base/unix_socket.h"
#include "supervisor/helpers/helper_process.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iterator>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

PlannerAnswer guarded(const std::function<PlannerAnswer()>& answer) {
    try {
        return answer();
    } catch (const std::bad_alloc&) {
        return std::unexpected(Error{.error = ENOMEM, .hint = "the planner is given no memory"});
    } catch (const std::exception& exception) {
        return std::unexpected(
            Error{.hint = std::string{"the planner fails: "} + exception.what()});
    }
}

// The socket takes the head at once: nothing else is on its way.
Status send_answer(const Fd& socket, std::uint64_t question, const PlannerAnswer& answer) {
    const Parcel failure{answer ? "" : pack(answer.error()), {}};
    const Parcel& parcel = answer ? *answer : failure;
    const PlannerAnswerHead head{question, parcel.bytes.size(), answer ? 0U : 1U};
    const std::string_view bytes{reinterpret_cast<const char*>(&head), sizeof head};
    if (send_message(socket, bytes, parcel.descriptors) != static_cast<ssize_t>(bytes.size()))
        return errno_failure("sendmsg");
    return write_all(socket, "answer", parcel.bytes);
}

// Fills all of it. False when nobody asks any more.
bool receive_whole(const Fd& socket, void* bytes, std::size_t size) {
    return recv(socket.get(), bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

void answer_questions(const Fd& socket, PlannerPage& page,
                      const std::function<PlannerAnswer(std::uint64_t)>& answer,
                      const std::function<PlannerAnswer(std::string_view)>& answer_words) {
    note_looks_in(&page.note);
    PlannerQuestionHead head;
    while (receive_whole(socket, &head, sizeof head)) {
        std::string words(head.size, '\0');
        if (head.size > 0 && !receive_whole(socket, words.data(), words.size())) break;
        page.note = {};
        page.question = head.question;
        const PlannerAnswer told =
            guarded([&] { return head.size > 0 ? answer_words(words) : answer(head.question); });
        if (!send_answer(socket, head.question, told)) break;
    }
}

}  // namespace

void run_planner(const Fd& socket, PlannerPage& page, const std::function<std::vector<int>()>& kept,
                 const std::function<PlannerAnswer(std::uint64_t)>& answer,
                 const std::function<PlannerAnswer(std::string_view)>& answer_words) {
    run_helper([&] {
        std::vector<int> descriptors = kept();
        descriptors.push_back(socket.get());
        become_helper("confinit-plan", std::move(descriptors));
        answer_questions(socket, page, answer, answer_words);
    });
}

Status send_question(const Fd& socket, std::uint64_t question, std::string_view words) {
    const PlannerQuestionHead head{question, words.size()};
    std::string bytes{reinterpret_cast<const char*>(&head), sizeof head};
    bytes += words;
    const ssize_t sent =
        send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno_failure("send");
    if (static_cast<std::size_t>(sent) < bytes.size())
        return std::unexpected(system_error(EAGAIN, "send"));
    return {};
}

PlannerReader::Piece PlannerReader::receive(const Fd& socket) {
    std::array<std::byte, 65536> piece;
    make_room(received_, piece.size());
    descriptors_.reserve(most_sent_descriptors);
    ReceivedMessage message = receive_message(socket, piece, MSG_DONTWAIT);
    if (message.count < 0)
        return errno == EAGAIN || errno == EINTR ? Piece::none_yet : Piece::ended;
    if (message.count == 0) return Piece::ended;
    std::ranges::move(message.descriptors, std::back_inserter(descriptors_));
    received_.append(reinterpret_cast<const char*>(piece.data()),
                     static_cast<std::size_t>(message.count));
    return Piece::taken;
}

std::optional<PlannerAnswer> PlannerReader::take(std::uint64_t question) {
    PlannerAnswerHead head;
    if (received_.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, received_.data(), sizeof head);
    is_damaged_ = is_damaged_ || head.question != question;
    if (is_damaged_) return std::nullopt;
    if (received_.size() - sizeof head < head.size) return std::nullopt;
    // One question is under way at a time, so that nothing of another answer follows.
    std::string bytes = std::exchange(received_, {});
    bytes.erase(0, sizeof head);
    if (head.failed != 0) return PlannerAnswer{std::unexpected(unpack_error(bytes))};
    return PlannerAnswer{Parcel{std::move(bytes), std::exchange(descriptors_, {})}};
}

}  // namespace confinit
