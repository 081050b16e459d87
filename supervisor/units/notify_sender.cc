// SPDX-License-Identifier: Apache-2.0
// NotifySender: whether a notification came from a process of the unit, also when that is gone.
#include "supervisor/units/notify_sender.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/mount_table.h"
#include "kernel/proc_status.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace confinit {
namespace {

// struct pidfd_info of the kernel's pidfd.h in its first size, newer than the C library's headers.
struct PidfdInfo {
    std::uint64_t mask = 0;
    std::uint64_t cgroup_id = 0;
    std::array<std::uint32_t, 11> ids{};
    std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t info_cgroup_id = 1U << 2;
constexpr std::uint64_t info_exit = 1U << 3;
constexpr unsigned long get_info = _IOWR(0xFF, 11, PidfdInfo);

// A machine with more processes is not looked through: PID 1 has others to serve.
constexpr std::size_t most_processes = 2048;
constexpr std::chrono::milliseconds longest_looks{50};
constexpr int part_for_looks = 10;

// The rights of PID 1 itself, to tell apart those who could enter any node by themselves.
struct Standing {
    CapabilityMask permitted = 0;
    std::string user_namespace;
};

Result<Standing> own_standing() {
    const Fd own = TRY(open_own_process());
    const ProcessStatus status = TRY(read_process_status(own));
    return Standing{status.capabilities.permitted, TRY(read_namespace(own, "user"))};
}

bool holds_all(const Fd& process, const ProcessStatus& status, const Standing& own) {
    if ((own.permitted & ~status.capabilities.permitted) != 0) return false;
    const auto user_namespace = read_namespace(process, "user");
    return user_namespace && *user_namespace == own.user_namespace;
}

// A process that ends while it is looked at was no child of PID 1: those stay until it reaps them.
bool may_have_sent(const Fd& process, uid_t user, std::string_view cgroup, const Standing& own) {
    const auto status = read_process_status(process);
    if (!status) return false;
    const bool has_user = std::ranges::find(status->uid, user) != status->uid.end();
    constexpr CapabilityMask set_user = CapabilityMask{1} << CAP_SETUID;
    const bool could_take_it = (status->capabilities.permitted & set_user) != 0;
    if (!has_user && !could_take_it) return false;
    const auto path = read_cgroup_path(process);
    return path && !is_within(*path, cgroup) && !holds_all(process, *status, own);
}

SenderVerdict refuse(std::string reason) {
    return {SenderVerdict::Kind::refused, std::move(reason)};
}

constexpr std::string_view has_ended = "its process had ended by then, and ";

// The users that a process of the unit has as its own.
bool is_user_of_unit(uid_t user, const NotifyPlace& place) {
    if (user == place.user) return true;
    const auto process = place.main > 0 ? open_process(place.main) : failure("no main process");
    const auto status = process ? read_process_status(*process) : failure("it has ended");
    return status && std::ranges::find(status->uid, user) != status->uid.end();
}

SenderVerdict judge_gone(const NotifyDatagram& datagram, const NotifyPlace& place, NotifyHub* hub,
                         bool is_late, bool is_owed) {
    constexpr auto gone = SenderVerdict::Kind::gone;
    if (const auto id = cgroup_id_of_ended(datagram.sender)) {
        if (std::ranges::find(place.node_ids, *id) != place.node_ids.end()) return {gone, {}};
        return refuse("its process, which has ended, was not in the unit's control group");
    }
    const auto unclear = [](std::string_view why) {
        return refuse(std::string{has_ended} + std::string{why});
    };
    if (!is_user_of_unit(datagram.user, place)) return unclear("its user is not the unit's");
    if (hub == nullptr || is_late) return unclear("PID 1 read it too late to tell whose it was");
    const auto begin = Clock::now();
    if (!is_owed && !hub->looks().is_left(begin)) {
        return unclear("too many of the kind have come to look for the sender");
    }
    const auto other = find_other_sender(datagram.user, place.cgroup);
    hub->looks().spend(Clock::now() - begin);
    SenderVerdict verdict = other ? unclear(*other) : SenderVerdict{gone, {}};
    verdict.has_looked = true;
    return verdict;
}

}  // namespace

Result<std::unique_ptr<NotifyHub>> NotifyHub::make() {
    Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll) return errno_failure("epoll_create1");
    return std::unique_ptr<NotifyHub>{new NotifyHub{std::move(epoll)}};
}

Status NotifyHub::add(const Fd& socket, Reader reader) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket.get()}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) < 0) {
        return errno_failure("epoll_ctl");
    }
    readers_[socket.get()] = std::move(reader);
    return {};
}

void NotifyHub::remove(const Fd& socket) {
    readers_.erase(socket.get());
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.get(), nullptr);
}

// A reader that may not read yet takes note of it; its socket is named each time.
void NotifyHub::read_all() {
    if (readers_.empty()) return;
    std::vector<epoll_event> ready(readers_.size());
    const int count = epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; ++i) {
        const int socket = ready[static_cast<std::size_t>(i)].data.fd;
        const auto found = readers_.find(socket);
        if (found != readers_.end()) found->second();
    }
}

bool LookBudget::is_left(Clock::time_point now) {
    const Clock::duration earned = (now - counted_) / part_for_looks;
    left_ = std::min<Clock::duration>(longest_looks, left_ + earned);
    counted_ = now;
    return left_ > Clock::duration::zero();
}

std::optional<std::string> find_other_sender(uid_t user, std::string_view cgroup) {
    constexpr std::string_view unknown = "PID 1 could not look at all processes";
    const auto own = own_standing();
    const auto root = open_procfs();
    if (!own || !root) return std::string{unknown};
    // An empty or cut list would let everything pass, and is an error.
    const auto processes = list_processes(*root, most_processes);
    if (!processes) return std::string{unknown};
    for (const pid_t pid : *processes) {
        const auto process = open_in_procfs(*root, std::to_string(pid), O_RDONLY | O_DIRECTORY);
        if (!process || !may_have_sent(*process, user, cgroup, *own)) continue;
        return "a process outside of the unit may have sent it: it has the same user or may take "
               "it";
    }
    return std::nullopt;
}

std::optional<std::uint64_t> cgroup_id_of_ended(const Process& process) {
    if (!process) return std::nullopt;
    PidfdInfo info;
    info.mask = info_cgroup_id | info_exit;
    if (ioctl(process.pidfd().get(), get_info, &info) < 0) return std::nullopt;
    constexpr std::uint64_t both = info_cgroup_id | info_exit;
    if ((info.mask & both) != both) return std::nullopt;
    return info.cgroup_id;
}

SenderVerdict judge_sender(const NotifyDatagram& datagram, const NotifyPlace& place, NotifyHub* hub,
                           bool is_late, bool is_owed) {
    constexpr auto present = SenderVerdict::Kind::present;
    if (place.cgroup.empty()) {
        // A number is its process's own until that is reaped.
        if (datagram.sender.pid() > 0 && datagram.sender.pid() == place.main) return {present, {}};
        return refuse("it is not from the main process, and the unit has no control group");
    }
    if (datagram.sender.pid() <= 0)
        return refuse("its process is not in the supervisor's pid namespace");
    const auto cgroup = cgroup_of(datagram.sender);
    if (!cgroup) return judge_gone(datagram, place, hub, is_late, is_owed);
    if (is_within(*cgroup, place.cgroup)) return {present, {}};
    return refuse("its process is not in the unit's control group");
}

}  // namespace confinit
