// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup] about memory, processes and the tree itself, each named as the kernel's
// file.
#include "unit/cgroup_form.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

namespace confinit {
namespace {

constexpr std::string_view memory_form =
    "a size such as \"64M\" or a number of bytes, a percentage of the memory such as \"10%\", or "
    "\"max\"";

// The kernel's PID_MAX_LIMIT on 64-bit machines.
constexpr std::int64_t most_pids = 4'194'304;

void read_memory(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    const std::string* text = value.if_text();
    if (const auto percent = text != nullptr ? percentage(*text) : std::nullopt) {
        return add_setting(unit, value, std::to_string(*percent) + "%");
    }
    if (const auto bytes = read_size(value)) add_setting(unit, value, std::to_string(*bytes));
}

void read_pids(const Value& value, Unit& unit) {
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    const std::string* text = value.if_text();
    if (const auto percent = text != nullptr ? percentage(*text) : std::nullopt) {
        return add_setting(unit, value, std::to_string(*percent) + "%");
    }
    if (const auto count = value.integer(1, most_pids)) {
        add_setting(unit, value, std::to_string(*count));
    }
}

void read_count(const Value& value, Unit& unit) {
    constexpr std::int64_t most = 1'000'000;
    if (is_text(value, "max")) return add_setting(unit, value, "max");
    if (const auto count = value.integer(0, most)) {
        add_setting(unit, value, std::to_string(*count));
    }
}

constexpr Key cgroup_table[] = {
    {
        .path = "cgroup.memory.min",
        .form = memory_form,
        .fallback = "0",
        .documentation =
            "Memory that is never taken from the service, whatever the pressure. If too much is "
            "promised this way, others are killed for it.",
        .operation = "write(2) to memory.min of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryMin=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.low",
        .form = memory_form,
        .fallback = "0",
        .documentation =
            "Memory that is taken from the service only when nothing is left to take elsewhere.",
        .operation = "write(2) to memory.low of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryLow=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.high",
        .form = memory_form,
        .fallback = "\"max\"",
        .documentation =
            "Above this the service is slowed down and its memory is reclaimed, but it is never "
            "killed. Without memory.max beside it a service that needs more can stall for ever.",
        .operation = "write(2) to memory.high of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryHigh=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.max",
        .form = memory_form,
        .fallback = "\"max\"",
        .documentation =
            "The most memory that the service may have, page cache and kernel memory included. If "
            "nothing can be reclaimed at this bound, the kernel kills a process of the service. A "
            "percentage is one of the machine's memory. The kernel rounds down to whole pages.",
        .operation = "write(2) to memory.max of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryMax=",
        .read = read_memory,
    },
    {
        .path = "cgroup.memory.swap.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most swap space that the service may use; 0 keeps it out of swap.",
        .operation = "write(2) to memory.swap.max of the unit's node",
        .source = kernel_document,
        .systemd = "MemorySwapMax=",
        .read = read_bytes,
    },
    {
        .path = "cgroup.memory.swap.high",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "Above this much swap space the service is slowed down.",
        .operation = "write(2) to memory.swap.high of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_bytes,
    },
    {
        .path = "cgroup.memory.zswap.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most memory that compressed swap (zswap) of the service may take; 0 "
                         "keeps it out of zswap.",
        .operation = "write(2) to memory.zswap.max of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryZSwapMax=",
        .read = read_bytes,
    },
    {
        .path = "cgroup.memory.zswap.writeback",
        .form = switch_form,
        .fallback = "true",
        .documentation =
            "Whether what zswap holds of the service may go on to the disk. Since Linux 6.8.",
        .operation = "write(2) to memory.zswap.writeback of the unit's node",
        .source = kernel_document,
        .systemd = "MemoryZSwapWriteback=",
        .read = read_switch,
    },
    {
        .path = "cgroup.memory.oom.group",
        .form = switch_form,
        .fallback = "true where memory.max is given, else false",
        .documentation =
            "Whether all processes of the service are killed together when one of them is killed "
            "for lack of memory, so that none of them is left without its partners.",
        .operation = "write(2) to memory.oom.group of the unit's node",
        .source = kernel_document,
        .systemd = "OOMPolicy=",
        .read = read_switch,
    },
    {
        .path = "cgroup.pids.max",
        .form = "a whole number from 1 to 4194304, a percentage such as \"10%\", or \"max\"",
        .fallback = "\"max\"",
        .documentation =
            "The most processes and threads that the service may have at a time; fork(2) answers "
            "EAGAIN beyond it. A percentage is one of kernel.pid_max.",
        .operation = "write(2) to pids.max of the unit's node",
        .source = kernel_document,
        .systemd = "TasksMax=",
        .read = read_pids,
    },
    {
        .path = "cgroup.max.descendants",
        .form = "a whole number from 0 to 1000000, or \"max\"",
        .fallback = "\"max\"",
        .documentation = "How many nodes may be below the unit's, so that a service with a subtree "
                         "of its own cannot fill the kernel's memory with them.",
        .operation = "write(2) to cgroup.max.descendants of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_count,
    },
    {
        .path = "cgroup.max.depth",
        .form = "a whole number from 0 to 1000000, or \"max\"",
        .fallback = "\"max\"",
        .documentation = "How deep the tree below the unit's node may be.",
        .operation = "write(2) to cgroup.max.depth of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_count,
    },
};

}  // namespace

std::span<const Key> cgroup_keys() {
    return cgroup_table;
}

}  // namespace confinit
