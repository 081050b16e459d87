// SPDX-License-Identifier: Apache-2.0
// MallocGuard: the linker's --wrap leads every allocation through here.
#include "malloc_guard.h"

#include <cstddef>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

long guarded_process = 0;

void check() {
    const long guarded = __atomic_load_n(&guarded_process, __ATOMIC_RELAXED);
    const long own = guarded == 0 ? 0 : syscall(SYS_getpid);
    // The child has every signal blocked, but this one comes nevertheless.
    if (own != guarded) __builtin_trap();
}

}  // namespace

namespace confinit::testing {

MallocGuard::MallocGuard() {
    __atomic_store_n(&guarded_process, syscall(SYS_getpid), __ATOMIC_RELAXED);
}

MallocGuard::~MallocGuard() {
    __atomic_store_n(&guarded_process, 0, __ATOMIC_RELAXED);
}

}  // namespace confinit::testing

extern "C" {

// The names are the linker's: ld(1), --wrap.
// NOLINTBEGIN(bugprone-reserved-identifier)
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* memory, std::size_t size);
void __real_free(void* memory);
void* __wrap_malloc(std::size_t size);
void* __wrap_calloc(std::size_t count, std::size_t size);
void* __wrap_realloc(void* memory, std::size_t size);
void __wrap_free(void* memory);

void* __wrap_malloc(std::size_t size) {
    check();
    return __real_malloc(size);
}

void* __wrap_calloc(std::size_t count, std::size_t size) {
    check();
    return __real_calloc(count, size);
}

void* __wrap_realloc(void* memory, std::size_t size) {
    check();
    return __real_realloc(memory, size);
}

void __wrap_free(void* memory) {
    check();
    __real_free(memory);
}
// NOLINTEND(bugprone-reserved-identifier)
}
