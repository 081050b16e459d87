// SPDX-License-Identifier: Apache-2.0
// A file system whose server stops answering, over raw /dev/fuse. It shows a folder read-only,
// until SIGUSR1; from then on it reads every request and answers none, so that whoever looks at a
// file of it sleeps, even after SIGKILL. When the server is killed, they wake up with ENOTCONN.
//
//   stalling-fuse FOLDER MOUNTPOINT
//
// It says "mounted" on standard output when others may look, and "silent" for each request that it
// leaves without an answer.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t largest_answer = 1 << 17;

// The kernel refuses a buffer that is smaller than FUSE_MIN_READ_BUFFER.
alignas(fuse_in_header) std::array<char, 1 << 18> buffer;
volatile std::sig_atomic_t is_silent = 0;
int device = -1;
std::vector<std::string>
    nodes;  // the path of each node; the first one is the root's, whose id is 1

[[noreturn]] void give_up(const char* what) {
    (void)std::fprintf(stderr, "stalling-fuse: %s: %s\n", what, std::strerror(errno));
    std::exit(EXIT_FAILURE);
}

void say(const char* word) {
    (void)std::puts(word);
    (void)std::fflush(stdout);
}

template <typename T>
T argument() {
    T value;
    std::memcpy(&value, buffer.data() + sizeof(fuse_in_header), sizeof value);
    return value;
}

// An answer with `error` 0 and a body, or with an errno value and none.
void answer(const fuse_in_header& asked, int error, std::string_view body = {}) {
    const fuse_out_header header{static_cast<std::uint32_t>(sizeof(fuse_out_header) + body.size()),
                                 -error, asked.unique};
    std::string bytes{reinterpret_cast<const char*>(&header), sizeof header};
    bytes += body;
    // ENOENT: who asked does not wait any more.
    if (write(device, bytes.data(), bytes.size()) < 0 && errno != ENOENT) give_up("answer");
}

template <typename T>
void answer_with(const fuse_in_header& asked, const T& body) {
    answer(asked, 0, {reinterpret_cast<const char*>(&body), sizeof body});
}

const std::string& path_of(const fuse_in_header& asked) {
    return nodes.at(asked.nodeid - 1);
}

std::uint64_t node_of(const std::string& path) {
    for (std::size_t at = 0; at < nodes.size(); ++at) {
        if (nodes[at] == path) return at + 1;
    }
    nodes.push_back(path);
    return nodes.size();
}

fuse_attr attributes(const struct stat& status, std::uint64_t node) {
    fuse_attr attr{};
    attr.ino = node;
    attr.size = static_cast<std::uint64_t>(status.st_size);
    attr.blocks = static_cast<std::uint64_t>(status.st_blocks);
    attr.mode = status.st_mode;
    attr.nlink = static_cast<std::uint32_t>(status.st_nlink);
    attr.blksize = 4096;
    return attr;
}

void greet(const fuse_in_header& asked) {
    fuse_init_out body{};
    body.major = FUSE_KERNEL_VERSION;
    body.minor = FUSE_KERNEL_MINOR_VERSION;
    body.max_readahead = largest_answer;
    body.max_write = 4096;
    answer_with(asked, body);
}

// Nothing is kept by the kernel, not even for a moment: each look is a request.
void look_up(const fuse_in_header& asked) {
    const std::string path = path_of(asked) + "/" + (buffer.data() + sizeof asked);
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0) return answer(asked, errno);
    fuse_entry_out body{};
    body.nodeid = node_of(path);
    body.attr = attributes(status, body.nodeid);
    answer_with(asked, body);
}

void tell_attributes(const fuse_in_header& asked) {
    struct stat status{};
    if (lstat(path_of(asked).c_str(), &status) < 0) return answer(asked, errno);
    fuse_attr_out body{};
    body.attr = attributes(status, asked.nodeid);
    answer_with(asked, body);
}

void read_link(const fuse_in_header& asked) {
    std::array<char, 4096> target;
    const ssize_t size = readlink(path_of(asked).c_str(), target.data(), target.size());
    if (size < 0) return answer(asked, errno);
    answer(asked, 0, {target.data(), static_cast<std::size_t>(size)});
}

void read_file(const fuse_in_header& asked) {
    const auto wanted = argument<fuse_read_in>();
    const int file = open(path_of(asked).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return answer(asked, errno);
    std::string bytes(std::min<std::size_t>(wanted.size, largest_answer), '\0');
    const ssize_t size = pread(file, bytes.data(), bytes.size(), static_cast<off_t>(wanted.offset));
    const int error = errno;
    (void)close(file);
    if (size < 0) return answer(asked, error);
    answer(asked, 0, {bytes.data(), static_cast<std::size_t>(size)});
}

// The whole of a small folder at once; asked for what comes after it, nothing.
void read_folder(const fuse_in_header& asked) {
    if (argument<fuse_read_in>().offset != 0) return answer(asked, 0);
    DIR* folder = opendir(path_of(asked).c_str());
    if (folder == nullptr) return answer(asked, errno);
    std::string bytes;
    std::uint64_t count = 0;
    while (const dirent* found = readdir(folder)) {
        fuse_dirent entry{};
        entry.ino = found->d_ino;
        entry.off = ++count;
        entry.namelen = static_cast<std::uint32_t>(std::strlen(found->d_name));
        entry.type = found->d_type;
        bytes.append(reinterpret_cast<const char*>(&entry), FUSE_NAME_OFFSET);
        bytes.append(found->d_name, entry.namelen);
        bytes.resize(FUSE_DIRENT_ALIGN(bytes.size()));
    }
    (void)closedir(folder);
    answer(asked, 0, bytes);
}

void serve(const fuse_in_header& asked) {
    switch (asked.opcode) {
    case FUSE_INIT:
        return greet(asked);
    case FUSE_LOOKUP:
        return look_up(asked);
    case FUSE_GETATTR:
        return tell_attributes(asked);
    case FUSE_READLINK:
        return read_link(asked);
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        return answer_with(asked, fuse_open_out{});
    case FUSE_READ:
        return read_file(asked);
    case FUSE_READDIR:
        return read_folder(asked);
    case FUSE_STATFS:
        return answer_with(asked, fuse_statfs_out{});
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FLUSH:
        return answer(asked, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        return;  // no answer is expected
    default:
        return answer(asked, ENOSYS);
    }
}

void mount_on(const char* mount_point) {
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0) give_up("/dev/fuse");
    const std::string options =
        "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    if (mount("stalling", mount_point, "fuse.stalling", 0, options.c_str()) < 0) give_up("mount");
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        (void)std::fputs("usage: stalling-fuse FOLDER MOUNTPOINT\n", stderr);
        return EXIT_FAILURE;
    }
    struct sigaction become_silent{};
    become_silent.sa_handler = [](int) {
        is_silent = 1;
    };
    (void)sigaction(SIGUSR1, &become_silent, nullptr);
    nodes.emplace_back(arguments[1]);
    mount_on(arguments[2]);
    say("mounted");
    for (;;) {
        if (read(device, buffer.data(), buffer.size()) < 0) {
            if (errno == ENODEV) return EXIT_SUCCESS;
            if (errno != EINTR && errno != ENOENT) give_up("read");
            continue;
        }
        fuse_in_header asked;
        std::memcpy(&asked, buffer.data(), sizeof asked);
        if (is_silent == 0) {
            serve(asked);
        } else {
            say("silent");
        }
    }
}
