// SPDX-License-Identifier: Apache-2.0
// LauncherLink: the parent's side of one launcher process: its socket, and the slots of answers.
#include "launch/launcher/launcher_link.h"

#include "base/file.h"
#include "base/name_table.h"
#include "base/unix_socket.h"
#include "launch/launcher_start.h"
#include "launch/spawn/blocked_signals.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::size_t slots_size = sizeof(LaunchSlot) * launch_slot_count;

// The parts that stand behind an order.
using OrderParts = std::array<iovec, 3>;

std::size_t size_of(const OrderParts& parts) {
    std::size_t size = 0;
    for (const iovec& part : parts)
        size += part.iov_len;
    return size;
}

OrderParts parts_behind(const LaunchPlan& plan) {
    static constexpr std::array<std::byte, order_alignment> gap{};
    const auto part = [](std::span<const std::byte> bytes) {
        return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()};
    };
    const auto image = plan.image();
    if (plan.witnesses.empty()) return {part(image), iovec{}, iovec{}};
    return {part(image),
            part(std::span{gap}.first(aligned_order_size(image.size()) - image.size())),
            part(plan.witnesses)};
}

Result<Fd> file_of(const OrderParts& parts) {
    Fd file{memfd_create("confinit-order", MFD_CLOEXEC)};
    if (!file) return errno_failure("memfd_create");
    for (const iovec& part : parts)
        TRY(write_all(file, "plan", {static_cast<const char*>(part.iov_base), part.iov_len}));
    return file;
}

}  // namespace

LaunchSlots::LaunchSlots(Fd memory, LaunchSlot* slots) : memory_(std::move(memory)), slots_(slots) {
    for (std::uint32_t slot = 0; slot < launch_slot_count; ++slot)
        free_.push_back(slot);
}

LaunchSlots::~LaunchSlots() {
    (void)munmap(slots_, slots_size);
}

Result<std::shared_ptr<LaunchSlots>> LaunchSlots::make() {
    Fd memory{memfd_create("confinit-launches", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!memory) return errno_failure("memfd_create");
    if (ftruncate(memory.get(), slots_size) < 0) return errno_failure("ftruncate");
    // This process would be ended by its next look at memory that somebody had made smaller.
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (fcntl(memory.get(), F_ADD_SEALS, seals) < 0) return errno_failure("fcntl F_ADD_SEALS");
    void* slots = mmap(nullptr, slots_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (slots == MAP_FAILED) return errno_failure("mmap");
    // Copies of this process that read what strangers write have no part in it.
    (void)madvise(slots, slots_size, MADV_DONTFORK);
    return std::shared_ptr<LaunchSlots>{
        new LaunchSlots{std::move(memory), static_cast<LaunchSlot*>(slots)}};
}

std::optional<std::uint32_t> LaunchSlots::take() {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t slot = free_.front();
    free_.pop_front();
    slots_[slot] = {};
    return slot;
}

void LaunchSlots::cancel(std::uint32_t slot) {
    __atomic_store_n(&slots_[slot].is_cancelled, 1, __ATOMIC_SEQ_CST);
}

LastWordsPage LaunchSlots::last_words(std::uint32_t slot) {
    return {&slots_[slot].last_words, [self = shared_from_this(), slot](LastWords*) {
                self->give_back(slot);
            }};
}

Result<LauncherLink> LauncherLink::start(const Fd& program, const LaunchSlots& slots,
                                         CloneMethod method) {
    auto [own, other] = TRY(make_seqpacket_pair());
    TRY(set_nonblocking(own));
    // The launcher and all that it makes keep signals away until the service's own mask is set.
    const BlockedSignals blocked;
    Process process = TRY(clone_process(method));
    if (process.pid() == 0) run_launcher(program.get(), other.get(), slots.memory().get());
    return LauncherLink{std::move(process), std::move(own)};
}

Status LauncherLink::send(const LaunchPlan& plan, const LaunchOrder& order) {
    LaunchOrder sent = order;
    const OrderParts behind = parts_behind(plan);
    sent.image_size = plan.image().size();
    sent.witnesses_size = plan.witnesses.size();
    Fd file;
    if (size_of(behind) > largest_order) {
        file = TRY(file_of(behind));
        sent[LentPlace::image] = file.get();
    }
    std::array<int, lent_count> numbers{};
    std::size_t count = 0;
    for (int& lent : sent.lent) {
        if (lent < 0) continue;
        numbers[count] = lent;
        lent = static_cast<int>(count++);
    }
    std::array<std::byte, aligned_order_size(sizeof sent)> head{};
    std::memcpy(head.data(), &sent, sizeof sent);
    std::array<iovec, 4> parts{iovec{head.data(), head.size()}, behind[0], behind[1], behind[2]};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(lent_count * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = file ? 1 : parts.size();
    attach_descriptors(message, control, std::span{numbers}.first(count));
    if (sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return errno_failure("sendmsg");
    return {};
}

Status LauncherLink::greet(const LauncherGreeting& greeting) {
    const LauncherGreeting own = own_greeting();
    const bool is_as_able = (own.permitted & ~greeting.permitted) == 0 &&
                            (own.effective & ~greeting.effective) == 0 &&
                            own.user_ids == greeting.user_ids;
    if (!is_as_able) return std::unexpected(system_error(EPERM, "execveat", "confinit-launcher"));
    is_greeted_ = true;
    return {};
}

Result<std::optional<std::uint32_t>> LauncherLink::receive() {
    std::array<std::byte, 64> bytes{};
    const ssize_t count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (count <= 0) return std::unexpected(system_error(ENODATA, "recv", "confinit-launcher"));
    if (count == static_cast<ssize_t>(sizeof(LauncherGreeting))) {
        LauncherGreeting greeting;
        std::memcpy(&greeting, bytes.data(), sizeof greeting);
        TRY(greet(greeting));
        return std::nullopt;
    }
    std::uint32_t slot = launch_slot_count;
    if (count == static_cast<ssize_t>(sizeof slot)) std::memcpy(&slot, bytes.data(), sizeof slot);
    if (slot >= launch_slot_count) return std::unexpected(system_error(EPROTO, "recv"));
    return slot;
}

namespace {

constexpr auto launcher_call_names = make_name_table<LauncherCall>({
    {LauncherCall::clone, "clone"},
    {LauncherCall::recvmsg, "recvmsg"},
    {LauncherCall::mmap, "mmap"},
    {LauncherCall::fcntl, "fcntl F_DUPFD_CLOEXEC"},
});

// A child of ours that we have not reaped. One that cannot be watched must not run on, and without
// a descriptor its number is the way to it.
Result<Process> open_or_kill(pid_t child) {
    auto process = Process::open(child);
    if (!process) (void)kill(child, SIGKILL);
    return process;
}

// A preparer that was killed fails the launch once the child is there, which is killed with it.
void take_preparer(pid_t preparer, MadeProcesses& made) {
    auto process = open_or_kill(preparer);
    if (process) {
        made.preparer = std::move(*process);
    } else {
        made.preparer = {preparer, {}};
        made.failure = std::move(process).error();
    }
}

}  // namespace

std::optional<Result<MadeProcesses>> look_at_slot(const LaunchPlan& plan,
                                                  const PreparedLaunch& prepared,
                                                  const LaunchSlot& slot, MadeProcesses& made) {
    const auto number = [](const std::int32_t& field) {
        return __atomic_load_n(&field, __ATOMIC_ACQUIRE);
    };
    // The launcher makes the child last: what is read after it is there is complete.
    const pid_t child = number(slot.child);
    const int child_error = number(slot.error);
    const int preparer_error = number(slot.preparer_error);
    const pid_t preparer = number(slot.preparer);
    if (preparer > 0 && made.preparer.pid() == 0) take_preparer(preparer, made);
    if (preparer_error != 0) return std::unexpected(explain_preparer_clone(preparer_error));
    if (child_error != 0) {
        const LauncherCall call = slot.failed_call;
        return std::unexpected(call == LauncherCall::clone
                                   ? explain_child_clone(plan, prepared, child_error)
                                   : Error{.object = "confinit-launcher",
                                           .call = std::string{launcher_call_names.name(call)},
                                           .error = child_error,
                                           .hint = "it could not read what to launch"});
    }
    if (child <= 0) return std::nullopt;
    made.first = TRY(open_or_kill(child));
    return std::move(made);
}

}  // namespace confinit
