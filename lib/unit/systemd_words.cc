// SPDX-License-Identifier: Apache-2.0
// The words of systemd's unit files: the keys that answer to them, and what to do where none does.
#include "unit/systemd_words.h"

#include "base/letter_case.h"
#include "base/text.h"

#include <algorithm>
#include <string>

namespace confinit {
namespace {

struct Advice {
    std::string_view words;  // apart from each other by spaces
    std::string_view text;
};

// A later row of the same word is not looked at: values stand before their directives.
constexpr Advice advices[] = {
    {"Type=forking PIDFile GuessMainPID ExitType",
     "run the daemon in the foreground, for which most have an option: the process that "
     "service.command starts is the main one, and no pid file is read"},
    {"Type=simple Type=idle Type=notify-reload",
     "service.type is exec, notify or oneshot; exec counts as started when the program runs, and "
     "is the default"},
    {"Restart=on-success Restart=on-abnormal Restart=on-abort Restart=on-watchdog",
     "service.restart is no, on-failure or always; on-failure is after every end that nobody asked "
     "for but one with status 0"},
    {"Type=dbus BusName", "service.ready = \"dbus:NAME\" waits for the name on the system bus"},
    {"KillMode=process KillMode=none",
     "no process outlives its unit; service.kill_mode = \"mixed\" sends the stop signal to the "
     "main "
     "process alone, and ends the others after it"},
    {"ExecStartPre ExecCondition",
     "what must run before is a unit of its own with service.type = \"oneshot\", which this one "
     "names in unit.requires and unit.after"},
    {"ExecStartPost",
     "what must run after the start is a unit of its own with service.type = \"oneshot\" that "
     "names "
     "this one in unit.requires and unit.after"},
    {"ExecReload",
     "service.reload = \"SIGHUP\" names the signal at which the program reads its files again; "
     "`svctl reload UNIT` sends it"},
    {"ExecStop ExecStopPost ExecStopPre",
     "a stop sends service.stop_signal, and ends what is left after service.stop_timeout; a "
     "program "
     "that wants to be asked otherwise is started by a script that traps the signal"},
    {"EnvironmentFile",
     "the variables stand in service.environment, and those of one machine in a drop-in"},
    {"UnsetEnvironment",
     "a service has the variables of service.environment, and of the supervisor's own those of "
     "service.pass_environment"},
    {"RemainAfterExit",
     "a service of type oneshot that has ended well counts as active; every other one is active as "
     "long as its main process runs"},
    {"Alias", "a unit has one name; let the others name it in their wants and requires"},
    {"Also", "each unit is enabled by itself: `svctl enable UNIT OTHER`"},
    {"DefaultInstance", "name the instance: `svctl enable NAME@INSTANCE`"},
    {"DefaultDependencies",
     "nothing is implied, but that a unit without [service] comes after what it wants and "
     "requires"},
    {"OnFailure OnFailureJobMode OnSuccess OnSuccessJobMode",
     "nothing is started because a unit has ended; `svctl events --follow` tells of it, "
     "service.restart tries it again, and service.essential ends everything with it"},
    {"FailureAction FailureActionExitStatus SuccessActionExitStatus StartLimitAction "
     "RebootArgument",
     "service.essential ends everything with the service, and the exit status is the service's"},
    {"StartLimitIntervalSec StartLimitInterval",
     "service.restart_limit counts the restarts in a row, between which the service has not run "
     "well"},
    {"BindsTo PartOf Requisite Upholds PropagatesStopTo PropagatesReloadTo StopPropagatedFrom "
     "ReloadPropagatedFrom BoundBy ConsistsOf RequisiteOf UpheldBy ConflictedBy",
     "unit.requires stops this unit when the other one is stopped; nothing follows it when it "
     "fails, and nothing is reloaded"},
    {"StopWhenUnneeded CollectMode RefuseManualStart RefuseManualStop AllowIsolate IgnoreOnIsolate",
     "a unit stays as it is until somebody starts or stops it, except for a group, which goes with "
     "its last member"},
    {"Job*", "a start ends after service.start_timeout, and a unit that waits does so for ever"},
    {"Condition* Assert*",
     "a unit that is asked for is started; let the program test, or a unit of type oneshot in "
     "unit.requires and unit.after, whose failure keeps this one from starting"},
    {"RequiresMountsFor WantsMountsFor",
     "confinit mounts no file systems; a unit of type oneshot that does so stands in unit.requires "
     "and unit.after"},
    {"SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus",
     "a main process that exits with 0 has ended well, and every other end that nobody asked for "
     "is "
     "a failure"},
    {"FinalKillSignal SendSIGKILL SendSIGHUP RestartKillSignal WatchdogSignal",
     "service.stop_signal is sent first and SIGKILL after service.stop_timeout; a missed watchdog "
     "means SIGABRT"},
    {"TimeoutSec", "service.start_timeout and service.stop_timeout are two keys"},
    {"TimeoutAbortSec TimeoutCleanSec TimeoutStartFailureMode TimeoutStopFailureMode",
     "service.start_timeout ends by SIGKILL, and service.stop_timeout after the stop signal does"},
    {"RuntimeMaxSec RuntimeRandomizedExtraSec",
     "a service may run for ever; timeout(1) in front of its command ends it"},
    {"NotifyAccess", "a notification counts if its sender is a process of the unit"},
    {"FileDescriptorStoreMax FileDescriptorName NonBlocking Sockets",
     "no descriptors are passed to a service or kept for it"},
    {"IPAddressAllow IPAddressDeny IPAccounting IPIngressFilterPath IPEgressFilterPath SocketBind* "
     "RestrictNetworkInterfaces BPFProgram",
     "namespaces.net = true gives a service a network of its own, and seccomp.address_families "
     "says "
     "which sockets it may open; addresses and ports are filtered by nftables"},
    {"Listen* Accept Backlog Socket* BindIPv6Only BindToDevice DirectoryMode Writable "
     "FlushPending MaxConnections MaxConnectionsPerSource KeepAlive* NoDelay Priority "
     "DeferAcceptSec "
     "ReceiveBuffer SendBuffer IPTOS IPTTL Mark ReusePort PipeSize MessageQueue* FreeBind "
     "Transparent Broadcast PassCredentials PassSecurity PassPacketInfo Timestamping TCPCongestion "
     "RemoveOnStop Symlinks TriggerLimit* SELinuxContextFromNet USBFunction* Service [Socket]",
     "there is no socket activation: a service opens its sockets itself"},
    {"OnCalendar OnClockChange OnTimezoneChange OnActiveSec OnBootSec OnStartupSec OnUnit* "
     "AccuracySec RandomizedDelaySec FixedRandomDelay Persistent WakeSystem RemainAfterElapse Unit "
     "[Timer]",
     "there are no timers: run cron as a unit, or let a service sleep between its turns"},
    {"PathExists* PathChanged PathModified DirectoryNotEmpty MakeDirectory [Path]",
     "no path is watched: let a service do so"},
    {"What Where Options SloppyOptions LazyUnmount ReadWriteOnly ForceUnmount [Mount] [Automount] "
     "[Swap]",
     "confinit mounts no file systems of the machine; a unit of type oneshot can"},
    {"DynamicUser",
     "service.user names an account that is there, directories.state and its like belong to it, "
     "and "
     "namespaces.user = { ids = \"private\" } gives ids that no other service has"},
    {"DeviceAllow DevicePolicy",
     "mounts.private_dev = true shows a service null, zero and their like, and no hardware"},
    {"LoadCredential* SetCredential* ImportCredential",
     "keep a secret in a file that only service.user can read, such as below "
     "directories.configuration"},
    {"StandardInputText StandardInputData StandardError",
     "standard input is /dev/null, and what is printed is kept for `svctl logs` and goes on to the "
     "supervisor's own output as log.forward says; service.tty connects all three with a "
     "terminal"},
    {"Syslog* LogLevelMax LogExtraFields LogRateLimit* LogNamespace LogFilterPatterns",
     "what a service prints is kept as it is, a bounded number of lines for each unit: `svctl "
     "logs`"},
    {"TTYReset TTYVHangup TTYVTDisallocate TTYRows TTYColumns Utmp* PAMName",
     "service.tty gives the terminal as it is; a session is opened by a program such as login(1)"},
    {"*Accounting", "every unit with a node is accounted for; `svctl status` shows it"},
    {"CPUShares", "cgroup.cpu.weight divides the CPU; 100 is everybody's"},
    {"MemoryLimit", "cgroup.memory.max is the limit"},
    {"BlockIO*", "cgroup.io.weight and cgroup.io.max limit what reaches a device"},
    {"Startup*", "a limit is the same while the machine boots; `svctl set` changes it at any time"},
    {"ManagedOOM*",
     "cgroup.memory_stall_timeout ends a service whose memory.high lets it go on no more"},
    {"DisableControllers EffectiveCPUs EffectiveMemoryNodes EffectiveMemory* EffectiveTasksMax",
     "a node has the controllers that its own limits need; `svctl status` shows limits from above"},
    {"NUMA*", "cgroup.cpuset.mems says from which nodes memory comes"},
    {"AppArmorProfile SELinuxContext Smack*",
     "no label of a security module is set; a profile that is attached to the program's path "
     "works"},
    {"RootImageOptions RootHash* RootVerity ExtensionImages RootImagePolicy",
     "mounts.root_image mounts an image as it is, without further options"},
    {"RootDirectoryStartOnly PermissionsStartOnly",
     "mounts.root holds for every process of a unit"},
    {"RestrictFileSystems", "mounts.read_only, inaccessible and root say what a service can reach"},
    {"MountAPIVFS",
     "with mounts.root, /proc and /dev are there when mounts.proc and private_dev say so"},
    {"RuntimeDirectoryPreserve", "directories.runtime goes with the run"},
    {"RemoveIPC", "namespaces.ipc = true gives a service its own, which goes with it"},
    {"SystemCallLog", "\"log\" is an action: seccomp.allow = [\"chmod:log\"]"},
    {"Personality", "seccomp.personality and seccomp.architectures say what a program may become"},
    {"ExecSearchPath", "service.command begins with an absolute path"},
    {"IgnoreSIGPIPE CoredumpFilter TimerSlackNSec CPUSchedulingResetOnFork",
     "a service begins with the kernel's own setting of it"},
    {"DefaultDeviceTimeoutSec Triggers TriggeredBy Following SourcePath", "nothing needs it here"},
    {"[Install]", "unit.wanted_by and unit.required_by count once `svctl enable` was run"},
    {"[Slice]",
     "a unit with [cgroup] and without [service] is a group; its members say cgroup.group"},
    {"[Scope]", "a process is in a node of its own only as a service"},
};

bool equals(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, {}, to_lower, to_lower);
}

// Whether the word is this one, in which '*' stands for any part.
bool matches(std::string_view word, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return equals(word, pattern);
    const std::string_view end = pattern.substr(star + 1);
    return word.size() >= star + end.size() &&
           equals(word.substr(0, star), pattern.substr(0, star)) &&
           equals(word.substr(word.size() - end.size()), end);
}

// "MemoryMax" of "MemoryMax=64M".
std::string_view directive_of(std::string_view word) {
    return word.substr(0, word.find('='));
}

std::string_view find_advice(std::string_view word) {
    for (const Advice& advice : advices) {
        const auto words = split_words(advice.words);
        const bool is_meant = std::ranges::any_of(
            words, [&](std::string_view pattern) { return matches(word, pattern); });
        if (is_meant) return advice.text;
    }
    return {};
}

}  // namespace

std::vector<std::string_view> directives_of(const Key& key) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split_words(key.systemd))
        words.push_back(word.substr(0, word.find(',')));
    return words;
}

std::vector<const Key*> keys_for_directive(std::string_view word) {
    std::vector<const Key*> exact;
    std::vector<const Key*> found;
    const bool has_value = word.find('=') + 1 < word.size() && word.contains('=');
    for (const Key* key : all_keys()) {
        for (const std::string_view named : directives_of(*key)) {
            if (has_value && equals(named, word)) exact.push_back(key);
            if (!equals(directive_of(named), directive_of(word))) continue;
            if (found.empty() || found.back() != key) found.push_back(key);
        }
    }
    return exact.empty() ? found : exact;
}

std::string_view advice_for_directive(std::string_view word) {
    if (word.empty()) return {};
    const bool has_value = word.contains('=') && !word.ends_with('=');
    if (has_value) {
        if (const auto advice = find_advice(word); !advice.empty()) return advice;
    }
    return keys_for_directive(word).empty() ? find_advice(directive_of(word)) : std::string_view{};
}

std::vector<std::string_view> advised_directives() {
    std::vector<std::string_view> all;
    for (const Advice& advice : advices) {
        const auto words = split_words(advice.words);
        all.insert(all.end(), words.begin(), words.end());
    }
    return all;
}

}  // namespace confinit
