// SPDX-License-Identifier: Apache-2.0
// Executable: why execve(2) refuses a service's program, told apart where the errno does not.
#include "launch/plan/executable.h"

#include "base/file.h"
#include "base/look_note.h"
#include "base/text.h"
#include "launch/plan/mount_kinds.h"
#include "launch/plan/witnesses.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::string_view command_key = "service.command[0]";

// The kernel looks at as many bytes to tell the kind of program: BINPRM_BUF_SIZE.
constexpr std::size_t head_size = 256;

#if defined(__x86_64__)
constexpr std::array<unsigned, 2> native_machines{EM_X86_64, EM_386};
#elif defined(__aarch64__)
constexpr std::array<unsigned, 2> native_machines{EM_AARCH64, EM_ARM};
#elif defined(__riscv)
constexpr std::array<unsigned, 1> native_machines{EM_RISCV};
#else
constexpr std::array<unsigned, 0> native_machines{};
#endif

struct Program {
    Fd file;
    std::string head;
};

std::optional<Program> read_program(const std::string& host_path) {
    note_path(host_path);
    witness_content(host_path);
    auto file = open_at(AT_FDCWD, host_path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return std::nullopt;
    std::array<char, head_size> head{};
    const ssize_t size = pread(file->get(), head.data(), head.size(), 0);
    if (size < 0) return std::nullopt;
    return Program{std::move(*file), std::string{head.data(), static_cast<std::size_t>(size)}};
}

template <class Structure>
std::optional<Structure> read_structure(const Fd& file, std::uint64_t offset) {
    Structure structure;
    const ssize_t size =
        pread(file.get(), &structure, sizeof structure, static_cast<off_t>(offset));
    if (size != static_cast<ssize_t>(sizeof structure)) return std::nullopt;
    return structure;
}

// "#! /bin/sh -e" -> "/bin/sh".
std::optional<std::string> script_interpreter(std::string_view head) {
    if (!head.starts_with("#!")) return std::nullopt;
    std::string_view line = head.substr(2, head.find('\n') - 2);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return std::nullopt;
    line.remove_prefix(first);
    return std::string{line.substr(0, line.find_first_of(" \t"))};
}

template <class Header, class Segment>
std::optional<std::string> loader_of(const Fd& file) {
    const auto header = read_structure<Header>(file, 0);
    if (!header || header->e_phentsize != sizeof(Segment)) return std::nullopt;
    for (unsigned i = 0; i < header->e_phnum; ++i) {
        const auto segment = read_structure<Segment>(file, header->e_phoff + i * sizeof(Segment));
        if (!segment) return std::nullopt;
        if (segment->p_type != PT_INTERP) continue;
        std::array<char, 4096> path{};
        const std::size_t size = std::min<std::size_t>(segment->p_filesz, path.size() - 1);
        if (pread(file.get(), path.data(), size, static_cast<off_t>(segment->p_offset)) <= 0) {
            return std::nullopt;
        }
        return std::string{path.data()};
    }
    return std::nullopt;
}

bool is_elf(const Program& program) {
    return program.head.starts_with(ELFMAG) && program.head.size() >= sizeof(Elf32_Ehdr);
}

std::optional<std::string> elf_loader(const Program& program) {
    if (!is_elf(program)) return std::nullopt;
    if (program.head[EI_CLASS] == ELFCLASS64) {
        return loader_of<Elf64_Ehdr, Elf64_Phdr>(program.file);
    }
    return loader_of<Elf32_Ehdr, Elf32_Phdr>(program.file);
}

Error make_failure(std::string object, int error, std::string hint) {
    return {std::string{command_key}, std::move(object), "execve", error, std::move(hint)};
}

std::string where(const LaunchPlan& plan) {
    if (plan->child.root == nullptr) return "on the host";
    return "in the service's root '" + std::string{plan->child.root} + "'";
}

// The key of the mount that a path lies in, where that is one of this kind; else empty. The longest
// path comes last.
std::string covering_key(const LaunchPlan& plan, MountOpKind kind, std::string_view path) {
    std::string key;
    for (std::size_t i = 0; i < plan->child.mounts.size() && i < plan->mount_targets.size(); ++i) {
        const MountOpKind other = plan->child.mounts[i].kind;
        if (!mount_kind_row(other).brings_files || !is_within(path, plan->mount_targets[i]))
            continue;
        key = other == kind ? plan->mount_keys[i].str() : "";
    }
    return key;
}

std::string tmpfs_hint(const std::string& key) {
    return key + " covers it; mounts.bind brings it there";
}

std::optional<Error> absent_file(const LaunchPlan& plan, const Lookup& found) {
    if (found.presence != Lookup::Presence::absent) return std::nullopt;
    const std::string place = where(plan);
    if (found.error == ELOOP) {
        return make_failure(plan->executable.str(), ELOOP, "its symbolic links lead in a circle");
    }
    if (found.error == ENOTDIR) {
        return make_failure(plan->executable.str(), ENOTDIR,
                            "'" + found.path + "' is no directory " + place);
    }
    if (const auto key = covering_key(plan, MountOpKind::tmpfs, found.path); !key.empty()) {
        return make_failure(plan->executable.str(), ENOENT, tmpfs_hint(key));
    }
    std::string hint = "there is no such file " + place;
    if (found.path != plan->executable) hint += ", where that is '" + found.path + "'";
    if (std::string_view{plan->executable}.contains(' '))
        hint += "; each argument is an element of its own";
    return make_failure(plan->executable.str(), ENOENT, std::move(hint));
}

std::optional<Error> unfit_file(const LaunchPlan& plan, const Lookup& found) {
    if (!S_ISREG(found.status.st_mode)) {
        return make_failure(plan->executable.str(), EACCES,
                            "'" + found.path + "' is no regular file");
    }
    if ((found.status.st_mode & 0111) == 0) {
        return make_failure(plan->executable.str(), EACCES,
                            "'" + found.path + "' has no x bit; try chmod +x");
    }
    return std::nullopt;
}

std::optional<std::string> interpreter_of(const Program& program) {
    auto script = script_interpreter(program.head);
    return script ? script : elf_loader(program);
}

std::optional<Error> absent_interpreter(const LaunchPlan& plan, const ServiceView& view,
                                        const Program& program) {
    const bool is_script = script_interpreter(program.head).has_value();
    const auto interpreter = interpreter_of(program);
    if (!interpreter || !interpreter->starts_with('/')) return std::nullopt;
    const Lookup found = view.find(*interpreter);
    if (found.presence != Lookup::Presence::absent) return std::nullopt;
    const std::string key = covering_key(plan, MountOpKind::tmpfs, found.path);
    std::string hint =
        is_script ? "its first line asks for the interpreter '" : "it needs the dynamic loader '";
    hint += escape_control_characters(*interpreter) + "', which ";
    hint += key.empty() ? "is not " + where(plan) : key + " covers; mounts.bind brings it there";
    if (interpreter->ends_with('\r')) hint += "; the line ends with a carriage return";
    return make_failure(plan->executable.str(), ENOENT, std::move(hint));
}

// Whether the service's user has the x bit by owner, group and mode; capabilities(7) and access
// control lists may say otherwise, so that this is good for a hint only.
bool may_execute(const LaunchPlan& plan, const struct stat& status) {
    const auto& child = plan->child;
    if (status.st_uid == child.uid) return (status.st_mode & S_IXUSR) != 0;
    const bool is_member = std::ranges::find(child.groups, status.st_gid) != child.groups.end();
    return (status.st_mode & (is_member ? S_IXGRP : S_IXOTH)) != 0;
}

// The first directory on the way that the user cannot search.
std::optional<std::string> closed_directory(const LaunchPlan& plan, const ServiceView& view,
                                            const std::string& path) {
    for (std::size_t end = path.find('/'); end != std::string::npos;
         end = path.find('/', end + 1)) {
        std::string directory = end == 0 ? "/" : path.substr(0, end);
        const Lookup found = view.find(directory);
        if (found.presence != Lookup::Presence::present) return std::nullopt;
        if (!may_execute(plan, found.status)) return directory;
    }
    return std::nullopt;
}

// The key that forbids to execute what lies at a path, empty when none does.
std::string no_exec_key(const LaunchPlan& plan, std::string_view path) {
    std::string key;
    for (std::size_t i = 0; i < plan->child.mounts.size(); ++i) {
        const MountOpKind kind = plan->child.mounts[i].kind;
        if (kind != MountOpKind::no_exec && kind != MountOpKind::exec) continue;
        if (!is_within(path, plan->mount_targets[i])) continue;
        key = kind == MountOpKind::no_exec ? plan->mount_keys[i].c_str() : "";
    }
    return key;
}

std::string no_exec_hint(const std::string& key, const std::string& what) {
    return key + " forbids to execute " + what + "; list its directory in mounts.exec";
}

std::string access_hint(const LaunchPlan& plan, const ServiceView& view, const Lookup& found) {
    if (const std::string key = no_exec_key(plan, found.path); !key.empty()) {
        return no_exec_hint(key, "what lies there");
    }
    if (found.is_noexec) return "it lies on a file system that is mounted noexec";
    const std::string user = "user " + std::to_string(plan->child.uid);
    if (const auto directory = closed_directory(plan, view, found.path)) {
        return user + " cannot search the directory '" + *directory + "'";
    }
    if (!may_execute(plan, found.status)) return user + " has no x bit on it";
    return "a mount or a security module of the service forbids it";
}

// Root is not kept from looking into what is hidden, and finds nothing there.
std::optional<Error> hidden_file(const LaunchPlan& plan, const ServiceView& view) {
    const std::string key =
        covering_key(plan, MountOpKind::inaccessible, view.resolve(plan->executable));
    if (key.empty()) return std::nullopt;
    return make_failure(plan->executable.str(), plan->child.uid == 0 ? ENOENT : EACCES,
                        key + " covers it");
}

std::string format_hint(const Program& program) {
    if (!is_elf(program)) return "it is neither an ELF program nor a script that begins with '#!'";
    std::uint16_t machine = 0;
    std::memcpy(&machine, program.head.data() + offsetof(Elf32_Ehdr, e_machine), sizeof machine);
    if (std::ranges::find(native_machines, machine) == native_machines.end()) {
        return "it is made for another machine (ELF machine " + std::to_string(machine) + ")";
    }
    return "it is a damaged ELF program, or one that this kernel does not run";
}

// Whether the ids of the plan are the host's, and nothing but they decides what the user may do.
bool is_judged_by_ids(const LaunchPlan& plan) {
    constexpr CapabilityMask above =
        CapabilityMask{1} << CAP_DAC_OVERRIDE | CapabilityMask{1} << CAP_DAC_READ_SEARCH;
    return plan->child.uid != 0 && plan.ids.uid_map.empty() &&
           (plan->expected_capabilities.ambient & above) == 0;
}

// An access control list may give what the mode does not.
bool is_certainly_closed(const LaunchPlan& plan, const Lookup& found) {
    if (may_execute(plan, found.status) || found.host_path.empty()) return false;
    return getxattr(found.host_path.c_str(), "system.posix_acl_access", nullptr, 0) < 0;
}

// Programs of other formats, which the kernel runs by an interpreter of theirs: binfmt_misc.
bool has_foreign_formats() {
    const auto names = list_directory(AT_FDCWD, "/proc/sys/fs/binfmt_misc");
    return names && std::ranges::any_of(*names, [](const std::string& name) {
               return name != "register" && name != "status" && !name.starts_with('.');
           });
}

std::string likely_hint(const LaunchPlan& plan, const ServiceView& view, int error) {
    const Lookup found = view.find(plan->executable);
    if (error == ENOENT && plan->child.image_mount_point != nullptr) {
        return "there is no such file in the service's root image, or not its interpreter";
    }
    if (found.presence != Lookup::Presence::present) {
        return "a mount of the service itself covers it";
    }
    if (error == EACCES || error == EPERM) return access_hint(plan, view, found);
    const auto program = read_program(found.host_path);
    if (error == ENOEXEC && program) return format_hint(*program);
    if (error == E2BIG) return "its arguments and environment are too long";
    if (error == ENOMEM) return "the memory limit leaves no room for it";
    return {};
}

}  // namespace

std::optional<Error> find_executable_fault(const LaunchPlan& plan, const ServiceView& view) {
    const Lookup found = view.find(plan->executable);
    if (found.presence == Lookup::Presence::unknown) return std::nullopt;
    if (auto fault = absent_file(plan, found)) return fault;
    if (auto fault = unfit_file(plan, found)) return fault;
    const auto program = read_program(found.host_path);
    if (!program) return std::nullopt;
    return absent_interpreter(plan, view, *program);
}

std::optional<Error> find_mount_fault(const LaunchPlan& plan, const ServiceView& view) {
    const Lookup found = view.find(plan->executable);
    if (found.presence == Lookup::Presence::unknown) return hidden_file(plan, view);
    if (found.presence != Lookup::Presence::present) return std::nullopt;
    if (const auto key = no_exec_key(plan, found.path); !key.empty()) {
        return make_failure(plan->executable.str(), EACCES, no_exec_hint(key, "what lies there"));
    }
    const auto program = read_program(found.host_path);
    const auto interpreter = program ? interpreter_of(*program) : std::nullopt;
    if (!interpreter || !interpreter->starts_with('/')) return std::nullopt;
    const std::string key = no_exec_key(plan, view.resolve(*interpreter));
    if (key.empty()) return std::nullopt;
    return make_failure(plan->executable.str(), EACCES,
                        no_exec_hint(key, "its interpreter '" + *interpreter + "'"));
}

std::optional<std::string> find_closed_directory(const LaunchPlan& plan, const ServiceView& view,
                                                 const std::string& path) {
    if (!is_judged_by_ids(plan)) return std::nullopt;
    auto directory = closed_directory(plan, view, path);
    if (!directory || !is_certainly_closed(plan, view.find(*directory))) return std::nullopt;
    return directory;
}

std::optional<Error> find_use_fault(const LaunchPlan& plan, const ServiceView& view) {
    const Lookup found = view.find(plan->executable);
    if (found.presence != Lookup::Presence::present || found.host_path.empty()) return std::nullopt;
    const bool is_closed = find_closed_directory(plan, view, found.path) ||
                           (is_judged_by_ids(plan) && is_certainly_closed(plan, found));
    if (found.is_noexec || is_closed) {
        return make_failure(plan->executable.str(), EACCES, access_hint(plan, view, found));
    }
    const auto program = read_program(found.host_path);
    const bool has_known_format =
        !program || program->head.starts_with(ELFMAG) || program->head.starts_with("#!");
    if (has_known_format || has_foreign_formats()) return std::nullopt;
    return make_failure(plan->executable.str(), ENOEXEC, format_hint(*program));
}

Error explain_execve(const LaunchPlan& plan, int error) {
    const ServiceView view = make_launch_view(plan);
    for (const auto find : {find_executable_fault, find_mount_fault}) {
        auto fault = find(plan, view);
        if (fault && fault->error == error) return std::move(*fault);
    }
    return make_failure(plan->executable.str(), error, likely_hint(plan, view, error));
}

ServiceView make_root_view(const LaunchPlan& plan) {
    const auto& child = plan->child;
    ServiceView view{child.root != nullptr ? child.root.c_str() : "/"};
    if (child.image_mount_point != nullptr) view.hide_root();
    return view;
}

namespace {

void add_mounts(const LaunchPlan& plan, ServiceView& view) {
    const auto& mounts = plan->child.mounts;
    for (std::size_t i = 0; i < mounts.size() && i < plan->mount_targets.size(); ++i)
        view.add_mount(mounts[i].kind, mounts[i].source, std::string{plan->mount_targets[i]});
}

}  // namespace

ServiceView make_service_view(const LaunchPlan& plan) {
    ServiceView view = make_root_view(plan);
    add_mounts(plan, view);
    return view;
}

ServiceView make_launch_view(const LaunchPlan& plan) {
    ServiceView view = make_root_view(plan);
    view.expect_launch();
    add_mounts(plan, view);
    return view;
}

}  // namespace confinit
