// SPDX-License-Identifier: Apache-2.0
// The id maps of a user namespace where the unit names a range in place of writing them.
#include "launch/plan/id_maps.h"
#include "launch/plan/parts.h"

#include "base/file.h"
#include "base/file_kind.h"
#include "base/look_note.h"
#include "base/reserved_ids.h"
#include "base/text.h"
#include "kernel/clone.h"
#include "kernel/proc_status.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::uint32_t separate_count = 65536;

std::optional<std::vector<std::uint32_t>> numbers_of(std::span<const std::string_view> words) {
    std::vector<std::uint32_t> numbers;
    for (const std::string_view word : words) {
        const auto number = parse_unsigned(word);
        if (!number || *number > 0xffff'ffff) return std::nullopt;
        numbers.push_back(static_cast<std::uint32_t>(*number));
    }
    return numbers;
}

// The lines of a map file; those of our own namespace say which ids we have to give.
Result<std::vector<IdMap>> read_map(const Fd& process, const std::string& file) {
    const std::string text = TRY(read_in_procfs(process, file));
    std::vector<IdMap> map;
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.empty()) continue;
        const auto numbers = numbers_of(words);
        if (!numbers || numbers->size() != 3) return failure("'" + file + "' is no id map");
        map.push_back({(*numbers)[0], (*numbers)[1], (*numbers)[2]});
    }
    return map;
}

// The facts that a user namespace tells of its ids.
struct IdRules {
    std::vector<IdMap> uid_map;
    std::vector<IdMap> gid_map;
    bool allow_setgroups = false;
};

Result<IdRules> read_rules(const Fd& process) {
    IdRules rules;
    rules.uid_map = TRY(read_map(process, "uid_map"));
    rules.gid_map = TRY(read_map(process, "gid_map"));
    rules.allow_setgroups = trim(TRY(read_in_procfs(process, "setgroups"))) == "allow";
    return rules;
}

Error map_failure(std::string object, Error error) {
    return {.key = "namespaces.user.ids",
            .object = std::move(object),
            .call = error.error == 0 ? "" : "open",
            .error = error.error,
            .hint = error.error == 0 ? error.text() : std::string{}};
}

// Every id that our own namespace has, as itself. Those of ours own what the service may not write,
// and root in its namespace could become them.
Result<std::vector<IdMap>> identity_map(const std::string& file) {
    const auto process = open_own_process();
    auto own = process ? read_map(*process, file) : std::unexpected(process.error());
    if (!own) return std::unexpected(map_failure("/proc/self/" + file, std::move(own).error()));
    std::vector<IdMap> identity;
    for (const IdMap& map : *own) {
        if (map.inside >= first_reserved_id) continue;
        identity.push_back(
            {map.inside, map.inside, std::min(map.count, first_reserved_id - map.inside)});
    }
    return identity;
}

// A line is "NAME:FIRST:COUNT". The ranges follow one another inside.
Result<std::vector<IdMap>> subid_map(const std::string& path, const std::string& owner) {
    note_key("namespaces.user.ids");
    note_path(path);
    struct stat status{};
    const bool is_there = stat(path.c_str(), &status) == 0;
    const std::string_view fault = is_there ? kind_fault(status.st_mode) : std::string_view{};
    if (!fault.empty()) return std::unexpected(map_failure(path, {.hint = std::string{fault}}));
    const auto text = read_file(AT_FDCWD, path);
    const std::string wanted = "a line such as '" + owner + ":100000:65536' in " + path +
                               " gives the ids; ids = \"private\" needs none";
    if (!text) {
        Error failure = map_failure(path, text.error());
        failure.hint = wanted;
        return std::unexpected(std::move(failure));
    }
    std::vector<IdMap> map;
    std::uint32_t next = 0;
    for (const std::string_view line : split(*text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() != 3 || fields[0] != owner) continue;
        const auto numbers = numbers_of(std::span{fields}.subspan(1));
        if (!numbers || (*numbers)[1] == 0 || (*numbers)[1] > 0xffff'ffff - next) {
            return std::unexpected(
                map_failure(path, {.hint = "this line is no range: '" + std::string{line} + "'"}));
        }
        map.push_back({next, (*numbers)[0], (*numbers)[1]});
        next += (*numbers)[1];
    }
    if (!map.empty()) return map;
    return std::unexpected(
        map_failure(path, {.hint = "it has no line for '" + owner + "': " + wanted}));
}

// A process of our own in the namespace: where nobody is known to be in it, only by one can the
// kernel be asked for the maps.
class Visitor {
public:
    static Result<Visitor> enter(const Fd& user_namespace) {
        Pipe arrived = TRY(make_pipe());
        Pipe leave = TRY(make_pipe());
        Process process = TRY(clone_process(CloneMethod::clone_then_move));
        if (process.pid() == 0) visit(user_namespace, arrived, leave);
        arrived.write_end.reset();
        leave.read_end.reset();
        Visitor visitor{std::move(process), std::move(leave.write_end)};
        TRY(visitor.await(arrived.read_end, user_namespace));
        return visitor;
    }
    Visitor(Visitor&&) = default;
    Visitor& operator=(Visitor&&) = delete;
    ~Visitor() {
        if (!leave_) return;
        // It may have been stopped, and then would not leave by itself.
        process_.signal(SIGKILL);
        (void)process_.wait();
    }

    pid_t pid() const { return process_.pid(); }

private:
    Visitor(Process process, Fd leave) : process_(std::move(process)), leave_(std::move(leave)) {}

    // The visitor is where it should be as soon as the kernel says so of it: a process of the
    // namespace that stops or ends it there does not keep PID 1 waiting.
    Status await(const Fd& arrived, const Fd& user_namespace) const {
        constexpr int step = 10;
        constexpr int longest_wait = 2000;
        const Fd process = TRY(open_process(pid()));
        const std::string wanted = TRY(link_text(user_namespace));
        pollfd polled{.fd = arrived.get(), .events = POLLIN, .revents = 0};
        for (int waited = 0; waited < longest_wait; waited += step) {
            const bool has_news = poll(&polled, 1, step) > 0;
            if (TRY(read_namespace(process, "user")) == wanted) return {};
            if (has_news) return std::unexpected(read_error(arrived));
        }
        return failure("the machine is too busy for a process that looks into it");
    }

    // As /proc/PID/ns/user shows it.
    static Result<std::string> link_text(const Fd& user_namespace) {
        struct stat status{};
        if (fstat(user_namespace.get(), &status) < 0) return errno_failure("fstat");
        return "user:[" + std::to_string(status.st_ino) + "]";
    }

    static Error read_error(const Fd& arrived) {
        int error = 0;
        const bool has_told = read(arrived.get(), &error, sizeof error) == sizeof error;
        return system_error(has_told ? error : ESRCH, "setns");
    }

    [[noreturn]] static void visit(const Fd& user_namespace, Pipe& arrived, Pipe& leave) {
        (void)syscall(SYS_close, leave.write_end.get());
        // A service of that namespace may not find our memory and descriptors in it.
        (void)syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
        const long joined = syscall(SYS_setns, user_namespace.get(), CLONE_NEWUSER);
        const int error = joined < 0 ? errno : 0;
        (void)syscall(SYS_write, arrived.write_end.get(), &error, sizeof error);
        char byte = 0;
        (void)syscall(SYS_read, leave.read_end.get(), &byte, sizeof byte);
        syscall(SYS_exit_group, 0);
        __builtin_trap();
    }

    Process process_;
    Fd leave_;
};

Result<IdRules> read_by_visit(const Fd& user_namespace) {
    const Visitor visitor = TRY(Visitor::enter(user_namespace));
    return read_rules(TRY(open_process(visitor.pid())));
}

// The rules as the main process of the unit shows them, if it is in this namespace.
Result<IdRules> read_of_unit(const std::string& name, const JoinTarget& target,
                             const LaunchContext& context) {
    const Process* running = context.find_running ? context.find_running(name) : nullptr;
    if (running == nullptr) return failure("the unit has no main process now");
    const Fd process = TRY(open_process(running->pid()));
    IdRules rules = TRY(read_rules(process));
    if (TRY(read_namespace(process, "user")) == target.join.identity) return rules;
    return failure("its main process is in another user namespace");
}

Status read_joined_maps(const std::string& object, const JoinedNamespace& joined,
                        const JoinTarget& target, const LaunchContext& context,
                        NamespaceConfig& namespaces) {
    auto rules = read_of_unit(joined.unit, target, context);
    note_key("namespaces.user");
    note_path(object);
    if (!rules) rules = read_by_visit(target.file);
    if (!rules) {
        const Error& error = rules.error();
        return std::unexpected(Error{.key = "namespaces.user",
                                     .object = object,
                                     .call = error.error == 0 ? "" : "setns",
                                     .error = error.error,
                                     .hint = error.error == 0 ? error.text() : ""});
    }
    namespaces.uid_map = std::move(rules->uid_map);
    namespaces.gid_map = std::move(rules->gid_map);
    namespaces.allow_setgroups = rules->allow_setgroups;
    return {};
}

}  // namespace

Status settle_id_maps(const LaunchContext& context, Unit& unit) {
    NamespaceConfig& namespaces = unit.namespaces;
    for (const JoinedNamespace& joined : namespaces.joined) {
        if (joined.kind != NamespaceKind::user) continue;
        const JoinTarget target = TRY(open_join_target(joined, context));
        return read_joined_maps(unit.declared["namespaces.user"], joined, target, context,
                                namespaces);
    }
    if (!namespaces.user) return {};
    switch (namespaces.id_range) {
    case IdRange::nobody:
        return {};
    case IdRange::identity:
        namespaces.uid_map = TRY(identity_map("uid_map"));
        namespaces.gid_map = TRY(identity_map("gid_map"));
        return {};
    case IdRange::separate:
        if (!context.separate_ids) {
            return std::unexpected(Error{.key = "namespaces.user.ids",
                                         .object = "private",
                                         .hint = "only a supervisor has ranges to give"});
        }
        namespaces.uid_map = {{0, context.separate_ids(unit.name), separate_count}};
        namespaces.gid_map = namespaces.uid_map;
        return {};
    case IdRange::subid:
        namespaces.uid_map = TRY(subid_map("/etc/subuid", namespaces.subid_owner));
        namespaces.gid_map = TRY(subid_map("/etc/subgid", namespaces.subid_owner));
        return {};
    }
    return {};
}

std::optional<std::uint32_t> outside_id(const std::vector<IdMap>& maps, std::uint32_t inside) {
    for (const IdMap& map : maps) {
        if (inside >= map.inside && inside - map.inside < map.count) {
            return map.outside + (inside - map.inside);
        }
    }
    return std::nullopt;
}

}  // namespace confinit
