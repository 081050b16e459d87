// SPDX-License-Identifier: Apache-2.0
// Replays inputs that were kept, in the ordinary build: every file of the folders given as
// arguments goes through the fuzzed function once.
#include "base/file.h"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Far above every limit of the readers under test.
constexpr std::size_t largest_input = 16U << 20;

bool is_regular_file(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// How many files there were, or -1 after a message.
int replay_folder(const std::string& folder) {
    const auto names = confinit::list_directory(AT_FDCWD, folder);
    if (!names) {
        fmt::print(stderr, "{}\n", names.error().text());
        return -1;
    }
    int count = 0;
    for (const std::string& name : *names) {
        const std::string path = folder + "/" + name;
        if (!is_regular_file(path)) continue;
        const auto text = confinit::read_file(AT_FDCWD, path, largest_input);
        if (!text) {
            fmt::print(stderr, "{}\n", text.error().text());
            return -1;
        }
        // Names the culprit of a crash, which leaves no other message.
        fmt::print("{}\n", path);
        std::fflush(stdout);
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
        ++count;
    }
    return count;
}

}  // namespace

int main(int argument_count, char** arguments) {
    int total = 0;
    for (int i = 1; i < argument_count; ++i) {
        const int count = replay_folder(arguments[i]);
        if (count < 0) return 1;
        total += count;
    }
    fmt::print("{} inputs\n", total);
    // A replay of nothing would pass for ever.
    return total > 0 ? 0 : 1;
}
