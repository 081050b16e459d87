// SPDX-License-Identifier: Apache-2.0
// Unit files on disk: which directories hold units, what may be trusted in them, and reading it.
#include "unit/unit_files.h"

#include "base/file.h"
#include "base/file_kind.h"
#include "base/text.h"
#include "unit/loader.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

std::unexpected<Problem> at_fault(const std::string& path, std::string message) {
    return std::unexpected(Problem{.location = {.file = path}, .message = std::move(message)});
}

std::unexpected<Problem> cannot(std::string_view operation, const std::string& path, int error) {
    return std::unexpected(Problem{
        .location = {.file = path},
        .message = "cannot " + std::string{operation} + ": " + std::string{errno_text(error)},
        .error = error});
}

// Why it may not be trusted; empty when it may.
std::string ownership_fault(const struct stat& status) {
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        return "it belongs to user " + std::to_string(status.st_uid) + ", and must belong to root";
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "its mode is " + octal_text(status.st_mode) +
               ", and only its owner may be able to write it";
    }
    return {};
}

Found<UnitDirectory> open_directory(int at, const std::string& name, std::string path,
                                    Ownership ownership) {
    Fd fd{openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd) return cannot("open the directory", path, errno);
    struct stat status{};
    if (fstat(fd.get(), &status) < 0) return cannot("read the owner", path, errno);
    if (ownership == Ownership::checked) {
        if (std::string fault = ownership_fault(status); !fault.empty()) {
            return at_fault(path, "the directory cannot be trusted: " + fault);
        }
    }
    return UnitDirectory{std::move(path), std::move(fd), ownership};
}

Found<std::string> read_regular_file(const UnitDirectory& directory, const std::string& name,
                                     const std::string& path) {
    auto fd = open_at(directory.fd.get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) return cannot("open", path, fd.error().error);
    struct stat status{};
    if (fstat(fd->get(), &status) < 0) return cannot("read the owner", path, errno);
    if (std::string fault{kind_fault(status.st_mode)}; !fault.empty()) {
        return at_fault(path, std::move(fault));
    }
    if (directory.ownership == Ownership::checked) {
        if (std::string fault = ownership_fault(status); !fault.empty()) {
            return at_fault(path, "the file cannot be trusted: " + fault);
        }
    }
    auto text = read_all(*fd, path, unit_file_limit);
    if (text) return std::move(*text);
    if (text.error().error == EFBIG) return at_fault(path, "it is larger than 256 KiB");
    return cannot("read", path, text.error().error);
}

}  // namespace

std::string path_of(const UnitDirectory& directory, const std::string& name) {
    if (directory.path == ".") return name;
    return directory.path.ends_with('/') ? directory.path + name : directory.path + "/" + name;
}

Found<UnitDirectory> find_directory(const std::string& path, Ownership ownership) {
    return open_directory(AT_FDCWD, path, path, ownership);
}

Found<UnitDirectory> find_directory(const UnitDirectory& parent, const std::string& name) {
    return open_directory(parent.fd.get(), name, path_of(parent, name), parent.ownership);
}

Found<std::string> find_unit_file(const UnitDirectory& directory, const std::string& name) {
    const std::string path = path_of(directory, name);
    struct stat status{};
    if (fstatat(directory.fd.get(), name.c_str(), &status, 0) == 0) {
        std::string fault{kind_fault(status.st_mode)};
        return fault.empty() ? read_regular_file(directory, name, path)
                             : at_fault(path, std::move(fault));
    }
    const int error = errno;
    if (error != ENOENT) return cannot("open", path, error);
    if (fstatat(directory.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return at_fault(path, "it is a symbolic link to nothing");
    }
    return std::nullopt;
}

std::expected<std::vector<std::string>, Problem> list_unit_files(const UnitDirectory& directory) {
    auto names = list_directory(directory.fd.get(), ".");
    if (!names) return cannot("list the directory", directory.path, names.error().error);
    std::erase_if(*names, [](const std::string& name) { return !is_unit_file_name(name); });
    return std::move(*names);
}

bool is_unit_file_name(std::string_view name) {
    return !name.starts_with('.') && name.ends_with(".toml");
}

std::vector<std::string> unit_file_names(const UnitNameParts& parts) {
    if (!parts.is_templated) return {parts.stem + ".toml"};
    const std::string of_template = parts.stem + "@.toml";
    if (parts.is_template()) return {of_template};
    return {parts.stem + "@" + parts.instance + ".toml", of_template};
}

bool is_same_directory(const UnitDirectory& directory, const std::string& path) {
    struct stat one{};
    struct stat other{};
    return fstat(directory.fd.get(), &one) == 0 && stat(path.c_str(), &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace confinit
