// SPDX-License-Identifier: Apache-2.0
// The key table: all that is known of every key of a unit file, in one place a key.
//
// The reader, the check for unknown words and `svctl explain` come from these rows. There is one
// keys_TABLE.cc for each TOML table; adding a key is adding a row there.
#pragma once

#include "unit/unit.h"

#include <span>
#include <string>
#include <string_view>

namespace confinit {

class Value;

// How a drop-in changes a key that earlier files give too: its value replaces theirs, or its list
// is added to theirs. An empty list takes away all that came before it.
enum class DropIns { replace, add };

struct Key {
    std::string_view path;           // "cgroup.memory.max"
    std::string_view form;           // "a size such as \"64M\", ...": completes "expected ..."
    std::string_view fallback;       // what holds when the key is not given
    std::string_view documentation;  // one paragraph
    std::string_view operation;      // what the kernel is asked for
    std::string_view source;         // the man page or kernel document that defines it
    std::string_view systemd;        // the directive that it answers to, "MemoryMax="; or empty

    // Reads the value into the unit, or reports what is wrong with it and leaves the default.
    // Called only for a key that is given: once for a unit, and where drop-ins add to it once for
    // each of its files.
    void (*read)(const Value& value, Unit& unit);

    DropIns drop_ins = DropIns::replace;

    // Where the key is optional, the entry of its list that fails is left out and the others are
    // kept.
    bool skips_entries = false;
};

// Every key; those of one table together, a key before those below it. The order of the rows of
// [cgroup] is the order in which the limits are written.
std::span<const Key* const> all_keys();

// The key with exactly this path, or null.
const Key* find_key(std::string_view path);

// Whether keys exist below this path: for "cgroup" and "cgroup.memory", not for
// "cgroup.memory.max".
bool has_keys_below(std::string_view path);

// Whether TOML leaves no other way to write this key than in quotes: cgroup."cpu.max.burst", since
// cpu.max is a key that is no table.
bool is_quoted_key(std::string_view path);

// Whether this key, such as "mounts.read_only[1]", is the outer one or a part of it: "mounts",
// "mounts.read_only".
bool is_key_within(std::string_view key, std::string_view outer);

// The part of an optional key, or of the table that it is, that a unit does without when `failed`
// cannot be had: "mounts.bind[1]" for "mounts.bind". Empty where `failed` is no part of it.
std::string left_out_part(std::string_view failed, std::string_view optional);

// The rows of one table each, in their files.
std::span<const Key> unit_keys();
std::span<const Key> service_keys();
std::span<const Key> service_operator_keys();
std::span<const Key> service_ready_keys();
std::span<const Key> service_end_keys();
std::span<const Key> service_signal_keys();
std::span<const Key> cgroup_place_keys();
std::span<const Key> cgroup_cpu_keys();
std::span<const Key> cgroup_keys();
std::span<const Key> cgroup_device_keys();
std::span<const Key> capabilities_keys();
std::span<const Key> namespaces_keys();
std::span<const Key> user_namespace_keys();
std::span<const Key> mounts_keys();
std::span<const Key> file_system_keys();
std::span<const Key> overlay_keys();
std::span<const Key> directories_keys();
std::span<const Key> seccomp_keys();
std::span<const Key> seccomp_profile_keys();
std::span<const Key> seccomp_restriction_keys();
std::span<const Key> process_keys();
std::span<const Key> process_scheduling_keys();
std::span<const Key> log_keys();

}  // namespace confinit
