// SPDX-License-Identifier: Apache-2.0
// What the tests of filters share: a unit's [seccomp] compiled, and what it answers to a call.
#pragma once

#include "kernel/syscall_sets.h"
#include "launch/protection.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/policy.h"
#include "unit_scene.h"

#include <cerrno>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace confinit {

inline constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;

// The bit above a 32-bit argument.
inline constexpr std::uint64_t above = std::uint64_t{1} << 32;

constexpr std::uint32_t answers(int error) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

// The filter of a minimal service with this [seccomp] table.
class UnitFilter {
public:
    explicit UnitFilter(std::string_view table) {
        const std::string text =
            std::string{minimal_service} + "[seccomp]\n" + std::string{table} + "\n";
        const auto unit = parse_unit("web", "web.toml", text, kernel_vocabulary());
        if (!unit) FAIL(unit.error().front().text());
        const auto policy = make_policy(*filter_with_protection(*unit));
        if (!policy) FAIL(policy.error().text());
        program_ = compile_filter(*policy);
    }

    // A call of this name; KILL_PROCESS for one that the architecture lacks would hide a mistake.
    std::uint32_t operator()(std::string_view call, const SyscallArguments& arguments = {},
                             SyscallAbi abi = SyscallAbi::native) const {
        const auto number = syscall_number(call, abi);
        if (!number) FAIL("no such call: " << call);
        return run_filter(program_, abi == SyscallAbi::x86 ? AUDIT_ARCH_I386 : native_architecture,
                          static_cast<std::uint32_t>(*number), arguments);
    }
    std::uint32_t x86(std::string_view call, const SyscallArguments& arguments = {}) const {
        return (*this)(call, arguments, SyscallAbi::x86);
    }

    const BpfProgram& program() const { return program_; }

private:
    BpfProgram program_;
};

// The calls that this filter answers otherwise than with ALLOW when all their arguments are these.
inline std::vector<std::string> calls_denied(const UnitFilter& filter,
                                             const SyscallArguments& arguments,
                                             SyscallAbi abi = SyscallAbi::native) {
    std::vector<std::string> names;
    for (const int number : known_syscalls(abi)) {
        const std::uint32_t architecture =
            abi == SyscallAbi::x86 ? AUDIT_ARCH_I386 : native_architecture;
        const auto answer = run_filter(filter.program(), architecture,
                                       static_cast<std::uint32_t>(number), arguments);
        if (answer != allowed) names.push_back(syscall_name(number, abi));
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace confinit
