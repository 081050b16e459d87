// SPDX-License-Identifier: Apache-2.0
// Unit: what a unit file says, checked and in the kernel's units; immutable once it is loaded.
#pragma once

#include "unit/service_config.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace confinit {

struct ProtectPreset;
struct SeccompProfile;

// Where a value stands, for messages: "heat.toml:12:3".
struct Location {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;
};

struct UnitSection {
    std::string description;
    std::vector<std::string> documentation;
    std::vector<std::string> requires_units;  // [unit] requires
    std::vector<std::string> wants;
    std::vector<std::string> after;
    std::vector<std::string> before;
    std::vector<std::string> conflicts;
    std::vector<std::string> wanted_by;    // once it is enabled
    std::vector<std::string> required_by;  // once it is enabled
    std::vector<std::string> optional;     // keys, or tables, that may be left out where they fail
};

// One cgroup file to write. `value` is what the kernel reads ("50000 100000"), except that a
// percentage ("10%") of a memory or pids key stays one until the launch knows the whole.
// A line about a device begins with its path ("/dev/vda rbps=1048576") or number.
struct CgroupSetting {
    std::string file;
    std::string value;
    std::string given_as = {};  // the key, where it is not the file's: "cgroup.raw.memory.peak"

    // "cgroup.memory.max"; the files that begin so themselves are their own keys.
    std::string key() const {
        if (!given_as.empty()) return given_as;
        return file.starts_with("cgroup.") ? file : "cgroup." + file;
    }
};

using CgroupConfig = std::vector<CgroupSetting>;

// Where the unit's node is in the tree, and what the service may do with the tree below it.
struct CgroupPlace {
    std::string group;      // the unit whose node it is below; empty: below our own root
    bool delegate = false;  // the service has a subtree of its own, below the node with the limits
    std::vector<std::string> delegated_controllers;                 // empty: all that there are
    std::optional<std::chrono::microseconds> memory_stall_timeout;  // absent: it is left alone
    bool threaded = false;                                          // that subtree is threaded
};

// Sets are bit masks, bit N for capability N of capabilities(7).
using CapabilityMask = std::uint64_t;

struct CapabilityConfig {
    std::optional<CapabilityMask> bounding;  // absent: all that the supervisor has
    CapabilityMask ambient = 0;
    unsigned securebits = 0;           // SECBIT_ masks of capabilities(7)
    std::optional<bool> no_new_privs;  // absent: true with a filter, else false
};

// One line of a map file of user_namespaces(7).
struct IdMap {
    std::uint32_t inside = 0;
    std::uint32_t outside = 0;
    std::uint32_t count = 0;

    bool operator==(const IdMap&) const = default;
};

enum class NamespaceKind { user, mount, net, ipc, uts, cgroup, time, pid };

// A namespace that is there already: of a unit that runs, or at a path.
struct JoinedNamespace {
    NamespaceKind kind;
    std::string unit;  // "web" of "unit:web", else empty
    std::string path;  // "/run/netns/blue", else empty
};

// Whose ids the maps of a new user namespace are, where no map is declared.
enum class IdRange {
    nobody,    // one id: root inside is nobody outside
    identity,  // every id is itself
    separate,  // 65,536 ids that the supervisor gives to no other unit
    subid,     // the ranges of a user in /etc/subuid and /etc/subgid
};

// A namespace is the supervisor's own (false), a new one (true), or in `joined`.
struct NamespaceConfig {
    bool mount = false;
    bool pid = false;
    bool net = false;
    bool ipc = false;
    bool uts = false;
    bool cgroup = false;
    bool user = false;
    bool time = false;
    std::vector<JoinedNamespace> joined;  // in the order in which they are joined
    bool pid1_is_service = false;         // pid = { pid1 = "self" }
    std::optional<std::string> hostname;  // uts = { hostname = "..." }
    std::vector<IdMap> uid_map;
    std::vector<IdMap> gid_map;
    bool allow_setgroups = false;  // user = { setgroups = "allow" }
    IdRange id_range = IdRange::nobody;
    std::string subid_owner;                       // "alice" of user = { ids = "subid:alice" }
    std::chrono::microseconds boottime_offset{0};  // time = { boottime = "+30d" }
    std::chrono::microseconds monotonic_offset{0};
};

// Whether one of this kind is joined.
bool joins_namespace(const NamespaceConfig& namespaces, NamespaceKind kind);

struct BindMount {
    std::string source;
    std::string target;
    bool read_only = false;
    bool recursive = true;
};

struct TmpfsMount {
    std::string target;
    std::optional<std::uint64_t> size;  // bytes
    unsigned mode = 0755;
};

// Directories of the host, laid over each other at a target: overlayfs.
struct OverlayMount {
    std::string target;
    std::vector<std::string> lower;     // the topmost first
    std::optional<std::string> upper;   // what is written goes here; absent: read-only
    std::optional<std::string> work;    // beside `upper`
    bool upper_in_memory = false;       // upper = "tmpfs"
    std::optional<std::uint64_t> size;  // of that tmpfs
};

// How the service sees /proc: as it is inherited, or a procfs of its own, with the hidepid= of
// proc(5) or without.
enum class ProcView { inherited, own, noaccess, invisible, ptraceable };

// How mounts and unmounts travel between the service's tree and others: mount_namespaces(7). None
// of them lets anything out to the host.
enum class Propagation { slave, private_tree, shared, unbindable };

struct MountConfig {
    std::optional<Propagation> propagation;  // absent: slave
    std::optional<std::string> root;         // a directory that becomes "/"
    std::optional<std::string> root_image;   // a file with a file system that becomes "/"
    std::vector<std::string> read_only;
    std::vector<std::string> read_write;
    std::vector<std::string> inaccessible;
    std::vector<std::string> no_exec;
    std::vector<std::string> exec;
    std::vector<const ProtectPreset*> protect;  // rows of the table of presets
    std::vector<BindMount> bind;
    std::vector<TmpfsMount> tmpfs;
    std::vector<OverlayMount> overlay;
    bool private_tmp = false;
    bool private_dev = false;
    std::optional<ProcView> proc;  // absent: own with a new pid namespace, else inherited
    bool proc_pids_only = false;   // subset=pid, of one of its own

    bool is_empty() const {
        return !propagation && !has_own_root() && read_only.empty() && read_write.empty() &&
               inaccessible.empty() && no_exec.empty() && exec.empty() && protect.empty() &&
               bind.empty() && tmpfs.empty() && overlay.empty() && !private_tmp && !private_dev &&
               !proc;
    }
    bool has_own_root() const { return root || root_image; }
};

// A directory that a launch makes for the service.
struct ServiceDirectory {
    std::string name;  // "web" or "web/uploads", below the place of its kind
    unsigned mode = 0755;
    std::optional<std::string> user = {};  // its owner, where that is not the service's user
    std::optional<std::string> group = {};
};

struct DirectoryConfig {
    std::vector<ServiceDirectory> state;          // /var/lib
    std::vector<ServiceDirectory> cache;          // /var/cache
    std::vector<ServiceDirectory> runtime;        // /run; gone with the service
    std::vector<ServiceDirectory> logs;           // /var/log
    std::vector<ServiceDirectory> configuration;  // /etc
    bool chown_recursively = false;  // chown = "recursive": one of another owner is given over
};

// What the filter answers to a system call: seccomp(2). `error` returns the errno to the caller.
enum class SeccompActionKind { allow, log, error, trap, trace, kill_thread, kill_process };

struct SeccompAction {
    SeccompActionKind kind = SeccompActionKind::kill_process;
    int error_number = 0;  // for `error`; of `trace` in a profile, what the tracer is told

    bool operator==(const SeccompAction&) const = default;
};

// "chmod", "@mount", "chmod:EPERM".
struct SeccompEntry {
    bool operator==(const SeccompEntry&) const = default;

    std::string name;
    std::optional<SeccompAction> action;
};

enum class SeccompComparison { eq, ne, lt, le, gt, ge, masked_eq };

// One argument of a system call compared with a number; numbers are unsigned.
struct SeccompArgument {
    bool operator==(const SeccompArgument&) const = default;

    unsigned index = 0;  // 0 to 5
    SeccompComparison op = SeccompComparison::eq;
    std::uint64_t value = 0;
    std::uint64_t mask = ~std::uint64_t{0};  // for masked_eq only
    std::optional<unsigned> bits;            // 32 or 64; absent: as the kernel takes the argument
};

// Calls of these names whose arguments all hold answer `action`.
struct SeccompRule {
    bool operator==(const SeccompRule&) const = default;

    std::vector<std::string> syscalls;  // names and sets
    SeccompAction action;
    std::vector<SeccompArgument> args;
};

// Socket families by their AF_ numbers: these only, or all but these.
struct AddressFamilies {
    bool operator==(const AddressFamilies&) const = default;

    std::vector<unsigned> families;
    bool are_exceptions = false;
};

// Whose system calls, by their numbers, beside those of the machine's own programs.
enum class ForeignCalls { x86 };

struct SeccompConfig {
    bool operator==(const SeccompConfig&) const = default;

    SeccompAction default_action;
    std::vector<SeccompEntry> allow;
    std::vector<SeccompEntry> deny;
    std::vector<SeccompRule> rules = {};
    // A container's profile, which stands below the lists and rules and has its own default.
    std::shared_ptr<const SeccompProfile> profile = {};

    // What is taken from the calls that the above lets through; absent or true: nothing.
    std::optional<AddressFamilies> address_families = std::nullopt;
    std::optional<std::vector<NamespaceKind>> namespaces = std::nullopt;  // that it may make
    bool memory_deny_write_execute = false;
    bool suid_sgid = true;
    bool realtime = true;
    bool personality = true;
    std::vector<ForeignCalls> architectures = {};
};

// What a unit has that only takes some calls away: all others are let through.
inline SeccompConfig permissive_filter() {
    return {.default_action = {.kind = SeccompActionKind::allow}, .allow = {}, .deny = {}};
}

struct RlimitSetting {
    int resource = 0;        // RLIMIT_ of setrlimit(2)
    std::uint64_t soft = 0;  // ~0 is RLIM_INFINITY
    std::uint64_t hard = 0;
};

// A policy of sched(7) by its SCHED_ number, with the priority of a realtime one.
struct SchedulingSetting {
    int policy = 0;
    int priority = 0;

    bool operator==(const SchedulingSetting&) const = default;
};

// A session keyring of the service's own, or the supervisor's: session-keyring(7).
enum class KeyringMode { separate, inherited };

struct ProcessConfig {
    unsigned umask = 022;
    std::optional<int> nice;
    std::optional<SchedulingSetting> scheduling;
    std::optional<int> io_priority;           // class and level as ioprio_set(2) takes them
    std::vector<std::uint64_t> cpu_affinity;  // bit N % 64 of word N / 64 for CPU N; empty: any
    std::optional<KeyringMode> keyring;       // absent: its own, where the kernel has keyrings
    std::vector<RlimitSetting> rlimits;
    int oom_score_adj = 0;
};

struct UnitSource;  // reader.h

// A value that counts for nothing, because a later file of the unit gives its key again.
struct ReplacedValue {
    std::string key;
    std::string text;  // as in Unit::declared
    Location place;
    Location by;
};

// In which form the lines of a unit go on to the supervisor's own standard output and error.
enum class LogForm {
    none,
    plain,  // "unit: line"
    json,   // an object a line
    raw,    // as they are
};

struct LogConfig {
    std::optional<LogForm> forward;  // absent: as the supervisor's --log says
};

struct Unit {
    std::string name;                // "heat", "heat@1": the file name without ".toml"
    std::string instance;            // "1" of "heat@1", else empty
    std::vector<std::string> files;  // the main file, then its drop-ins, as they were read

    UnitSection unit;
    std::optional<ServiceConfig> service;  // absent: what systemd calls a target
    CgroupConfig cgroup;
    CgroupPlace cgroup_place;
    CapabilityConfig capabilities;
    NamespaceConfig namespaces;
    MountConfig mounts;
    DirectoryConfig directories;
    std::optional<SeccompConfig> seccomp;
    ProcessConfig process;
    LogConfig log;

    // Where each given key stands: "cgroup.memory.max", "mounts.read_only[1]", and each table
    // ("service") where it begins.
    std::map<std::string, Location, std::less<>> locations;

    // What each given key says, for people: "cgroup.memory.max" -> "64M", "mounts.read_only" ->
    // `["/", "/usr"]`, "process.rlimits.nofile" -> "1024:4096". No entries for array elements.
    std::map<std::string, std::string, std::less<>> declared;

    // In the order of the files.
    std::vector<ReplacedValue> replaced;

    // Single entries of lists that say themselves that they are optional: "mounts.read_only[1]".
    std::vector<std::string> optional_entries;
    // Entries that this attempt does without.
    std::vector<std::string> left_out;

    bool leaves_out(std::string_view entry) const;

    // What the unit was read from, for without_keys(); kept only where something is optional.
    std::shared_ptr<const UnitSource> source;

    // What is allowed and yet unlikely to be meant, with its place as in a Problem's text.
    std::vector<std::string> warnings;
};

// Whether the unit is a group: it runs nothing, and its [cgroup] limits are those of a node that
// others are below.
bool is_group(const Unit& unit);

}  // namespace confinit
