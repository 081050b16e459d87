// SPDX-License-Identifier: Apache-2.0
// Root device: the block device that confinit.root= means. It looks at disks, and so may wait.
#include "supervisor/machine/root_device.h"

#include "base/fd.h"
#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

// The part of an ext4 superblock that names it: the kernel's Documentation/filesystems/ext4/.
constexpr off_t superblock_offset = 1024;
constexpr std::size_t magic_at = 56;
constexpr std::size_t uuid_at = 104;
constexpr std::size_t uuid_size = 16;
constexpr std::size_t label_at = 120;
constexpr std::size_t label_size = 16;

struct FileSystemNames {
    std::string label;
    std::string uuid;
};

std::string uuid_text(std::string_view bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
    }
    return text;
}

// Both are empty for a device that cannot be read, or has another file system.
FileSystemNames read_names(const std::string& device) {
    const Fd fd{open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, label_at + label_size> block{};
    if (!fd || pread(fd.get(), block.data(), block.size(), superblock_offset) !=
                   static_cast<ssize_t>(block.size()))
        return {};
    const std::string_view bytes{block.data(), block.size()};
    if (bytes.substr(magic_at, 2) != "\x53\xef") return {};
    const std::string_view label = bytes.substr(label_at, label_size);
    return {.label = std::string{label.substr(0, label.find('\0'))},
            .uuid = uuid_text(bytes.substr(uuid_at, uuid_size))};
}

std::unexpected<Error> no_device(std::string_view what) {
    return std::unexpected(system_error(ENOENT, "open", what));
}

Result<std::string> find_by_name(std::string FileSystemNames::* name, std::string_view wanted,
                                 const std::string& what) {
    for (const std::string& device : TRY(list_directory(AT_FDCWD, "/sys/class/block"))) {
        const std::string path = "/dev/" + device;
        if (read_names(path).*name == wanted) return path;
    }
    return no_device(what);
}

}  // namespace

Result<std::string> find_root_device(const std::string& wanted) {
    const std::string_view text = wanted;
    constexpr std::string_view label = "LABEL=";
    constexpr std::string_view uuid = "UUID=";
    if (text.starts_with(label))
        return find_by_name(&FileSystemNames::label, text.substr(label.size()), wanted);
    if (text.starts_with(uuid))
        return find_by_name(&FileSystemNames::uuid, text.substr(uuid.size()), wanted);
    struct stat status{};
    if (stat(wanted.c_str(), &status) < 0) return errno_failure("stat", wanted);
    if (!S_ISBLK(status.st_mode)) return std::unexpected(system_error(ENOTBLK, "stat", wanted));
    return wanted;
}

}  // namespace confinit
