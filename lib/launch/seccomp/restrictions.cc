// SPDX-License-Identifier: Apache-2.0
// Restrictions: what each key denies, and the doors around it that it closes.
//
// Every argument that is looked at here is one that the kernel cuts to 32 bits, or of which it
// looks at bits of the low half only.
#include "launch/seccomp/restrictions.h"

#include "launch/namespace_table.h"
#include "launch/seccomp/doors.h"
#include "launch/seccomp/narrow.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace confinit {
namespace {

constexpr std::uint64_t word = 0xffffffff;
constexpr std::uint64_t personality_query = 0xffffffff;
constexpr std::uint64_t set_id_bits = S_ISUID | S_ISGID;
// With either of these open(2) makes a file; O_TMPFILE itself holds O_DIRECTORY too.
constexpr std::uint64_t making_flags = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);

ArgumentCondition is_equal(unsigned index, std::uint64_t value, std::uint64_t mask = word) {
    return {index, ArgumentComparison::equal, value & mask, mask};
}

ArgumentCondition is_other(unsigned index, std::uint64_t value, std::uint64_t mask = word) {
    return {index, ArgumentComparison::not_equal, value & mask, mask};
}

ArgumentCondition has_any(unsigned index, std::uint64_t bits) {
    return is_other(index, 0, bits);
}

ArgumentCondition has_all(unsigned index, std::uint64_t bits) {
    return is_equal(index, bits, bits);
}

class Restrictions {
public:
    explicit Restrictions(CallTable& calls) : calls_(calls) {}

    void families(const AddressFamilies& families) {
        for (const std::string_view call : {"socket", "socketpair"}) {
            std::vector<ArgumentCondition> is_none;
            for (const unsigned family : families.families) {
                if (families.are_exceptions) deny(call, EAFNOSUPPORT, {is_equal(0, family)});
                is_none.push_back(is_other(0, family));
            }
            if (!families.are_exceptions) deny(call, EAFNOSUPPORT, std::move(is_none));
        }
        close_doors({"io_uring", "socketcall", "ipc"});
    }

    void namespaces(std::span<const NamespaceKind> allowed) {
        std::uint64_t denied = 0;
        for (const NamespaceRow& row : namespace_rows) {
            if (std::ranges::find(allowed, row.kind) == allowed.end()) denied |= row.flag;
        }
        if (denied == 0) return;
        deny("unshare", EPERM, {has_any(0, denied)});
        // A kind of 0 is whatever the descriptor is.
        deny("setns", EPERM, {has_any(1, denied)});
        deny("setns", EPERM, {is_equal(1, 0)});
        // To clone(2) this bit is a part of the number of a signal.
        const std::uint64_t by_clone = denied & ~std::uint64_t{CLONE_NEWTIME};
        if (by_clone != 0) deny("clone", EPERM, {has_any(0, by_clone)});
        close_doors({"clone3"});
    }

    void writable_code() {
        for (const std::string_view call : {"mmap", "mmap2"}) {
            if (call == "mmap" && calls_.abi == SyscallAbi::x86) continue;
            deny(call, EPERM, {has_all(2, PROT_WRITE | PROT_EXEC)});
        }
        deny("mprotect", EPERM, {has_all(2, PROT_EXEC)});
        deny("pkey_mprotect", EPERM, {has_all(2, PROT_EXEC)});
        deny("shmat", EPERM, {has_all(2, SHM_EXEC)});
        deny("personality", EPERM, {has_all(0, READ_IMPLIES_EXEC), is_other(0, personality_query)});
        // The old mmap(2) of 32-bit programs has its arguments in memory, and so has ipc(2), which
        // is their shmat(2).
        if (calls_.abi == SyscallAbi::x86) close_doors({"mmap", "ipc"});
    }

    void set_id_files() {
        for (const std::string_view call : {"chmod", "fchmod", "mkdir", "mknod", "creat"})
            deny(call, EPERM, {has_any(1, set_id_bits)});
        for (const std::string_view call : {"fchmodat", "fchmodat2", "mkdirat", "mknodat"})
            deny(call, EPERM, {has_any(2, set_id_bits)});
        deny("open", EPERM, {has_any(1, making_flags), has_any(2, set_id_bits)});
        deny("openat", EPERM, {has_any(2, making_flags), has_any(3, set_id_bits)});
        close_doors({"openat2", "io_uring"});
    }

    void realtime() {
        std::vector<ArgumentCondition> is_realtime;
        for (const int policy : {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE}) {
            is_realtime.push_back(is_other(1, static_cast<std::uint64_t>(policy),
                                           word & ~std::uint64_t{SCHED_RESET_ON_FORK}));
        }
        deny("sched_setscheduler", EPERM, std::move(is_realtime));
        close_doors({"sched_setattr"});
    }

    void personality() {
        deny("personality", EPERM, {is_other(0, personality_query), is_other(0, PER_LINUX)});
    }

private:
    void deny(std::string_view call, std::uint32_t error,
              std::vector<ArgumentCondition> conditions) {
        auto* decision = calls_.find(call);
        if (decision == nullptr) return;
        narrow(*decision, {std::move(conditions), SECCOMP_RET_ERRNO | error});
    }

    void close_doors(std::initializer_list<std::string_view> doors) {
        for (const std::string_view door : doors)
            close_door(door, calls_);
    }

    CallTable& calls_;
};

// The lowest one that is denied; absent where every family is allowed.
std::optional<unsigned> denied_family(const AddressFamilies& families) {
    for (unsigned number = 0; number < AF_MAX; ++number) {
        const bool is_listed =
            std::ranges::find(families.families, number) != families.families.end();
        if (is_listed == families.are_exceptions) return number;
    }
    return std::nullopt;
}

std::uint64_t denied_namespace(std::span<const NamespaceKind> allowed) {
    const auto* found = std::ranges::find_if(namespace_rows, [&](const NamespaceRow& row) {
        return std::ranges::find(allowed, row.kind) == allowed.end();
    });
    return found == namespace_rows.end() ? 0 : found->flag;
}

}  // namespace

void restrict_calls(const SeccompConfig& config, CallTable& calls) {
    Restrictions restrictions{calls};
    if (config.address_families) restrictions.families(*config.address_families);
    if (config.namespaces) restrictions.namespaces(*config.namespaces);
    if (config.memory_deny_write_execute) restrictions.writable_code();
    if (!config.suid_sgid) restrictions.set_id_files();
    if (!config.realtime) restrictions.realtime();
    if (!config.personality) restrictions.personality();
}

std::vector<DeniedExample> denied_examples(const SeccompConfig& config) {
    std::vector<DeniedExample> examples;
    if (config.address_families) {
        const auto family = denied_family(*config.address_families);
        if (family) examples.push_back({"seccomp.address_families", "socket", {*family}});
    }
    if (config.namespaces) {
        const std::uint64_t flag = denied_namespace(*config.namespaces);
        if (flag != 0) examples.push_back({"seccomp.namespaces", "unshare", {flag}});
    }
    if (config.memory_deny_write_execute) {
        examples.push_back({"seccomp.memory_deny_write_execute", "mprotect", {0, 0, PROT_EXEC}});
    }
    if (!config.suid_sgid) examples.push_back({"seccomp.suid_sgid", "fchmod", {0, S_ISUID}});
    if (!config.realtime) {
        examples.push_back({"seccomp.realtime", "sched_setscheduler", {0, SCHED_FIFO}});
    }
    if (!config.personality) {
        examples.push_back({"seccomp.personality", "personality", {ADDR_NO_RANDOMIZE}});
    }
    return examples;
}

}  // namespace confinit
