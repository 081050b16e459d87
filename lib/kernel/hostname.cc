// SPDX-License-Identifier: Apache-2.0
// Host names: that of another process's UTS namespace, and the machine's own.
#include "kernel/hostname.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/procfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace confinit {
namespace {

Result<Fd> open_uts_namespace(const Fd& process) {
    const Fd links = TRY(open_in_procfs(process, "ns", O_PATH | O_DIRECTORY));
    return open_at(links.get(), "uts", O_RDONLY);
}

}  // namespace

Result<std::string> read_hostname(const Fd& process, const Fd& own) {
    const Fd theirs = TRY(open_uts_namespace(process));
    // Opened before we leave: whoever holds it can always come back.
    const Fd ours = TRY(open_uts_namespace(own));
    if (setns(theirs.get(), CLONE_NEWUTS) < 0) return errno_failure("setns", "ns/uts");
    utsname names{};
    const int read = uname(&names);
    if (setns(ours.get(), CLONE_NEWUTS) < 0) return errno_failure("setns", "our own ns/uts");
    if (read < 0) return errno_failure("uname");
    return std::string{static_cast<const char*>(names.nodename)};
}

std::string_view find_host_name(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) {
        const std::string_view name = trim(line);
        if (!name.empty() && !name.starts_with('#')) return name;
    }
    return {};
}

Status take_host_name(const std::string& path) {
    const auto text = TRY(find_file(AT_FDCWD, path));
    const std::string_view name = text ? find_host_name(*text) : std::string_view{};
    if (name.empty()) return {};
    // Longer than 64 bytes is EINVAL: sethostname(2).
    if (sethostname(name.data(), name.size()) < 0) return errno_failure("sethostname", name);
    return {};
}

}  // namespace confinit
