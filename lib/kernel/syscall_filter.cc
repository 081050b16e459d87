// SPDX-License-Identifier: Apache-2.0
// Compiles system call decisions to classic BPF, and runs such a program for tests and displays.
#include "kernel/syscall_filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <linux/seccomp.h>
#include <optional>
#include <ranges>
#include <span>
#include <utility>

namespace confinit {

namespace {

constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t jump_always = BPF_JMP | BPF_JA;
constexpr std::uint16_t jump_if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t jump_if_not_below = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t jump_if_greater = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t keep_bits = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t return_constant = BPF_RET | BPF_K;

// The reach of a conditional jump, whose offsets are bytes.
constexpr std::size_t furthest_jump = std::numeric_limits<std::uint8_t>::max();

using Rules = std::vector<ArgumentRule>;

// What a number answers. No rules are a null pointer.
struct Outcome {
    std::uint32_t action = 0;
    const Rules* rules = nullptr;

    // Rules are compared by identity: those of two calls are seldom the same.
    bool operator==(const Outcome&) const = default;
};

// Numbers from `first` up to the next range all have this outcome, save for one that may be
// excepted. The ranges of a policy cover every number from 0 to 2^32 - 1.
struct Range {
    struct Exception {
        std::uint32_t number = 0;
        Outcome outcome;
    };
    std::uint32_t first = 0;
    Outcome outcome;
    std::optional<Exception> exception = std::nullopt;
};

constexpr std::uint32_t low_half(std::uint64_t number) {
    return static_cast<std::uint32_t>(number);
}

constexpr std::uint32_t high_half(std::uint64_t number) {
    return static_cast<std::uint32_t>(number >> 32);
}

// Where struct seccomp_data has the halves of an argument: it is in the machine's own byte order.
constexpr std::uint32_t argument_offset(unsigned index) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

constexpr std::uint32_t low_offset(unsigned index) {
    return argument_offset(index) + (std::endian::native == std::endian::little ? 0 : 4);
}

constexpr std::uint32_t high_offset(unsigned index) {
    return argument_offset(index) + (std::endian::native == std::endian::little ? 4 : 0);
}

bool is_in_order(std::span<const SyscallDecision> decisions) {
    int previous = -1;
    for (const auto& decision : decisions) {
        if (decision.number <= previous) return false;
        previous = decision.number;
    }
    return true;
}

void add_range(std::vector<Range>& ranges, std::uint32_t first, Outcome outcome) {
    // A new range at the same number replaces the gap that was taken to begin there.
    if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
    if (ranges.empty() || ranges.back().outcome != outcome) ranges.push_back({first, outcome});
}

std::vector<Range> make_ranges(std::span<const SyscallDecision> decisions,
                               std::uint32_t unknown_action) {
    const Outcome unknown{unknown_action};
    std::vector<Range> ranges{{0, unknown}};
    for (const auto& decision : decisions) {
        const auto number = static_cast<std::uint32_t>(decision.number);
        const Rules* rules = decision.rules.empty() ? nullptr : &decision.rules;
        add_range(ranges, number, {decision.action, rules});
        add_range(ranges, number + 1, unknown);
    }
    return ranges;
}

// A single number between two ranges of one action becomes an exception of one range, so that one
// comparison for equality takes the place of two for order.
std::vector<Range> fold_single_numbers(std::span<const Range> ranges) {
    std::vector<Range> folded;
    for (std::size_t index = 0; index < ranges.size(); ++index) {
        folded.push_back(ranges[index]);
        if (index + 2 >= ranges.size()) continue;
        const Range& middle = ranges[index + 1];
        const Range& next = ranges[index + 2];
        if (next.first - middle.first != 1 || next.outcome != ranges[index].outcome) continue;
        folded.back().exception = {middle.first, middle.outcome};
        index += 2;
    }
    return folded;
}

// Writes the program from its end to its start: jumps only lead forward, so every target is
// written before the jump to it. A place is an index into the reversed program.
class ReverseAssembler {
public:
    using Place = std::size_t;

    // The binary search over these ranges; yields the place where it starts.
    Place search(std::span<const Range> ranges) {
        if (ranges.size() == 1) return decide(ranges.front());
        const auto upper_half = ranges.subspan(ranges.size() / 2);
        const Place upper = search(upper_half);
        const Place lower = search(ranges.first(ranges.size() / 2));
        return branch(jump_if_not_below, upper_half.front().first, upper, lower);
    }

    Place emit(sock_filter instruction) {
        program_.push_back(instruction);
        return program_.size() - 1;
    }

    Place answer(std::uint32_t action) {
        const auto found = std::ranges::find(answers_, action, &Answer::action);
        if (found == answers_.end()) {
            const Place place = emit({return_constant, 0, 0, action});
            answers_.push_back({action, place});
            return place;
        }
        if (distance_to(found->place) > furthest_jump) {
            found->place = emit({return_constant, 0, 0, action});
        }
        return found->place;
    }

    // Answers what these decisions say, if the accumulator has this architecture; what follows in
    // the program otherwise comes before it here.
    void decide_for(std::uint32_t architecture, std::span<const SyscallDecision> decisions,
                    std::uint32_t unknown_action) {
        const Place otherwise = program_.size() - 1;
        search(fold_single_numbers(make_ranges(decisions, unknown_action)));
        const Place start = emit({load_word, 0, 0, offsetof(seccomp_data, nr)});
        branch(jump_if_equal, architecture, start, otherwise);
    }

    BpfProgram take_program() {
        std::ranges::reverse(program_);
        return std::move(program_);
    }

private:
    Place decide(const Range& range) {
        const Place usual = decide(range.outcome);
        if (!range.exception) return usual;
        const Place exceptional = decide(range.exception->outcome);
        return branch(jump_if_equal, range.exception->number, exceptional, usual);
    }

    Place decide(const Outcome& outcome) {
        Place otherwise = answer(outcome.action);
        if (outcome.rules == nullptr) return otherwise;
        for (const ArgumentRule& rule : std::views::reverse(*outcome.rules)) {
            Place next = answer(rule.action);
            for (const ArgumentCondition& condition : std::views::reverse(rule.conditions)) {
                next = test(condition, next, otherwise);
            }
            otherwise = next;
        }
        return otherwise;
    }

    Place test(const ArgumentCondition& condition, Place if_true, Place if_false) {
        switch (condition.comparison) {
        case ArgumentComparison::equal:
            return test_equal(condition, if_true, if_false);
        case ArgumentComparison::not_equal:
            return test_equal(condition, if_false, if_true);
        case ArgumentComparison::greater:
            return test_order(condition, jump_if_greater, if_true, if_false);
        case ArgumentComparison::greater_or_equal:
            return test_order(condition, jump_if_not_below, if_true, if_false);
        case ArgumentComparison::less:
            return test_order(condition, jump_if_not_below, if_false, if_true);
        case ArgumentComparison::less_or_equal:
            return test_order(condition, jump_if_greater, if_false, if_true);
        }
        return if_false;
    }

    // A half that the mask empties is 0 and need not be loaded where the value's is 0 too.
    static bool is_settled(const ArgumentCondition& condition) {
        return high_half(condition.mask) == 0 && high_half(condition.value) == 0;
    }

    Place test_equal(const ArgumentCondition& condition, Place if_true, Place if_false) {
        branch(jump_if_equal, low_half(condition.value), if_true, if_false);
        const Place low = load_low(condition);
        if (is_settled(condition)) return low;
        branch(jump_if_equal, high_half(condition.value), low, if_false);
        return load_high(condition);
    }

    // `code` decides between the low halves of numbers whose high halves are equal.
    Place test_order(const ArgumentCondition& condition, std::uint16_t code, Place if_true,
                     Place if_false) {
        branch(code, low_half(condition.value), if_true, if_false);
        const Place low = load_low(condition);
        if (is_settled(condition)) return low;
        const std::uint32_t high = high_half(condition.value);
        const Place not_greater = branch(jump_if_equal, high, low, if_false);
        branch(jump_if_greater, high, if_true, not_greater);
        return load_high(condition);
    }

    Place load_low(const ArgumentCondition& condition) {
        return load_half(low_offset(condition.index), low_half(condition.mask));
    }
    Place load_high(const ArgumentCondition& condition) {
        return load_half(high_offset(condition.index), high_half(condition.mask));
    }
    Place load_half(std::uint32_t offset, std::uint32_t mask) {
        if (mask != ~std::uint32_t{0}) emit({keep_bits, 0, 0, mask});
        return emit({load_word, 0, 0, offset});
    }

    Place branch(std::uint16_t code, std::uint32_t number, Place if_true, Place if_false) {
        bring_near(if_true, if_false);
        return emit({code, offset_to(if_true), offset_to(if_false), number});
    }

    struct Answer {
        std::uint32_t action = 0;
        Place place = 0;
    };

    // How many instructions the next one would have to skip.
    std::size_t distance_to(Place place) const { return program_.size() - place - 1; }
    std::uint8_t offset_to(Place place) const {
        return static_cast<std::uint8_t>(distance_to(place));
    }

    // Makes both places reachable by the next instruction. What is added for one moves the other
    // further away; what was added itself is near, so two rounds are enough.
    void bring_near(Place& first, Place& second) {
        while (distance_to(first) > furthest_jump || distance_to(second) > furthest_jump) {
            Place& far = distance_to(first) > furthest_jump ? first : second;
            far = relay(far);
        }
    }

    // A nearer instruction that does the same: an answer again, or a long jump.
    Place relay(Place place) {
        const sock_filter target = program_[place];
        if (target.code == return_constant) return answer(target.k);
        return emit({jump_always, 0, 0, static_cast<std::uint32_t>(distance_to(place))});
    }

    BpfProgram program_;
    std::vector<Answer> answers_;
};

// The words of struct seccomp_data that a program may load.
std::optional<std::uint32_t> load(std::uint32_t offset, const seccomp_data& call) {
    if (offset % sizeof(std::uint32_t) != 0 || offset >= sizeof call) return std::nullopt;
    const auto words =
        std::bit_cast<std::array<std::uint32_t, sizeof call / sizeof(std::uint32_t)>>(call);
    return words.at(offset / sizeof(std::uint32_t));
}

bool is_taken(const sock_filter& jump, std::uint32_t accumulator) {
    if (jump.code == jump_if_equal) return accumulator == jump.k;
    return jump.code == jump_if_greater ? accumulator > jump.k : accumulator >= jump.k;
}

}  // namespace

BpfProgram compile_filter(const SyscallPolicy& policy) {
    // A search over unordered numbers would answer wrongly without a sign of it.
    const bool is_sound =
        is_in_order(policy.decisions) &&
        std::ranges::all_of(policy.foreign, is_in_order, &ForeignDecisions::decisions);
    if (!is_sound) return {{return_constant, 0, 0, SECCOMP_RET_KILL_PROCESS}};

    ReverseAssembler assembler;
    assembler.answer(SECCOMP_RET_KILL_PROCESS);
    for (const auto& foreign : policy.foreign) {
        assembler.decide_for(foreign.architecture, foreign.decisions, policy.unknown_action);
    }
    assembler.decide_for(native_architecture, policy.decisions, policy.unknown_action);
    assembler.emit({load_word, 0, 0, offsetof(seccomp_data, arch)});
    return assembler.take_program();
}

std::uint32_t run_filter(std::span<const sock_filter> program, std::uint32_t architecture,
                         std::uint32_t number, const SyscallArguments& arguments) {
    seccomp_data call{.nr = static_cast<int>(number), .arch = architecture};
    std::ranges::copy(arguments, call.args);
    std::uint32_t accumulator = 0;
    // Every jump leads forward, so this ends.
    for (std::size_t place = 0; place < program.size(); ++place) {
        const auto& instruction = program[place];
        switch (instruction.code) {
        case load_word: {
            const auto word = load(instruction.k, call);
            if (!word) return SECCOMP_RET_KILL_PROCESS;
            accumulator = *word;
            break;
        }
        case keep_bits:
            accumulator &= instruction.k;
            break;
        case jump_always:
            place += instruction.k;
            break;
        case jump_if_equal:
        case jump_if_not_below:
        case jump_if_greater:
            place += is_taken(instruction, accumulator) ? instruction.jt : instruction.jf;
            break;
        case return_constant:
            return instruction.k;
        default:
            return SECCOMP_RET_KILL_PROCESS;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace confinit
