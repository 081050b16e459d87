// SPDX-License-Identifier: Apache-2.0
// The child's steps on what it may do: capability sets, ids, no_new_privs and the filter.
//
// The order is dictated by credentials(7) and capabilities(7): the bounding set needs CAP_SETPCAP,
// the groups CAP_SETGID, the user CAP_SETUID; leaving user 0 clears the effective and ambient sets.
#include "launch/child/separation.h"
#include "launch/child/steps.h"

#include <cerrno>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

namespace confinit {

namespace {

// These bits would forbid to raise the ambient set, and wait until it is raised.
constexpr unsigned late_securebits =
    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

constexpr std::uint64_t bit(int capability) {
    return std::uint64_t{1} << capability;
}

// The three sets of capget(2) as 64-bit masks.
struct ThreadSets {
    std::uint64_t effective = 0;
    std::uint64_t permitted = 0;
    std::uint64_t inheritable = 0;
};

constexpr std::uint64_t joined(std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32 | low;
}

bool get_sets(ChildContext& child, ThreadSets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    if (child.call(SYS_capget, &header, data) < 0) return false;
    sets.effective = joined(data[0].effective, data[1].effective);
    sets.permitted = joined(data[0].permitted, data[1].permitted);
    sets.inheritable = joined(data[0].inheritable, data[1].inheritable);
    return true;
}

bool set_sets(ChildContext& child, const ThreadSets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const auto low = [](std::uint64_t mask) {
        return static_cast<std::uint32_t>(mask);
    };
    const auto high = [](std::uint64_t mask) {
        return static_cast<std::uint32_t>(mask >> 32);
    };
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{
        {low(sets.effective), low(sets.permitted), low(sets.inheritable)},
        {high(sets.effective), high(sets.permitted), high(sets.inheritable)},
    };
    return child.call(SYS_capset, &header, data) >= 0;
}

bool set_inheritable(ChildContext& child) {
    if (child.plan.keep_all_capabilities) return true;
    ThreadSets sets;
    if (!get_sets(child, sets)) return false;
    sets.inheritable = child.plan.inheritable | child.plan.ambient;
    return set_sets(child, sets);
}

// Without CAP_SETPCAP the kernel refuses the drop of a capability that is not in the set either,
// as in a container that was given none: what is so already is in force.
bool drop_from_bounding(ChildContext& child, int capability) {
    child.item = capability;
    if (child.call(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) >= 0) return true;
    return child.error == EPERM && child.call(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) == 0;
}

bool drop_bounding_set(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (plan.keep_all_capabilities) return true;
    for (int capability = 0; capability <= plan.last_capability; ++capability) {
        const bool stays = (plan.bounding & bit(capability)) != 0;
        // The right to drop others goes last.
        if (stays || capability == CAP_SETPCAP) continue;
        if (!drop_from_bounding(child, capability)) return false;
    }
    if ((plan.bounding & bit(CAP_SETPCAP)) != 0) return true;
    return drop_from_bounding(child, CAP_SETPCAP);
}

bool needs_capabilities_as_user(const ChildPlan& plan) {
    if (plan.uid == 0) return false;
    return plan.ambient != 0 || (plan.securebits & late_securebits) != 0 ||
           plan.keep_all_capabilities;
}

// execve(2) takes SECBIT_KEEP_CAPS away by itself.
unsigned wanted_securebits(const ChildPlan& plan) {
    return plan.securebits | (needs_capabilities_as_user(plan) ? SECBIT_KEEP_CAPS : 0U);
}

bool set_securebits(ChildContext& child, unsigned bits) {
    child.item = -1;
    return bits == 0 || child.call(SYS_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0) >= 0;
}

// The permitted set that the program is executed with; for user 0 execve(2) computes a new one
// from the bounding set, and this makes the sets right even before.
std::uint64_t final_permitted(const ChildPlan& plan, const ThreadSets& present) {
    if (plan.keep_all_capabilities) return present.permitted;
    return plan.uid == 0 ? present.permitted & plan.bounding : plan.ambient;
}

bool raise_ambient(ChildContext& child, std::uint64_t ambient) {
    for (int capability = 0; capability <= child.plan.last_capability; ++capability) {
        if ((ambient & bit(capability)) == 0) continue;
        child.item = capability;
        if (child.call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) {
            return false;
        }
    }
    child.item = -1;
    return true;
}

}  // namespace

bool limit_capabilities(ChildContext& child) {
    return set_inheritable(child) && drop_bounding_set(child) &&
           set_securebits(child, wanted_securebits(child.plan) & ~late_securebits);
}

// libc's wrappers of these would look for threads to synchronise.
bool change_groups(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (plan.set_groups && child.call(SYS_setgroups, plan.groups.size(), plan.groups.data()) < 0) {
        return false;
    }
    return child.call(SYS_setresgid, plan.gid, plan.gid, plan.gid) >= 0;
}

bool change_user(ChildContext& child) {
    const uid_t uid = child.plan.uid;
    return child.call(SYS_setresuid, uid, uid, uid) >= 0 && forbid_tracing(child);
}

bool set_final_capabilities(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    ThreadSets present;
    if (!get_sets(child, present)) return false;
    const std::uint64_t permitted = final_permitted(plan, present);
    if ((permitted & ~present.permitted) != 0) {
        child.item = __builtin_ctzll(permitted & ~present.permitted);
        return child.refuse(EPERM);
    }
    const std::uint64_t ambient =
        plan.keep_all_capabilities && plan.uid != 0 ? permitted : plan.ambient;
    const bool has_late_bits = (plan.securebits & late_securebits) != 0;
    const std::uint64_t helper = has_late_bits ? present.permitted & bit(CAP_SETPCAP) : 0;
    ThreadSets sets{
        .effective = permitted | helper,
        .permitted = permitted | helper,
        .inheritable = present.inheritable | ambient,
    };

    if (child.call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return false;
    if (!set_sets(child, sets) || !raise_ambient(child, ambient)) return false;
    if (!has_late_bits) return true;
    if (!set_securebits(child, wanted_securebits(plan))) return false;
    sets.effective = permitted;
    sets.permitted = permitted;
    return set_sets(child, sets);
}

bool forbid_new_privileges(ChildContext& child) {
    if (!child.plan.no_new_privs) return true;
    return child.call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) >= 0;
}

bool load_filter(ChildContext& child) {
    const auto filter = child.plan.filter;
    if (filter.empty()) return true;
    if (filter.size() > BPF_MAXINSNS) return child.fail(SYS_seccomp, EINVAL);
    const sock_fprog program{
        .len = static_cast<unsigned short>(filter.size()),
        .filter = const_cast<sock_filter*>(filter.data()),
    };
    return child.call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) >= 0;
}

}  // namespace confinit
