// SPDX-License-Identifier: Apache-2.0
// A supervisor to which the kernel gives no memory now and then: while /run/scarce-memory is there,
// one request in sixteen fails. Linked with the supervisor's main(), in place of operator new.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <execinfo.h>
#include <new>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace {

// xorshift32: each boot fails at the same places as far as its requests are the same.
bool is_unlucky() {
    static std::uint32_t state = 2463534242;
    state ^= state << 13U;
    state ^= state >> 17U;
    state ^= state << 5U;
    return state % 16 == 0;
}

bool is_scarce() {
    return access("/run/scarce-memory", F_OK) == 0;
}

// Once, so that a case sees that requests do fail.
void tell_failure() {
    static bool is_told = false;
    constexpr std::string_view text = "scarce memory: a request has failed\n";
    if (!std::exchange(is_told, true)) (void)!write(STDERR_FILENO, text.data(), text.size());
}

// Where an exception had no way out; addr2line(1) reads the addresses.
[[noreturn]] void show_place() {
    std::array<void*, 32> frames{};
    const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
    backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
    std::abort();
}

const std::terminate_handler before = std::set_terminate(show_place);

}  // namespace

void* operator new(std::size_t size) {
    // A handler that has returned has given up some KiB, in which the next ones find room.
    static unsigned spared = 0;
    for (;;) {
        bool fails = is_unlucky() && is_scarce();
        if (fails && spared > 0) {
            --spared;
            fails = false;
        }
        void* const memory = fails ? nullptr : std::malloc(size == 0 ? 1 : size);
        if (memory != nullptr) return memory;
        tell_failure();
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc{};
        handler();
        spared = 64;
    }
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
