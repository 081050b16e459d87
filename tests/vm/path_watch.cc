// SPDX-License-Identifier: Apache-2.0
// Runs before PID 1 and becomes it: makes the kernel record the path calls of process 1, and then
// executes the supervisor. The kernel writes the record to the console when the machine ends.
//
// Every path that a system call resolves goes through one function of the kernel, link_path_walk,
// as do links at the end of a path, with the text that they hold. A probe there reads the path, and
// of the directory that the walk begins in the file system and three names. The paths that PID 1
// may open at any time are thrown away in the kernel, so that what is left is short.
// tests/vm/harness/paths.py reads the record.
#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/btf.h>
#include <optional>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <unistd.h>

using namespace confinit;

namespace {

constexpr const char* supervisor = "/usr/lib/test/init";
constexpr const char* tracing = "/sys/kernel/tracing/";

// The kernel's description of its own types: where the members of its structures lie.
class TypeFormat {
public:
    explicit TypeFormat(std::string bytes) : bytes_(std::move(bytes)) {
        std::memcpy(&header_, bytes_.data(), sizeof header_);
    }

    // The offset in bytes of a member of the structure of this name.
    Result<unsigned> offset_of(std::string_view structure, std::string_view member) const {
        std::size_t at = header_.hdr_len + header_.type_off;
        const std::size_t end = at + header_.type_len;
        while (at < end) {
            const auto type = get<btf_type>(at);
            at += sizeof type;
            if (BTF_INFO_KIND(type.info) == BTF_KIND_STRUCT && name(type.name_off) == structure) {
                if (const auto offset = offset_in(type, at, member)) return *offset;
            }
            at += length_after(type);
        }
        return failure("struct " + std::string{structure} + " has no " + std::string{member});
    }

private:
    template <typename T>
    T get(std::size_t at) const {
        T value;
        std::memcpy(&value, bytes_.data() + at, sizeof value);
        return value;
    }

    std::string_view name(std::uint32_t offset) const {
        return bytes_.data() + header_.hdr_len + header_.str_off + offset;
    }

    std::optional<unsigned> offset_in(const btf_type& type, std::size_t at,
                                      std::string_view wanted) const {
        for (unsigned index = 0; index < BTF_INFO_VLEN(type.info); ++index) {
            const auto member = get<btf_member>(at + index * sizeof(btf_member));
            if (name(member.name_off) == wanted) return BTF_MEMBER_BIT_OFFSET(member.offset) / 8;
        }
        return std::nullopt;
    }

    static std::size_t length_after(const btf_type& type) {
        const std::size_t count = BTF_INFO_VLEN(type.info);
        switch (BTF_INFO_KIND(type.info)) {
        case BTF_KIND_INT:
            return sizeof(std::uint32_t);
        case BTF_KIND_ARRAY:
            return sizeof(btf_array);
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
            return count * sizeof(btf_member);
        case BTF_KIND_ENUM:
            return count * sizeof(btf_enum);
        case BTF_KIND_ENUM64:
            return count * sizeof(btf_enum64);
        case BTF_KIND_FUNC_PROTO:
            return count * sizeof(btf_param);
        case BTF_KIND_VAR:
            return sizeof(btf_var);
        case BTF_KIND_DATASEC:
            return count * sizeof(btf_var_secinfo);
        case BTF_KIND_DECL_TAG:
            return sizeof(btf_decl_tag);
        default:
            return 0;
        }
    }

    std::string bytes_;
    btf_header header_{};
};

// An argument of the probe: the string at the end of a chain of pointers that begins in the second
// parameter, which is the walk: "name=+0(+8(+0(%si))):string".
std::string string_of(const char* name, std::initializer_list<unsigned> offsets) {
    std::string chain = "%si";
    for (const unsigned offset : offsets)
        chain = "+" + std::to_string(offset) + "(" + chain + ")";
    return std::string{" "} + name + "=+0(" + chain + "):string";
}

// The part of the probe after the name of the function.
Result<std::string> arguments_of_probe() {
    const TypeFormat types{TRY(read_file(AT_FDCWD, "/sys/kernel/btf/vmlinux", 1U << 26))};
    const unsigned start =
        TRY(types.offset_of("nameidata", "path")) + TRY(types.offset_of("path", "dentry"));
    const unsigned name =
        TRY(types.offset_of("dentry", "d_name")) + TRY(types.offset_of("qstr", "name"));
    const unsigned parent = TRY(types.offset_of("dentry", "d_parent"));
    const unsigned super_block = TRY(types.offset_of("dentry", "d_sb"));
    const unsigned type = TRY(types.offset_of("super_block", "s_type"));
    const unsigned type_name = TRY(types.offset_of("file_system_type", "name"));
    const unsigned flags = TRY(types.offset_of("nameidata", "flags"));
    return " path=+0(%di):string" + string_of("fs", {start, super_block, type, type_name}) +
           string_of("dir", {start, name}) + string_of("above", {start, parent, name}) +
           string_of("over", {start, parent, parent, name}) + " flags=+" + std::to_string(flags) +
           "(%si):x32";
}

// Compilers split functions, and give the part that does the work a longer name.
Status set_probe(const std::string& arguments) {
    constexpr std::array endings{"", ".part.0.constprop.0", ".part.0", ".constprop.0", ".isra.0"};
    Status last = failure("no name");
    for (const char* ending : endings) {
        last = write_file(AT_FDCWD, std::string{tracing} + "kprobe_events",
                          std::string{"p:watch/walk link_path_walk"} + ending + arguments);
        if (last) return {};
    }
    return last;
}

// The kernel records of process 1 whatever is not certainly allowed. Names that lead out of where
// they begin are kept in any case.
constexpr std::string_view filter =
    R"(common_pid == 1 && (path ~ "*..*" || path ~ "*root*" || path ~ "*cwd*" || path ~ "*exe*" || )"
    R"(path ~ "*fd/*" || path ~ "*map_files*" || !(path ~ "/proc/*" || path ~ "/sys/*" || )"
    R"((path ~ "/run/confinit/*" && !(path ~ "/run/confinit/units*")) || )"
    R"((!(path ~ "/*") && (fs == "proc" || fs == "sysfs" || fs == "cgroup2")))))";

Status set(const char* file, std::string_view text) {
    return write_file(AT_FDCWD, std::string{tracing} + file, text);
}

Status begin_record() {
    if (mount("sysfs", "/sys", "sysfs", 0, nullptr) < 0) return errno_failure("mount", "/sys");
    if (mount("tracefs", tracing, "tracefs", 0, nullptr) < 0)
        return errno_failure("mount", tracing);
    const std::string arguments = TRY(arguments_of_probe());
    TRY(set_probe(arguments));
    TRY(set("events/watch/walk/filter", filter));
    TRY(set("set_event_pid", "1"));
    TRY(set("options/stacktrace", "1"));
    for (const char* end : {"kernel_power_off", "kernel_restart", "kernel_halt"}) {
        TRY(set("set_ftrace_filter", std::string{end} + ":dump\n"));
    }
    return set("events/watch/walk/enable", "1");
}

// Marks in the record, one on each CPU: each has a buffer of its own, whose oldest entries are lost
// when it is full. The last one is relative to a directory of sysfs, so that the reader sees
// whether the probe tells where a walk begins.
void mark_beginning() {
    const Fd directory{open("/sys", O_PATH | O_CLOEXEC)};
    cpu_set_t all;
    (void)sched_getaffinity(0, sizeof all, &all);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &all)) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        (void)faccessat(directory.get(), "kernel/../path-watch-begins", F_OK, 0);
    }
    (void)sched_setaffinity(0, sizeof all, &all);
}

}  // namespace

int main(int, char** arguments) {
    if (getpid() != 1) {
        (void)std::fputs("path-watch runs as PID 1 only\n", stderr);
        return EXIT_FAILURE;
    }
    if (const auto begun = begin_record(); !begun) {
        (void)std::fprintf(stderr, "path-watch: %s\n", begun.error().text().c_str());
    }
    mark_beginning();
    (void)umount2(tracing, 0);
    (void)umount2("/sys", 0);
    (void)execv(supervisor, arguments);
    std::perror(supervisor);
    return EXIT_FAILURE;
}
