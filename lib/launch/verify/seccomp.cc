// SPDX-License-Identifier: Apache-2.0
// Verify: the filter of a running service, and each key that restricts system calls.
//
// The kernel shows how many filters a process has. What is in one it shows only to who stops the
// process with ptrace(2), and verifying must not stop a service; so an item of a key says that the
// plan's own program, which the launch loaded, denies what the key denies.
#include "launch/verify/parts.h"

#include "launch/seccomp/restrictions.h"

#include <linux/seccomp.h>

namespace confinit {
namespace {

unsigned filters_of(const ProcessStatus& status) {
    constexpr int filter_mode = 2;
    return status.seccomp_mode == filter_mode ? status.seccomp_filters : 0;
}

// Beside those that the supervisor itself runs under.
unsigned added_filters(const ProcessStatus& status, const ProcessStatus& own) {
    const unsigned present = filters_of(status);
    const unsigned inherited = filters_of(own);
    return present > inherited ? present - inherited : 0;
}

std::string filters_text(unsigned count) {
    if (count == 0) return "no filter";
    return count == 1 ? "1 filter" : std::to_string(count) + " filters";
}

bool denies(std::span<const sock_filter> program, const DeniedExample& example) {
    const auto number = syscall_number(example.call);
    if (!number) return true;
    const std::uint32_t answer = run_filter(program, native_architecture,
                                            static_cast<std::uint32_t>(*number), example.arguments);
    return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ||
           static_cast<std::int32_t>(answer & SECCOMP_RET_ACTION_FULL) <
               static_cast<std::int32_t>(SECCOMP_RET_ERRNO);
}

void add_item(const Unit& unit, std::string_view key, bool is_filtered, bool is_denied,
              VerifyItems& items) {
    items.push_back({std::string{key}, declared_text(unit, key, "in force"),
                     !is_filtered ? "no filter"
                     : is_denied  ? "in force"
                                  : "the filter lets it through",
                     same_if(is_filtered && is_denied)});
}

}  // namespace

void verify_seccomp(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                    const ProcessStatus& own, VerifyItems& items) {
    const unsigned added = added_filters(status, own);
    const unsigned wanted = plan->child.filter.empty() ? 0 : 1;
    items.push_back({"seccomp", filters_text(wanted), filters_text(added),
                     added > wanted ? VerifyResult::narrower : same_if(added == wanted)});
    if (!unit.seccomp) return;
    for (const DeniedExample& example : denied_examples(*unit.seccomp))
        add_item(unit, example.key, added > 0, denies(plan->child.filter, example), items);
    if (!unit.declared.contains("seccomp.architectures")) return;
    const bool lets_x86_through = !unit.seccomp->architectures.empty();
    const bool kills_x86 =
        run_filter(plan->child.filter, AUDIT_ARCH_I386, ~0U) == SECCOMP_RET_KILL_PROCESS;
    add_item(unit, "seccomp.architectures", added > 0, lets_x86_through || kills_x86, items);
}

}  // namespace confinit
