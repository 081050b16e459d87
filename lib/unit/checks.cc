// SPDX-License-Identifier: Apache-2.0
// Checks of a whole unit: what single keys cannot know, such as that one key needs another.
#include "unit/checks.h"

#include "base/text.h"
#include "unit/check_parts.h"
#include "unit/directory_kinds.h"
#include "unit/keys.h"
#include "unit/namespace_form.h"
#include "unit/protect_presets.h"
#include "unit/seccomp_profile.h"
#include "unit/value.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <sys/resource.h>

namespace confinit {
namespace {

// The tables that say how a process is confined, and so need one.
constexpr std::string_view process_tables[] = {
    "cgroup", "capabilities", "namespaces", "mounts", "directories", "seccomp", "process", "log"};

class UnitCheck : UnitChecker {
public:
    UnitCheck(Unit& unit, ProblemList& problems, const Vocabulary& vocabulary)
        : UnitChecker(unit, problems), vocabulary_(vocabulary) {}

    void run() {
        if (unit_.service) settle_bus_name(unit_.service->ready);
        check_dependencies();
        if (unit_.service) check_service(*unit_.service);
        if (!unit_.service) check_target();
        check_capabilities();
        check_cgroup(unit_, problems_);
        check_operator(unit_, problems_);
        check_root(unit_, problems_);
        check_namespaces();
        check_mounts();
        check_paths();
        check_protection();
        if (unit_.seccomp) {
            settle_filter(*unit_.seccomp);
            check_seccomp(*unit_.seccomp);
        }
        check_optional();
        warn_of_the_rest();
    }

private:
    // confinit-bus tells who owns the name.
    void settle_bus_name(const Readiness& ready) {
        constexpr std::string_view teller = "confinit-bus";
        if (ready.by != ReadyBy::bus_name) return;
        if (unit_.name == teller) {
            refuse("service.ready", "it is confinit-bus that tells who owns a name on the bus");
            return;
        }
        for (auto* list : {&unit_.unit.wants, &unit_.unit.after}) {
            if (std::ranges::find(*list, teller) == list->end()) list->emplace_back(teller);
        }
    }

    void check_dependencies() {
        std::set<std::string_view> needed;
        needed.insert(unit_.unit.requires_units.begin(), unit_.unit.requires_units.end());
        needed.insert(unit_.unit.wants.begin(), unit_.unit.wants.end());
        for (const std::string& name : unit_.unit.conflicts) {
            if (!needed.contains(name)) continue;
            refuse("unit.conflicts", quoted(name) + " is also needed by this unit");
        }
    }

    void check_optional() {
        const auto& optional = unit_.unit.optional;
        for (std::size_t i = 0; i < optional.size(); ++i) {
            if (is_given(optional[i]) || problems_.concerns("unit.optional")) continue;
            warn("unit.optional[" + std::to_string(i) + "]",
                 quoted(optional[i]) + " is not in this unit anyway");
        }
    }

    // Without a service, [cgroup] makes a group of the unit, of which others are members.
    void check_target() {
        for (const std::string_view table : process_tables) {
            if (!is_given(table) || table == "cgroup") continue;
            report(table, "a unit without [service] runs no process that this could apply to");
        }
    }

    void check_service(ServiceConfig& service) {
        const bool is_slip = problems_.suggests("service.command");
        if (!is_given("service.command") && !is_slip) report("service", "'command' is missing");
        check_command(service.command);
        settle_readiness(service);
        if (service.type == ServiceType::oneshot && service.restart == RestartMode::always) {
            refuse("service.restart", "a oneshot service that always restarts would never be done");
        }
        if (!is_given("service.restart_max_delay")) {
            service.restart_max_delay = std::max(service.restart_max_delay, service.restart_delay);
        }
        if (service.restart_max_delay < service.restart_delay) {
            refuse("service.restart_max_delay", "it is shorter than service.restart_delay");
        }
        if (is_given("service.restart_limit") && service.restart == RestartMode::no) {
            refuse("service.restart_limit",
                   "nothing is tried again by this unit: service.restart is \"no\"");
        }
    }

    // No shell takes the words apart.
    void check_command(const std::vector<std::string>& command) {
        if (command.size() != 1 || !command.front().contains(' ')) return;
        warn("service.command",
             "the name of the program has a blank; each argument is an element "
             "of its own: " +
                 words_as_array(command.front()));
    }

    // type = "notify" is the short form of ready = "notify".
    void settle_readiness(ServiceConfig& service) {
        const bool is_ready_given = is_given("service.ready");
        if (service.type == ServiceType::oneshot && is_ready_given) {
            refuse("service.ready", "a oneshot service counts as started when it has ended");
        }
        if (service.type == ServiceType::oneshot && service.watchdog) {
            refuse("service.watchdog", "a oneshot service is watched by service.start_timeout");
        }
        const bool joins_mounts = joins_namespace(unit_.namespaces, NamespaceKind::mount);
        if (joins_mounts && (service.type == ServiceType::notify || service.watchdog ||
                             service.ready.by == ReadyBy::notify)) {
            refuse("service",
                   "the notify socket is not in the mount namespace that the unit joins; "
                   "ready = \"fd:3\" needs none");
        }
        if (service.type != ServiceType::notify) return;
        if (is_ready_given && service.ready.by != ReadyBy::notify) {
            refuse("service.ready",
                   "service.type = \"notify\" says otherwise; give one of the two");
        }
        service.ready.by = ReadyBy::notify;
    }

    void check_capabilities() {
        const CapabilityConfig& capabilities = unit_.capabilities;
        if (problems_.concerns("capabilities") || !capabilities.bounding) return;
        const CapabilityMask beyond = capabilities.ambient & ~*capabilities.bounding;
        if (beyond != 0) {
            refuse("capabilities.ambient",
                   capability_words(beyond) + " must be in capabilities.bounding as well");
        }
        warn_of_unheld(*capabilities.bounding & ~capabilities.ambient);
    }

    // A user that is not root gets a capability by its ambient set, or by a program with a set-id
    // bit or file capabilities, which no_new_privs rules out. Exceptions ("~sys_admin") take away
    // and give nothing; they leave the bits of capabilities to come.
    void warn_of_unheld(CapabilityMask mask) {
        const bool is_list = (mask >> 63 & 1) == 0;
        if (mask == 0 || !is_list || !unit_.service || !forbids_new_privileges()) return;
        if (unit_.service->user == "root" || unit_.service->user == "0") return;
        warn("capabilities.bounding",
             "nobody in it has " + capability_words(mask) + ": the user is not root, and " +
                 (unit_.capabilities.no_new_privs == true ? "no_new_privs"
                                                          : "the filter, by no_new_privs,") +
                 " rules out every other way; capabilities.ambient gives it");
    }

    bool forbids_new_privileges() const {
        const bool is_filtered =
            unit_.seccomp ||
            std::ranges::any_of(unit_.mounts.protect, [](const ProtectPreset* preset) {
                return !preset->denied_calls.empty();
            });
        return unit_.capabilities.no_new_privs.value_or(is_filtered);
    }

    std::string capability_words(CapabilityMask mask) const {
        std::vector<std::string> words;
        for (const std::string_view name : vocabulary_.capability_names) {
            const auto number = vocabulary_.capability_number(name);
            if (number && (mask & CapabilityMask{1} << *number) != 0) words.push_back(quoted(name));
        }
        return words.empty() ? "what it holds" : join(words, ", ");
    }

    void check_namespaces() {
        const bool has_uid_map = is_given("namespaces.user.uid_map");
        const bool has_gid_map = is_given("namespaces.user.gid_map");
        if (has_uid_map && !has_gid_map) {
            refuse("namespaces.user.uid_map", "needs a gid_map beside it");
        }
        if (has_gid_map && !has_uid_map) {
            refuse("namespaces.user.gid_map", "needs a uid_map beside it");
        }
        if (has_uid_map && is_given("namespaces.user.ids")) {
            refuse("namespaces.user.ids", "stands in place of uid_map and gid_map");
        }
        for (const JoinedNamespace& joined : unit_.namespaces.joined) {
            need_joined_unit(joined);
            check_rights_over(joined);
        }
    }

    // By setns(2) only its owner, and what that descends from, has rights over a namespace. Where
    // one of the two keys is optional, the launch finds out which it does without.
    void check_rights_over(const JoinedNamespace& joined) {
        if (!unit_.namespaces.user) return;
        const std::string key = namespace_key(joined.kind);
        if (is_optional(key) || is_optional("namespaces.user")) return;
        refuse(key,
               "a service in a new user namespace has no rights over a namespace that is there "
               "already: leave out namespaces.user, or join that one's as well");
    }

    bool is_optional(std::string_view key) const {
        return std::ranges::any_of(unit_.unit.optional, [key](const std::string& optional) {
            return is_key_within(key, optional);
        });
    }

    // Its namespace is there only while it runs.
    void need_joined_unit(const JoinedNamespace& joined) {
        if (joined.unit.empty()) return;
        if (joined.unit == unit_.name)
            return refuse(namespace_key(joined.kind), "a unit cannot join itself");
        need_unit(joined.unit);
    }

    void check_mounts() {
        if (unit_.mounts.root && unit_.mounts.root_image) {
            refuse("mounts.root_image", "stands in place of mounts.root");
        }
        if (unit_.mounts.root == "/") {
            refuse("mounts.root", quoted("/") + " " + std::string{host_root_fault});
        }
        check_hidden_root();
        MountConfig changes = unit_.mounts;
        if (changes.proc == ProcView::inherited) changes.proc.reset();
        if (changes.is_empty() || unit_.namespaces.mount) return;
        if (problems_.concerns("namespaces.mount")) return;
        for (const auto& [key, text] : unit_.declared) {
            const bool changes_nothing = text == "false" || text == "inherited" || text == "[]";
            if (key.starts_with("mounts.") && !changes_nothing) {
                refuse(key, "needs namespaces.mount = true");
            }
        }
    }

    void check_hidden_root() {
        const auto& hidden = unit_.mounts.inaccessible;
        const auto root = std::ranges::find(hidden, "/");
        if (root == hidden.end()) return;
        refuse("mounts.inaccessible[" + std::to_string(root - hidden.begin()) + "]",
               "a service cannot do without its root; tmpfs = [\"/\"] gives an empty one");
    }

    // The preset words count by what they cover.
    void warn_of_propagation() {
        const MountConfig& mounts = unit_.mounts;
        const bool has_walls = !mounts.read_only.empty() || !mounts.no_exec.empty() ||
                               !mounts.inaccessible.empty() || !mounts.protect.empty();
        if (mounts.propagation != Propagation::slave || !has_walls) return;
        warn("mounts.propagation",
             "what the host mounts later arrives as the host has it, so writable below read_only "
             "and executable below no_exec; without this key it does not arrive there");
    }

    // One path can have one kind of access, and one thing can be mounted on it.
    void check_paths() {
        SeenPaths seen;
        note(seen, "mounts.read_only", unit_.mounts.read_only);
        note(seen, "mounts.read_write", unit_.mounts.read_write);
        note(seen, "mounts.inaccessible", unit_.mounts.inaccessible);
        seen.clear();
        note(seen, "mounts.no_exec", unit_.mounts.no_exec);
        note(seen, "mounts.exec", unit_.mounts.exec);
        seen.clear();
        note(seen, "mounts.bind", unit_.mounts.bind, &BindMount::target);
        note(seen, "mounts.tmpfs", unit_.mounts.tmpfs, &TmpfsMount::target);
        note(seen, "mounts.overlay", unit_.mounts.overlay, &OverlayMount::target);
        note_directories(seen);
        seen.clear();
        note(seen, "mounts.inaccessible", unit_.mounts.inaccessible);
        note_directories(seen);
    }

    // A path, and the element that lists it.
    using SeenPaths = std::map<std::string, std::string>;

    void note_directories(SeenPaths& seen) {
        for (const DirectoryKind& kind : directory_kinds) {
            note(seen, kind.key, unit_.directories.*kind.list, [&](const ServiceDirectory& one) {
                return std::string{kind.base} + "/" + one.name;
            });
        }
    }

    // With an element at fault the indices would not be those of the file.
    template <class List, class Projection = std::identity>
    void note(SeenPaths& seen, std::string_view key, const List& list, Projection projection = {}) {
        if (problems_.concerns(key)) return;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string path = std::invoke(projection, list[i]);
            const std::string item = std::string{key} + "[" + std::to_string(i) + "]";
            const auto [other, is_first] = seen.emplace(path, item);
            if (!is_first) refuse(item, quoted(path) + " is listed already, as " + other->second);
        }
    }

    void check_protection() {
        if (unit_.capabilities.no_new_privs != false) return;
        for (const ProtectPreset* preset : unit_.mounts.protect) {
            if (preset->denied_calls.empty()) continue;
            refuse("capabilities.no_new_privs", "the system call filter of mounts.protect " +
                                                    quoted(preset->name) + " needs no_new_privs");
            return;
        }
    }

    // Keys that only take something away say nothing of the other calls.
    void settle_filter(SeccompConfig& seccomp) const {
        const auto is_restriction = [](std::string_view path) {
            return std::ranges::any_of(seccomp_restriction_keys(), [path](const Key& key) {
                return is_key_within(path, key.path);
            });
        };
        bool restricts = false;
        for (const auto& [path, place] : unit_.locations) {
            if (!path.starts_with("seccomp.")) continue;
            if (!is_restriction(path)) return;
            restricts = true;
        }
        if (restricts) seccomp.default_action = permissive_filter().default_action;
    }

    void check_realtime() {
        for (const RlimitSetting& limit : unit_.process.rlimits) {
            if (limit.resource != RLIMIT_RTPRIO || limit.hard == 0) continue;
            refuse("process.rlimits.rtprio",
                   "seccomp.realtime = false leaves no realtime priority");
        }
    }

    void check_seccomp(const SeccompConfig& seccomp) {
        if (!seccomp.realtime) check_realtime();
        if (unit_.capabilities.no_new_privs == false) {
            refuse("capabilities.no_new_privs",
                   "a system call filter needs no_new_privs; without it, a setuid program would "
                   "run under a filter that it does not expect");
        }
        if (seccomp.profile != nullptr && is_given("seccomp.default")) {
            refuse("seccomp.default", "the profile brings a default action of its own");
        }
        if (is_given("seccomp.profile")) return;
        const SeccompActionKind kind = seccomp.default_action.kind;
        const bool forbids = kind != SeccompActionKind::allow && kind != SeccompActionKind::log;
        if (forbids && seccomp.allow.empty() && !problems_.concerns("seccomp")) {
            const bool has_exceptions = is_given("seccomp.deny");
            refuse(
                "seccomp",
                std::string{"by default every system call is forbidden and 'allow' names none, "
                            "so that nothing could run"} +
                    (has_exceptions ? "; default = \"allow\" lets through what 'deny' does not name"
                                    : ""));
        }
    }

    void warn_of_the_rest() {
        warn_of_propagation();
        if (unit_.namespaces.pid && !unit_.namespaces.mount &&
            unit_.mounts.proc != ProcView::inherited) {
            warn("namespaces.pid",
                 "without namespaces.mount, /proc still shows the processes of the host");
        }
        if (unit_.seccomp && unit_.seccomp->profile != nullptr) {
            for (const std::string& text : unit_.seccomp->profile->warnings)
                warn("seccomp.profile", quoted(unit_.seccomp->profile->path) + ": " + text);
        }
        if (unit_.namespaces.user && unit_.capabilities.ambient != 0) {
            warn("capabilities.ambient",
                 "in a user namespace capabilities count only for what belongs to it");
        }
    }

    const Vocabulary& vocabulary_;
};

}  // namespace

void check_unit(Unit& unit, ProblemList& problems, const Vocabulary& vocabulary) {
    UnitCheck{unit, problems, vocabulary}.run();
}

}  // namespace confinit
