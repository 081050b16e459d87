// SPDX-License-Identifier: Apache-2.0
// Leftovers: the processes of a service that is to end and does not, and what they wait for.
#include "supervisor/units/leftovers.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/procfs.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>

namespace confinit {
namespace {

// A service may have made more nodes than it is worth to look into.
constexpr std::size_t most_nodes = 64;

void add_processes(const Fd& directory, std::size_t most, std::vector<pid_t>& pids) {
    const auto list = open_at(directory.get(), "cgroup.procs", O_RDONLY);
    if (!list) return;
    std::array<char, 256> buffer;
    const ssize_t size = read(list->get(), buffer.data(), buffer.size());
    const std::string_view text{buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    // The last number may be cut.
    for (const std::string_view line : split(text.substr(0, text.rfind('\n') + 1), '\n')) {
        const auto pid = parse_unsigned(line);
        if (pid && *pid != 0 && pids.size() < most) pids.push_back(static_cast<pid_t>(*pid));
    }
}

}  // namespace

std::vector<pid_t> some_processes(const Cgroup& node, std::size_t most) {
    std::vector<pid_t> pids;
    std::vector<std::string> due{"."};
    for (std::size_t looked = 0; looked < due.size() && pids.size() < most; ++looked) {
        const std::string path = due[looked];
        const auto directory =
            open_at(node.directory().get(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!directory) continue;
        add_processes(*directory, most, pids);
        if (due.size() >= most_nodes) continue;
        for (const std::string& name :
             child_nodes(*directory, most_nodes - due.size()).value_or(std::vector<std::string>{}))
            due.push_back(path + "/" + name);
    }
    return pids;
}

std::vector<Leftover> look_at(std::span<const pid_t> pids) {
    std::vector<Leftover> leftovers;
    const auto procfs = open_procfs();
    if (!procfs) return leftovers;
    for (const pid_t pid : pids) {
        auto process = read_process_state(*procfs, pid);
        if (!process || process->state == 'Z' || process->state == 'X') continue;
        leftovers.push_back({pid, std::move(*process), read_sleep(*procfs, pid)});
    }
    return leftovers;
}

std::string text_of(std::span<const Leftover> leftovers) {
    std::vector<std::string> texts;
    for (const auto& [pid, process, waits_in] : leftovers)
        texts.push_back(sleep_text(pid, process, waits_in));
    return join(texts, "; ");
}

}  // namespace confinit
