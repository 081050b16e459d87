// SPDX-License-Identifier: Apache-2.0
// The probe's commands on files, directories and mounts.
#include "probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace probe {

namespace {

std::string type_letter(mode_t mode) {
    if (S_ISDIR(mode)) return "directory";
    if (S_ISCHR(mode)) return "device";
    if (S_ISLNK(mode)) return "link";
    return S_ISREG(mode) ? "file" : "other";
}

void open_path(const std::string& key, const std::string& path, int flags) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    print(key, result_of(fd >= 0));
    if (fd >= 0) (void)close(fd);
}

}  // namespace

void print(std::string_view key, const std::string& value) {
    const std::string line = std::string{key} + "=" + value + "\n";
    (void)!write(STDOUT_FILENO, line.data(), line.size());
}

std::string error_name() {
    const char* name = strerrorname_np(errno);
    return name != nullptr ? name : "E?";
}

std::string result_of(bool succeeded) {
    return succeeded ? "ok" : error_name();
}

std::string read_text(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return error_name();
    std::string text;
    std::array<char, 4096> chunk;
    ssize_t count = 0;
    while ((count = read(fd, chunk.data(), chunk.size())) > 0) {
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    if (count < 0) text = error_name();
    (void)close(fd);
    return text;
}

void show_text(const std::string& key, const std::string& path) {
    print(key, read_text(path));
}

void open_for_reading(const std::string& key, const std::string& path) {
    open_path(key, path, O_RDONLY);
}

void open_for_writing(const std::string& key, const std::string& path) {
    open_path(key, path, O_WRONLY | O_CREAT);
}

void show_file(const std::string& key, const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0) return print(key, error_name());
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(), text.size(), "%s %04o %llx",
                        type_letter(status.st_mode).c_str(), status.st_mode & 07777U,
                        static_cast<unsigned long long>(status.st_rdev));
    print(key, text.data());
}

void list_directory(const std::string& key, const std::string& path) {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) return print(key, error_name());
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    (void)closedir(directory);
    std::ranges::sort(names);
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : " ") + name;
    print(key, text);
}

// The options of the topmost mount at a path: "ro,nosuid,relatime tmpfs".
void show_mount(const std::string& key, const std::string& path) {
    const std::string text = read_text("/proc/self/mountinfo");
    std::string found = "none";
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) end = text.size();
        std::array<char, PATH_MAX> point{};
        std::array<char, 256> options{};
        std::array<char, 64> type{};
        const std::string line = text.substr(begin, end - begin);
        const std::size_t dash = line.find(" - ");
        if (dash != std::string::npos &&
            std::sscanf(line.c_str(), "%*s %*s %*s %*s %4095s %255s", point.data(),
                        options.data()) == 2 &&
            std::sscanf(line.c_str() + dash, " - %63s", type.data()) == 1 && path == point.data()) {
            found = std::string{options.data()} + " " + type.data();
        }
        begin = end + 1;
    }
    print(key, found);
}

}  // namespace probe
