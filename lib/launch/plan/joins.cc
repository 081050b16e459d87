// SPDX-License-Identifier: Apache-2.0
// The namespaces that a service shares with another one, or with what a path names: opened here,
// entered by the child.
#include "launch/early_hints.h"
#include "launch/namespace_table.h"
#include "launch/plan/parts.h"
#include "launch/plan/service_view.h"

#include "base/file.h"
#include "base/look_note.h"
#include "kernel/proc_status.h"
#include "kernel/procfs.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

Error join_failure(const NamespaceRow& row, std::string object, std::string call, int error,
                   std::string hint) {
    return {.key = std::string{row.key},
            .object = std::move(object),
            .call = std::move(call),
            .error = error,
            .hint = std::move(hint)};
}

// The file is behind a magic link, the way to which is that of procfs alone.
Result<Fd> open_namespace(pid_t pid, std::string_view link) {
    const Fd process = TRY(open_process(pid));
    const Fd links = TRY(open_in_procfs(process, "ns", O_PATH | O_DIRECTORY));
    return open_at(links.get(), std::string{link}, O_RDONLY);
}

// The pid may be another process's by the time of the open; the pidfd tells.
Result<Fd> open_of_unit(const NamespaceRow& row, const std::string& name,
                        const LaunchContext& context) {
    const Process* target = context.find_running ? context.find_running(name) : nullptr;
    if (target == nullptr) {
        return std::unexpected(
            join_failure(row, "unit:" + name, "", 0, "the unit has no main process now"));
    }
    const std::string path =
        "/proc/" + std::to_string(target->pid()) + "/ns/" + std::string{row.link};
    auto opened = open_namespace(target->pid(), row.link);
    if (!target->is_there()) {
        return std::unexpected(
            join_failure(row, "unit:" + name, "", ESRCH, "its main process has just ended"));
    }
    if (opened) return std::move(*opened);
    return std::unexpected(join_failure(row, path, "open", opened.error().error, {}));
}

// A look that no file system can keep waiting: the kernel answers from what it knows already.
Result<struct statx> look_at(const Fd& file) {
    struct statx status{};
    constexpr int flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    if (statx(file.get(), "", flags, STATX_TYPE, &status) < 0) return errno_failure("statx");
    return status;
}

std::string_view kind_text(unsigned mode) {
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISSOCK(mode)) return "a socket";
    return "an ordinary file";
}

// All namespaces of the machine are files of one file system.
Result<bool> is_namespace(const struct statx& status) {
    const Fd process = TRY(open_own_process());
    const Fd links = TRY(open_in_procfs(process, "ns", O_PATH | O_DIRECTORY));
    const Fd mount_namespace = TRY(open_at(links.get(), "mnt", O_PATH));
    const auto own = TRY(look_at(mount_namespace));
    return S_ISREG(status.stx_mode) && status.stx_dev_major == own.stx_dev_major &&
           status.stx_dev_minor == own.stx_dev_minor;
}

// The file again, to be used: an open for reading would wait at a FIFO or a device.
Result<Fd> open_for_use(const Fd& file) {
    const Fd own = TRY(open_own_process());
    const Fd descriptors = TRY(open_in_procfs(own, "fd", O_PATH | O_DIRECTORY));
    return open_at(descriptors.get(), std::to_string(file.get()), O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

// O_PATH opens nothing and triggers no automount.
Result<Fd> open_of_path(const NamespaceRow& row, const std::string& path) {
    const auto refuse = [&](const Error& error) {
        return std::unexpected(join_failure(row, path, "open", error.error,
                                            "a namespace's file, such as one of /run/netns"));
    };
    note_key(row.key);
    note_path(path);
    const auto file = open_at(AT_FDCWD, path, O_PATH);
    if (!file) return refuse(file.error());
    const auto status = look_at(*file);
    if (!status) return refuse(status.error());
    const auto is_one = is_namespace(*status);
    if (!is_one) return refuse(is_one.error());
    if (!*is_one) {
        return std::unexpected(
            join_failure(row, path, "", 0,
                         "this is no namespace but " + std::string{kind_text(status->stx_mode)}));
    }
    auto opened = open_for_use(*file);
    if (opened) return std::move(*opened);
    return refuse(opened.error());
}

// Whether it is the supervisor's own, which is the host's.
bool is_own(NamespaceKind kind, const JoinTarget& target) {
    const auto own = open_namespace(getpid(), namespace_row(kind).link);
    struct stat theirs{};
    struct stat ours{};
    return own && fstat(own->get(), &ours) == 0 && fstat(target.file.get(), &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

std::string own_namespace_text(const JoinedNamespace& joined) {
    const std::string key{namespace_row(joined.kind).key};
    if (joined.unit.empty()) {
        return key + ": '" + joined.path +
               "' is the host's, so that nothing is apart from the host";
    }
    return key + ": '" + joined.unit + "' has none of its own, so that this one joins the host's";
}

}  // namespace

Result<JoinTarget> open_join_target(const JoinedNamespace& joined, const LaunchContext& context) {
    const NamespaceRow& row = namespace_row(joined.kind);
    const std::string object = joined.unit.empty() ? joined.path : "unit:" + joined.unit;
    JoinTarget target{.join = {.key = std::string{row.key}, .flag = row.flag}, .file = {}};
    target.file = TRY(joined.unit.empty() ? open_of_path(row, joined.path)
                                          : open_of_unit(row, joined.unit, context));
    const int type = ioctl(target.file.get(), NS_GET_NSTYPE);
    if (type < 0) {
        return std::unexpected(join_failure(row, object, "ioctl", errno, "this is no namespace"));
    }
    if (static_cast<std::uint64_t>(type) != row.flag) {
        return std::unexpected(
            join_failure(row, object, "", 0, "this is a namespace of another kind"));
    }
    struct stat status{};
    if (fstat(target.file.get(), &status) < 0) {
        return std::unexpected(join_failure(row, object, "fstat", errno, {}));
    }
    target.join.identity = std::string{row.link} + ":[" + std::to_string(status.st_ino) + "]";
    // The kernel lets nobody in where they are already.
    if (joined.kind == NamespaceKind::user && is_own(joined.kind, target)) {
        return std::unexpected(
            join_failure(row, object, "setns", EINVAL, std::string{own_user_namespace_hint}));
    }
    return target;
}

Status apply_joins(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    for (const JoinedNamespace& joined : unit.namespaces.joined) {
        JoinTarget target = TRY(open_join_target(joined, context));
        if (is_own(joined.kind, target)) plan.warnings.push_back(own_namespace_text(joined));
        plan.joins.push_back(std::move(target.join));
        plan.join_files.push_back(std::move(target.file));
        if (joined.kind == NamespaceKind::pid) plan.child.fork_into_pid_namespace = true;
    }
    return {};
}

}  // namespace confinit
