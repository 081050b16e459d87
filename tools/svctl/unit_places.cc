// SPDX-License-Identifier: Apache-2.0
// UnitPlaces: the directories with unit files that an offline verb works on.
#include "svctl/unit_places.h"

#include "base/file.h"
#include "unit/loader.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

Result<std::optional<Fd>> find_in(const Fd& root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    Fd fd{static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how))};
    if (fd) return fd;
    if (errno == ENOENT) return std::nullopt;
    return errno_failure("open the directory", path);
}

// Where an open directory is, as the kernel knows it.
Result<std::string> place_of(const Fd& fd) {
    std::error_code error;
    const auto path =
        std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd.get()), error);
    if (error) return std::unexpected(system_error(error.value(), "readlink", "/proc/self/fd"));
    return path.string();
}

}  // namespace

void add_units_option(Syntax& syntax, UnitPlaces& places) {
    syntax.add("--units", &places.units,
               "a directory with unit files, in place of the default ones; repeatable",
               {.type = "DIRECTORY"});
}

void add_root_option(Syntax& syntax, UnitPlaces& places) {
    syntax.add("--root", &places.root, "the root of another system, such as an image",
               {.type = "DIRECTORY"});
}

Result<UnitTree> UnitTree::open(const UnitPlaces& places) {
    Fd root = TRY(open_at(AT_FDCWD, places.root, O_RDONLY | O_DIRECTORY));
    UnitTree tree{std::move(root)};
    if (places.units.empty()) {
        tree.searched_ = default_unit_path();
    }
    for (const std::string& path : places.units) {
        // Within another root there is no working directory that it could be relative to.
        const bool is_ours = places.root == "/";
        std::error_code ignored;
        const auto absolute =
            is_ours ? std::filesystem::absolute(path, ignored) : "/" / std::filesystem::path{path};
        tree.searched_.push_back(absolute.lexically_normal().string());
    }
    return tree;
}

std::vector<std::string> UnitTree::directories() const {
    std::vector<std::string> paths;
    for (const std::string& path : searched_) {
        const auto directory = find(path);
        if (directory && !*directory) continue;
        // The loader tells what is wrong with one that cannot be opened.
        paths.push_back(directory ? place_of(**directory).value_or(path) : path);
    }
    return paths;
}

Result<std::string> UnitTree::lasting() const {
    const auto found = std::ranges::find_if(
        searched_, [](const std::string& path) { return !path.starts_with("/run/"); });
    if (found != searched_.end()) return *found;
    return failure("none of the unit directories outlives a boot");
}

Result<std::optional<Fd>> UnitTree::find(const std::string& path) const {
    return find_in(root_, path);
}

Result<Fd> UnitTree::make(const std::string& path) const {
    if (auto there = TRY(find(path))) return std::move(*there);
    const std::filesystem::path place{path};
    const Fd parent = TRY(make(place.parent_path()));
    const std::string name = place.filename();
    if (mkdirat(parent.get(), name.c_str(), 0755) < 0) return errno_failure("mkdir", path);
    auto made = TRY(find(path));
    if (!made) return std::unexpected(system_error(ENOENT, "open the directory", path));
    return std::move(*made);
}

}  // namespace confinit
