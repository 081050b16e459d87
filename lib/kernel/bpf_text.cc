// SPDX-License-Identifier: Apache-2.0
// Filters as text: what a call is answered, and the instructions of a program.
#include "kernel/bpf_text.h"

#include "base/result.h"

#include <cstddef>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <string_view>

namespace confinit {
namespace {

// Where struct seccomp_data has what is loaded.
std::string loaded(std::uint32_t offset) {
    if (offset == offsetof(seccomp_data, nr)) return "the number of the call";
    if (offset == offsetof(seccomp_data, arch)) return "the architecture";
    if (offset < offsetof(seccomp_data, args)) {
        return offset == offsetof(seccomp_data, instruction_pointer)
                   ? "the low half of the instruction pointer"
                   : "the high half of the instruction pointer";
    }
    const std::uint32_t place = offset - static_cast<std::uint32_t>(offsetof(seccomp_data, args));
    constexpr std::uint32_t high_offset = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 4 : 0;
    return fmt::format("the {} half of argument {}", place % 8 == high_offset ? "high" : "low",
                       place / 8);
}

std::string jump_text(std::string_view comparison, const sock_filter& jump, std::size_t place) {
    return fmt::format("if {} {:#x} go to {}, else {}", comparison, jump.k, place + 1 + jump.jt,
                       place + 1 + jump.jf);
}

std::string instruction_text(const sock_filter& instruction, std::size_t place) {
    switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return "load " + loaded(instruction.k);
    case BPF_ALU | BPF_AND | BPF_K:
        return fmt::format("keep the bits {:#x}", instruction.k);
    case BPF_JMP | BPF_JA:
        return fmt::format("go to {}", place + 1 + instruction.k);
    case BPF_JMP | BPF_JEQ | BPF_K:
        return jump_text("==", instruction, place);
    case BPF_JMP | BPF_JGE | BPF_K:
        return jump_text(">=", instruction, place);
    case BPF_JMP | BPF_JGT | BPF_K:
        return jump_text(">", instruction, place);
    case BPF_RET | BPF_K:
        return "answer " + decision_text(instruction.k);
    default:
        return fmt::format("instruction {:#x} with {:#x}", instruction.code, instruction.k);
    }
}

}  // namespace

std::string decision_text(std::uint32_t decision) {
    const std::uint32_t data = decision & SECCOMP_RET_DATA;
    switch (decision & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        return "allow";
    case SECCOMP_RET_LOG:
        return "log";
    case SECCOMP_RET_TRAP:
        return "trap";
    case SECCOMP_RET_TRACE:
        return data == 0 ? "trace" : fmt::format("trace {}", data);
    case SECCOMP_RET_KILL_THREAD:
        return "kill-thread";
    case SECCOMP_RET_KILL_PROCESS:
        return "kill-process";
    case SECCOMP_RET_ERRNO: {
        const std::string_view name = errno_name(static_cast<int>(data));
        return data == 0 || name == "E?" ? fmt::format("errno {}", data) : std::string{name};
    }
    default:
        return fmt::format("{:#x}", decision);
    }
}

std::vector<std::string> program_lines(const BpfProgram& program) {
    std::vector<std::string> lines;
    for (std::size_t place = 0; place < program.size(); ++place) {
        lines.push_back(fmt::format("{}: {}", place, instruction_text(program[place], place)));
    }
    return lines;
}

}  // namespace confinit
