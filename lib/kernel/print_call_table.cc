// SPDX-License-Identifier: Apache-2.0
// Prints the system calls of each ABI by number, as a table that the build compiles into the
// kernel library. A lookup by number in libseccomp is a walk through its whole table: all of them
// would cost every start some ten million instructions.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <seccomp.h>
#include <string_view>
#include <utility>

namespace {

using NumberedName = std::pair<int, std::string_view>;

// Calls that libseccomp 2.5 may be too old to know. Since Linux 5.1 a new call has one number on
// all architectures, save for those below 424.
constexpr NumberedName newer_calls[] = {
    {450, "set_mempolicy_home_node"},
    {451, "cachestat"},
    {452, "fchmodat2"},
    {453, "map_shadow_stack"},
    {454, "futex_wake"},
    {455, "futex_wait"},
    {456, "futex_requeue"},
    {457, "statmount"},
    {458, "listmount"},
    {459, "lsm_get_self_attr"},
    {460, "lsm_set_self_attr"},
    {461, "lsm_list_modules"},
    {462, "mseal"},
    {463, "setxattrat"},
    {464, "getxattrat"},
    {465, "listxattrat"},
    {466, "removexattrat"},
    {467, "open_tree_attr"},
    {468, "file_getattr"},
    {469, "file_setattr"},
};

// Above every number in use, with room for a libseccomp of some years from now.
constexpr int scanned_numbers = 1024;

struct FreeText {
    // libseccomp hands out memory of malloc(3).
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)
    void operator()(char* text) const { std::free(text); }
};

#ifdef __x86_64__
constexpr int uretprobe_number = 335;
#else
constexpr int uretprobe_number = -1;
#endif

std::string_view newer_name(int number, bool is_native) {
    if (is_native && number == uretprobe_number) return "uretprobe";
    const auto* found = std::ranges::find(newer_calls, number, &NumberedName::first);
    return found == std::end(newer_calls) ? std::string_view() : found->second;
}

void print_table(const char* name, std::uint32_t architecture) {
    std::printf("constexpr auto %s = std::to_array<NumberedName>({\n", name);
    for (int number = 0; number < scanned_numbers; ++number) {
        const std::unique_ptr<char, FreeText> known(
            seccomp_syscall_resolve_num_arch(architecture, number));
        const std::string_view call =
            known ? known.get() : newer_name(number, architecture == SCMP_ARCH_NATIVE);
        if (call.empty()) continue;
        std::printf("    {%d, \"%.*s\"},\n", number, static_cast<int>(call.size()), call.data());
    }
    std::printf("});\n");
}

}  // namespace

int main() {
    print_table("native_calls", SCMP_ARCH_NATIVE);
    print_table("x86_calls", SCMP_ARCH_X86);
    return std::fflush(stdout) == 0 ? 0 : 1;
}
