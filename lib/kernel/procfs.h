// SPDX-License-Identifier: Apache-2.0
// Procfs: files of /proc that are certainly the kernel's, of a process that is certainly the one.
//
// Whoever can mount on the host can put another file, directory or procfs over a part of /proc, and
// so take what is written there or show what it likes. Nothing is opened across such a mount.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

// The root of the procfs at /proc, if it is one of our own pid namespace. A process looks for it
// once.
Result<Fd> open_procfs();
// For a process with other mounts than before: the next one looks again.
void forget_procfs();

// A file below a directory of procfs: EXDEV where another mount covers a part of the path. The last
// part may be a magic link only with O_PATH | O_NOFOLLOW.
Result<Fd> open_in_procfs(const Fd& directory, const std::string& path, int flags);

Result<std::string> read_in_procfs(const Fd& directory, const std::string& path,
                                   std::size_t limit = 1U << 20);
Status write_in_procfs(const Fd& directory, const std::string& path, std::string_view text);

// The processes of our pid namespace, as /proc lists them; more than `most` are an error, and so is
// a list in which we are not ourselves: it is empty or cut.
Result<std::vector<pid_t>> list_processes(const Fd& procfs, std::size_t most);
Result<std::vector<pid_t>> list_processes();

}  // namespace confinit
