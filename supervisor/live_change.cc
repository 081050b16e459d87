// SPDX-License-Identifier: Apache-2.0
// LiveChange: one key of a unit changed while it runs: checked, in force, read back, and kept.
#include "live_change.h"

#include "base/file.h"
#include "base/text.h"
#include "unit/keys.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

// The key as a line of TOML begins with it.
std::string written_key(const std::string& key) {
    constexpr std::string_view table = "cgroup.";
    return is_quoted_key(key) ? fmt::format("cgroup.\"{}\"", key.substr(table.size())) : key;
}

// How the value may be meant: what is quoted, a list or a table is TOML already, a number may be
// the text that is wanted ("5" of cpuset.cpus), and anything else is a text.
std::vector<std::string> readings(const std::string& value) {
    const std::string quoted = fmt::format("\"{}\"", value);
    const bool is_word = value == "true" || value == "false";
    const bool is_toml = !value.empty() && std::string_view{"{[\"'"}.contains(value.front());
    if (is_toml || is_word) return {value};
    if (parse_signed(value)) return {value, quoted};
    return {quoted};
}

class DropIn {
public:
    DropIn(const std::string& unit, bool runtime)
        : directory_(fmt::format("{}/confinit/units/{}.toml.d", runtime ? "/run" : "/etc", unit)),
          path_(directory_ + (runtime ? "/60-set-runtime.toml" : "/50-set.toml")) {}

    // With the line for this key replaced or added.
    Status put(const std::string& key, const std::string& value) {
        if (!has_put_) before_ = TRY(find_file(AT_FDCWD, path_));
        has_put_ = true;
        const std::string start = written_key(key) + " = ";
        const std::string present = before_.value_or("");
        std::string text;
        for (const std::string_view line : split(present, '\n')) {
            if (!line.empty() && !line.starts_with(start)) text.append(line).append("\n");
        }
        TRY(make_directories(directory_));
        return replace(text + start + value + "\n");
    }

    Status undo() {
        if (before_) return replace(*before_);
        if (unlink(path_.c_str()) < 0) return errno_failure("unlink", path_);
        return {};
    }

private:
    // The file is there whole or not at all, whenever the machine stops.
    Status replace(const std::string& text) {
        const std::string fresh = directory_ + "/.set";
        {
            const Fd file = TRY(open_at(AT_FDCWD, fresh, O_WRONLY | O_CREAT | O_TRUNC, 0644));
            if (fchmod(file.get(), 0644) < 0) return errno_failure("fchmod", fresh);
        }
        TRY(write_file(AT_FDCWD, fresh, text));
        if (rename(fresh.c_str(), path_.c_str()) < 0) return errno_failure("rename", path_);
        return {};
    }

    std::string directory_;
    std::string path_;
    std::optional<std::string> before_;
    bool has_put_ = false;
};

std::unexpected<ChangeRefused> refused(std::string failure) {
    return std::unexpected(ChangeRefused{{}, std::move(failure)});
}

// The failure as it was, and what else stands in the way of the old state.
std::unexpected<ChangeRefused> undone(Manager& manager, const std::string& unit, DropIn& drop_in,
                                      ChangeRefused why) {
    if (const auto status = drop_in.undo(); !status) {
        why.failure += fmt::format("; the drop-in stays: {}", status.error().what);
    }
    (void)manager.reload(unit);
    return std::unexpected(std::move(why));
}

}  // namespace

std::expected<void, ChangeRefused> change_live(Manager& manager, Service& service,
                                               const LiveChange& change) {
    if (!change.key.starts_with("cgroup.") || find_key(change.key) == nullptr) {
        return refused(fmt::format(
            "'{}' cannot be changed while a unit runs: only keys of [cgroup] can", change.key));
    }
    if (change.value.find('\n') != std::string::npos) return refused("a value is one line");
    const std::string name = service.unit.name;
    DropIn drop_in{name, change.runtime};
    std::vector<std::string> problems;
    for (const std::string& reading : readings(change.value)) {
        if (const auto put = drop_in.put(change.key, reading); !put) {
            return refused(put.error().what);
        }
        auto found = manager.reload(name);
        const bool is_good = found.empty();
        // What it says as it was written is what is told.
        if (is_good || problems.empty()) problems = std::move(found);
        if (is_good) break;
    }
    if (!problems.empty()) return undone(manager, name, drop_in, {problems, {}});
    LaunchStatus changed;
    if (service.run) changed = service.run->change_limits(service.unit);
    if (service.group) changed = service.group->change_limits(service.unit);
    if (!changed) {
        return undone(manager, name, drop_in, {{}, changed.error().text()});
    }
    return {};
}

}  // namespace confinit
