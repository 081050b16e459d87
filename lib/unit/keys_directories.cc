// SPDX-License-Identifier: Apache-2.0
// The keys of [directories]: what is made on the host for the service's user.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view directory_form =
    "a relative path such as \"web\" or a table with name, mode, user and group";
constexpr std::string_view mode_form = "octal digits up to \"3777\" such as \"0750\" or \"2755\"";
constexpr unsigned highest_mode = 03777;

std::string name_fault(std::string_view name) {
    if (name.starts_with('/')) return quoted(name) + " is an absolute path; name what is below";
    // With it, the fault of an absolute path is that of a relative one.
    std::string fault = path_fault("/" + std::string{name});
    if (!fault.empty()) return quoted(name) + fault.substr(quoted("/" + std::string{name}).size());
    if (name.find(':') != std::string_view::npos) {
        return quoted(name) + " has a colon, which separates them in the environment";
    }
    constexpr std::size_t longest = 255;
    for (const std::string_view part : split(name, '/')) {
        if (part.size() > longest) return quoted(name) + " has a part of more than 255 bytes";
    }
    return {};
}

std::optional<std::string> read_name(const Value& value) {
    auto name = value.word();
    if (!name) return std::nullopt;
    std::string fault = name_fault(*name);
    if (fault.empty()) return name;
    value.refuse(std::move(fault));
    return std::nullopt;
}

std::optional<ServiceDirectory> read_directory(const Value& value) {
    if (!value.is_table()) {
        auto name = read_name(value);
        if (!name) return std::nullopt;
        return ServiceDirectory{.name = std::move(*name)};
    }
    constexpr std::string_view names[] = {"name", "mode", "user", "group"};
    value.allow_members(names);
    const auto name_member = value.member("name", "a relative path such as \"web\"");
    if (!name_member) {
        value.miss("name");
        return std::nullopt;
    }
    auto name = read_name(*name_member);
    ServiceDirectory directory;
    if (const auto mode_member = value.member("mode", mode_form)) {
        const auto mode = read_mode(*mode_member, highest_mode);
        if (!mode) return std::nullopt;
        directory.mode = *mode;
    }
    if (const auto user = value.member("user", "the name or number of a user")) {
        directory.user = user->word();
    }
    if (const auto group = value.member("group", "the name or number of a group")) {
        directory.group = group->word();
    }
    if (!name) return std::nullopt;
    directory.name = std::move(*name);
    return directory;
}

template <std::vector<ServiceDirectory> DirectoryConfig::* list>
void read_list(const Value& value, Unit& unit) {
    std::vector<ServiceDirectory> directories = list_of(value, directory_form, read_directory);
    for (std::size_t i = 0; i < directories.size(); ++i) {
        const auto first =
            std::ranges::find(directories, directories[i].name, &ServiceDirectory::name);
        if (first != directories.begin() + static_cast<std::ptrdiff_t>(i)) {
            value.refuse(quoted(directories[i].name) + " is listed twice");
        }
    }
    unit.directories.*list = std::move(directories);
}

enum class Chown { never, recursive };
constexpr auto chown_names = make_name_table<Chown>({
    {Chown::never, "never"},
    {Chown::recursive, "recursive"},
});

void read_chown(const Value& value, Unit& unit) {
    if (const auto chown = read_choice(value, chown_names)) {
        unit.directories.chown_recursively = *chown == Chown::recursive;
    }
}

constexpr std::string_view list_form =
    "an array of relative paths and tables such as { name = \"web\", mode = \"2750\", user = "
    "\"root\", group = \"adm\" }";
constexpr std::string_view operation =
    "openat2(2) RESOLVE_NO_SYMLINKS, mkdirat(2), fchownat(2), fchmod(2), renameat2(2)";
constexpr std::string_view source = "openat2(2), mkdir(2)";

constexpr Key directories_table[] = {
    {
        .path = "directories.state",
        .form = list_form,
        .fallback = "[]",
        .documentation =
            "Directories below /var/lib that are made when they are absent, with the service's "
            "user and group as owner and mode 0755 where no others are given. They stay writable "
            "within a read-only tree, and in a root of the service's own, which needs the mount "
            "point, they are the host's. $STATE_DIRECTORY names them, with colons between. What "
            "is there already must be a directory of that owner, or the service does not start; "
            "nothing in it is changed, nothing is moved and no link is followed. The supervisor's "
            "own runtime directory, and what holds it or lies in it, is refused.",
        .operation = operation,
        .source = source,
        .systemd = "StateDirectory=, StateDirectoryMode=",
        .read = read_list<&DirectoryConfig::state>,
        .skips_entries = true,
    },
    {
        .path = "directories.cache",
        .form = list_form,
        .fallback = "[]",
        .documentation = "As directories.state, below /var/cache; $CACHE_DIRECTORY.",
        .operation = operation,
        .source = source,
        .systemd = "CacheDirectory=, CacheDirectoryMode=",
        .read = read_list<&DirectoryConfig::cache>,
        .skips_entries = true,
    },
    {
        .path = "directories.runtime",
        .form = list_form,
        .fallback = "[]",
        .documentation =
            "As directories.state, below /run; $RUNTIME_DIRECTORY. They are removed, with all that "
            "is in them, when the service has ended.",
        .operation = operation,
        .source = source,
        .systemd = "RuntimeDirectory=, RuntimeDirectoryMode=",
        .read = read_list<&DirectoryConfig::runtime>,
        .skips_entries = true,
    },
    {
        .path = "directories.logs",
        .form = list_form,
        .fallback = "[]",
        .documentation = "As directories.state, below /var/log; $LOGS_DIRECTORY.",
        .operation = operation,
        .source = source,
        .systemd = "LogsDirectory=, LogsDirectoryMode=",
        .read = read_list<&DirectoryConfig::logs>,
        .skips_entries = true,
    },
    {
        .path = "directories.configuration",
        .form = list_form,
        .fallback = "[]",
        .documentation = "As directories.state, below /etc; $CONFIGURATION_DIRECTORY.",
        .operation = operation,
        .source = source,
        .systemd = "ConfigurationDirectory=, ConfigurationDirectoryMode=",
        .read = read_list<&DirectoryConfig::configuration>,
        .skips_entries = true,
    },
    {
        .path = "directories.chown",
        .form = "one of never, recursive",
        .fallback = "\"never\"",
        .documentation =
            "Whether a directory that is there already and is another's is given over, with all "
            "that is in it: recursive does so at the start, and refuses files that have a second "
            "name elsewhere.",
        .operation = "fchownat(2) AT_EMPTY_PATH",
        .source = "chown(2)",
        .systemd = "",
        .read = read_chown,
    },
};

}  // namespace

std::span<const Key> directories_keys() {
    return directories_table;
}

}  // namespace confinit
