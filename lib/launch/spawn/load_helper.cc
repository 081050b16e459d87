// SPDX-License-Identifier: Apache-2.0
// Loading a helper: a sealed copy in memory that is executed by descriptor.
#include "base/file.h"
#include "base/reserved_ids.h"
#include "launch/spawn/spawn.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Newer than the C library's headers: memfd_create(2), Linux 6.3.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace confinit {

namespace {

constexpr std::size_t size_limit = std::size_t{16} << 20;

// With vm.memfd_noexec=1 only MFD_EXEC gives a file that can be executed, and before Linux 6.3
// nothing but its absence does.
Result<Fd> make_executable_memfd(const char* name) {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    Fd memory{memfd_create(name, flags | MFD_EXEC)};
    if (!memory && errno == EINVAL) memory = Fd{memfd_create(name, flags)};
    if (!memory) return errno_failure("memfd_create");
    return memory;
}

}  // namespace

Result<Fd> load_helper(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string program = TRY(read_file(AT_FDCWD, path, size_limit));
    Fd memory = TRY(make_executable_memfd(name.c_str()));
    TRY(write_all(memory, name, program));
    // A process that executes a file without the right to read it cannot be traced from its first
    // instruction on: ptrace(2), "PTRACE_MODE_READ". The owner of a service's user namespace has
    // every right in it, and root without capabilities is that as well; over a file of ids that the
    // namespace does not map nobody in it has rights, and so the ones of our own namespace count.
    (void)fchown(memory.get(), nobodys_id, nobodys_id);
    if (fchmod(memory.get(), 0111) < 0) return errno_failure("fchmod", path);
    constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (fcntl(memory.get(), F_ADD_SEALS, seals) < 0)
        return errno_failure("fcntl F_ADD_SEALS", path);
    return memory;
}

}  // namespace confinit
