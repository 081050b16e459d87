// SPDX-License-Identifier: Apache-2.0
// The keys of [seccomp] that each take one power from the system calls that are let through.
#include "unit/address_families.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view families_form =
    "an array of socket families such as [\"unix\", \"inet\"], or of exceptions such as "
    "[\"~packet\"]";
constexpr std::string_view kinds_form =
    "true, false, or an array of namespaces such as [\"user\", \"net\"]";
constexpr std::string_view architectures_form = "an array such as [\"native\", \"x86\"]";

struct FamilyEntry {
    unsigned number = 0;
    bool is_exception = false;
};

std::optional<FamilyEntry> read_family(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const bool is_exception = word->starts_with('~');
    const std::string_view name = std::string_view{*word}.substr(is_exception ? 1 : 0);
    const auto number = address_family(name);
    if (number) return FamilyEntry{*number, is_exception};
    const std::string plain = short_family_name(name);
    const bool is_new = plain == "ipv6" || plain == "ip6";
    const bool is_old = plain == "ipv4" || plain == "ip4" || plain == "ip";
    value.refuse("there is no socket family " + quoted(name),
                 is_new   ? "inet6"
                 : is_old ? "inet"
                          : value.nearest(plain, address_family_names()));
    return std::nullopt;
}

// Half a list would be another list, so that nothing is taken over of one with a fault.
void read_families(const Value& value, Unit& unit) {
    const auto elements = value.elements("a socket family such as \"unix\"");
    if (!elements) return;
    AddressFamilies families;
    bool is_good = true;
    for (std::size_t i = 0; i < elements->size(); ++i) {
        const auto entry = read_family((*elements)[i]);
        is_good = is_good && entry;
        if (!entry) continue;
        if (i == 0) families.are_exceptions = entry->is_exception;
        if (families.are_exceptions != entry->is_exception) {
            (*elements)[i].refuse("families and exceptions ('~') cannot be mixed in one list");
            return;
        }
        families.families.push_back(entry->number);
    }
    if (is_good) unit.seccomp->address_families = std::move(families);
}

constexpr auto kind_names = make_name_table<NamespaceKind>({
    {NamespaceKind::user, "user"},
    {NamespaceKind::mount, "mount"},
    {NamespaceKind::net, "net"},
    {NamespaceKind::ipc, "ipc"},
    {NamespaceKind::uts, "uts"},
    {NamespaceKind::cgroup, "cgroup"},
    {NamespaceKind::time, "time"},
    {NamespaceKind::pid, "pid"},
});

std::optional<NamespaceKind> read_kind(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const auto kind = kind_names.value(*word);
    if (!kind) {
        value.refuse("there is no namespace " + quoted(*word),
                     value.nearest(*word, kind_names.names()));
    }
    return kind;
}

void read_kinds(const Value& value, Unit& unit) {
    auto& kinds = unit.seccomp->namespaces;
    if (const auto all = value.if_boolean()) {
        if (!*all) kinds.emplace();
        return;
    }
    if (!value.is_array()) return value.mismatch();
    kinds = list_of(value, "a namespace such as \"user\"", read_kind);
}

template <bool SeccompConfig::* member>
void read_truth(const Value& value, Unit& unit) {
    assign((*unit.seccomp).*member, value.boolean());
}

void read_architectures(const Value& value, Unit& unit) {
    constexpr std::string_view words[] = {"native", "x86"};
    const auto elements = value.elements("\"native\" or \"x86\"");
    if (!elements) return;
    bool is_native = false;
    for (const Value& element : *elements) {
        const auto word = element.word();
        if (!word) continue;
        if (*word == "native") {
            is_native = true;
        } else if (*word == "x86") {
            unit.seccomp->architectures.push_back(ForeignCalls::x86);
        } else if (*word == "x32") {
            element.refuse(
                "x32 is never let through: its numbers reach the native calls by another way, and "
                "kernels are built or booted without it");
        } else {
            element.mismatch(element.nearest(*word, words));
        }
    }
    if (!is_native) value.refuse("'native' is missing, and the launch itself makes native calls");
}

constexpr Key seccomp_restriction_table[] = {
    {
        .path = "seccomp.address_families",
        .form = families_form,
        .fallback = "every family",
        .documentation =
            "The families of the sockets that the service may make: these only (none with []), or "
            "all but the exceptions (\"~packet\"). AF_UNIX, unix and local are the same. socket(2) "
            "and socketpair(2) answer EAFNOSUPPORT for any other. io_uring(7), which makes sockets "
            "as well, answers ENOSYS, and so do socketcall(2) and ipc(2) of 32-bit programs. "
            "Sockets that the service is given are not concerned. Like each of these keys, it only "
            "takes from what default, allow, deny and rules let through; without any of those, "
            "everything else is let through.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "socket(2), address_families(7), io_uring_enter(2)",
        .systemd = "RestrictAddressFamilies=",
        .read = read_families,
    },
    {
        .path = "seccomp.namespaces",
        .form = kinds_form,
        .fallback = "true",
        .documentation =
            "The namespaces that the service itself may make or join: all, none, or those of the "
            "list. unshare(2), clone(2) and setns(2) answer EPERM for any other, and clone3(2), "
            "whose flags a filter cannot see, answers ENOSYS, so that a libc falls back on "
            "clone(2). setns(2) without a kind answers EPERM as well. Without \"user\" nothing in "
            "the service gets capabilities back by a user namespace of its own.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "namespaces(7), clone(2), setns(2), unshare(2)",
        .systemd = "RestrictNamespaces=",
        .read = read_kinds,
    },
    {
        .path = "seccomp.memory_deny_write_execute",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "Memory is never writable and executable, and does not become executable later: "
            "mmap(2) with both, mprotect(2) and pkey_mprotect(2) with PROT_EXEC, shmat(2) with "
            "SHM_EXEC and personality(2) with READ_IMPLIES_EXEC answer EPERM. All processes of the "
            "service inherit it, so that a program with a just-in-time compiler, or a library that "
            "makes code, fails with \"Operation not permitted\" in any of them. Not concerned are "
            "a "
            "file that is written and then mapped, for which mounts.no_exec is, and code that is "
            "there and changed through /proc/self/mem or ptrace(2).",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "mmap(2), mprotect(2), shmop(2), personality(2)",
        .systemd = "MemoryDenyWriteExecute=",
        .read = read_truth<&SeccompConfig::memory_deny_write_execute>,
    },
    {
        .path = "seccomp.suid_sgid",
        .form = boolean_form,
        .fallback = "true",
        .documentation =
            "Whether the service may make files with a set-user-ID or set-group-ID bit, which "
            "would run as their owner outside of its confinement. With false, chmod(2), mkdir(2), "
            "mknod(2), open(2) with O_CREAT or O_TMPFILE, and their kin answer EPERM to a mode "
            "with such a bit. openat2(2) and io_uring(7), whose modes a filter cannot see, answer "
            "ENOSYS.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "inode(7), chmod(2), openat2(2)",
        .systemd = "RestrictSUIDSGID=",
        .read = read_truth<&SeccompConfig::suid_sgid>,
    },
    {
        .path = "seccomp.realtime",
        .form = boolean_form,
        .fallback = "true",
        .documentation =
            "Whether the service may give itself realtime scheduling, with which a loop can starve "
            "a whole machine. With false, sched_setscheduler(2) answers EPERM to any policy but "
            "SCHED_OTHER, SCHED_BATCH and SCHED_IDLE, sched_setattr(2), whose policy a filter "
            "cannot see, answers ENOSYS, and RLIMIT_RTPRIO is 0. It holds for a service with "
            "CAP_SYS_NICE too.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER, prlimit(2) RLIMIT_RTPRIO",
        .source = "sched(7), sched_setscheduler(2), sched_setattr(2)",
        .systemd = "RestrictRealtime=",
        .read = read_truth<&SeccompConfig::realtime>,
    },
    {
        .path = "seccomp.personality",
        .form = boolean_form,
        .fallback = "true",
        .documentation =
            "Whether the service may change its execution domain, by which it could turn off the "
            "randomisation of addresses and other safeguards. With false, personality(2) answers "
            "EPERM, except that it can be asked for and set to PER_LINUX, the plain one.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "personality(2)",
        .systemd = "LockPersonality=",
        .read = read_truth<&SeccompConfig::personality>,
    },
    {
        .path = "seccomp.architectures",
        .form = architectures_form,
        .fallback = "[\"native\"]",
        .documentation =
            "Whose system calls are let through: those of the machine's own programs, and with "
            "\"x86\" those of 32-bit programs on x86-64. The calls of any other architecture kill "
            "the process, with any filter. The lists hold for 32-bit calls by their names; a name "
            "also stands for those variants of it that only 32-bit programs have, such as mmap2 "
            "for mmap. A call whose arguments lie in memory (socketcall, ipc, the old mmap and "
            "select) answers ENOSYS where something that it does is denied, even if only for some "
            "arguments.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2), Documentation/userspace-api/seccomp_filter.rst",
        .systemd = "SystemCallArchitectures=",
        .read = read_architectures,
    },
};

}  // namespace

std::span<const Key> seccomp_restriction_keys() {
    return seccomp_restriction_table;
}

}  // namespace confinit
