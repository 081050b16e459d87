// SPDX-License-Identifier: Apache-2.0
// Privileges: a service's capability sets, no_new_privs and the system call filter.
#include "launch/plan/parts.h"
#include "launch/protection.h"
#include "launch/seccomp/filter_cache.h"
#include "launch/seccomp/policy.h"

#include <bit>
#include <linux/bpf_common.h>
#include <linux/capability.h>

namespace confinit {
namespace {

constexpr CapabilityMask bit(int number) {
    return CapabilityMask{1} << number;
}

// Over these the kernel asks for the right in the first user namespace, so that one that was got
// with a new user namespace opens nothing: user_namespaces(7).
constexpr CapabilityMask of_first_user_namespace =
    bit(CAP_SYS_MODULE) | bit(CAP_SYS_RAWIO) | bit(CAP_SYS_BOOT) | bit(CAP_SYS_TIME) |
    bit(CAP_MKNOD) | bit(CAP_MAC_ADMIN) | bit(CAP_MAC_OVERRIDE) | bit(CAP_SYSLOG) |
    bit(CAP_WAKE_ALARM) | bit(CAP_LINUX_IMMUTABLE);
// And over these in the user namespace that owns the network.
constexpr CapabilityMask of_network =
    bit(CAP_NET_BIND_SERVICE) | bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW) | bit(CAP_NET_BROADCAST);

Status refuse(std::string_view key, CapabilityMask capabilities, std::string_view hint) {
    return std::unexpected(Error{.key = std::string{key},
                                 .object = capability_text(capabilities, ~CapabilityMask{0}),
                                 .hint = std::string{hint}});
}

// The first process of a new user namespace has every capability in it.
CapabilityMask available(const Unit& unit, const LaunchContext& context, CapabilityMask all) {
    return unit.namespaces.user ? all : context.capabilities;
}

Status check_useful(const Unit& unit, CapabilityMask ambient) {
    if (!unit.namespaces.user) return {};
    constexpr std::string_view key = "capabilities.ambient";
    if ((ambient & of_first_user_namespace) != 0) {
        return refuse(key, ambient & of_first_user_namespace,
                      "a new user namespace makes it useless: it counts in the first one only");
    }
    if ((ambient & of_network) != 0 && !unit.namespaces.net) {
        return refuse(key, ambient & of_network,
                      "a new user namespace makes it useless over the host's network; say "
                      "namespaces.net = true as well");
    }
    return {};
}

// "all", or all but some ("~net_admin"), also holds numbers that no kernel has: it is what there
// is, while a capability that is named has to be there.
CapabilityMask wanted(CapabilityMask declared, CapabilityMask there) {
    constexpr CapabilityMask of_no_kernel = CapabilityMask{1} << 63;
    return (declared & of_no_kernel) != 0 ? declared & there : declared;
}

CapabilityConfig resolve(const CapabilityConfig& declared, CapabilityMask there) {
    CapabilityConfig config = declared;
    if (config.bounding) config.bounding = wanted(*config.bounding, there);
    config.ambient = wanted(config.ambient, config.bounding.value_or(there));
    return config;
}

Status check_capabilities(const Unit& unit, const CapabilityConfig& config, CapabilityMask there) {
    constexpr std::string_view not_there = "not in the supervisor's own bounding set";
    if (config.bounding && (*config.bounding & ~there) != 0) {
        return refuse("capabilities.bounding", *config.bounding & ~there, not_there);
    }
    const CapabilityMask bounding = config.bounding.value_or(there);
    if ((config.ambient & ~there) != 0) {
        return refuse("capabilities.ambient", config.ambient & ~there, not_there);
    }
    if ((config.ambient & ~bounding) != 0) {
        return refuse("capabilities.ambient", config.ambient & ~bounding,
                      "not in capabilities.bounding");
    }
    if ((config.ambient & dropped_capabilities(unit)) != 0) {
        return refuse("capabilities.ambient", config.ambient & dropped_capabilities(unit),
                      "a preset of mounts.protect takes it away");
    }
    return check_useful(unit, config.ambient);
}

// Without no_new_privs, seccomp(2) loads a filter only for who has CAP_SYS_ADMIN at that point.
Status check_filter_right(const PlanDraft& plan) {
    const CapabilitySets& sets = plan.expected_capabilities;
    const bool has_right = (sets.effective & bit(CAP_SYS_ADMIN)) != 0;
    if (plan.child.no_new_privs || has_right) return {};
    return std::unexpected(
        Error{.key = "capabilities.no_new_privs",
              .object = "false",
              .hint = "a filter needs no_new_privs, unless the service keeps sys_admin"});
}

Result<BpfProgram> compile(const SeccompConfig& config, CapabilityMask bounding) {
    const auto policy = make_policy(config, bounding);
    if (!policy) {
        return std::unexpected(Error{.key = "seccomp", .hint = policy.error().text()});
    }
    BpfProgram filter = compile_filter(*policy);
    if (filter.empty() || filter.size() > BPF_MAXINSNS) {
        return std::unexpected(
            Error{.key = "seccomp",
                  .hint = "the filter has " + std::to_string(filter.size()) + " instructions"});
    }
    return filter;
}

}  // namespace

int last_capability(CapabilityMask all) {
    return 63 - std::countl_zero(all);
}

Status apply_capabilities(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    const CapabilityMask all = kernel_capabilities();
    const CapabilityMask there = available(unit, context, all) & all;
    const CapabilityConfig config = resolve(unit.capabilities, there);
    TRY(check_capabilities(unit, config, there));
    ChildDraft& child = plan.child;
    child.bounding = config.bounding.value_or(there) & ~dropped_capabilities(unit);
    child.ambient = config.ambient;
    child.inheritable = child.ambient;
    child.securebits = unit.capabilities.securebits;
    child.last_capability = last_capability(all);
    plan.expected_capabilities = sets_after_exec({.uid = child.uid,
                                                  .bounding = child.bounding,
                                                  .ambient = child.ambient,
                                                  .securebits = child.securebits});
    return {};
}

Status apply_filter(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    const auto seccomp = filter_with_protection(unit);
    plan.child.no_new_privs = unit.capabilities.no_new_privs.value_or(seccomp.has_value());
    if (!seccomp) return {};
    const CapabilityMask bounding = plan.child.bounding;
    FilterCache* cache = context.filters;
    const BpfProgram* kept = cache != nullptr ? cache->find(*seccomp, bounding) : nullptr;
    plan.child.filter = kept != nullptr ? *kept : TRY(compile(*seccomp, bounding));
    if (kept == nullptr && cache != nullptr) cache->add(*seccomp, bounding, plan.child.filter);
    return check_filter_right(plan);
}

}  // namespace confinit
