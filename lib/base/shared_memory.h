// SPDX-License-Identifier: Apache-2.0
// Shared: one value in memory that this process shares with the copies of it.
#pragma once

#include "base/result.h"

#include <memory>
#include <new>
#include <sys/mman.h>

namespace confinit {

// A whole mapping of ours cannot fail to go away.
template <class T>
struct Unmap {
    void operator()(T* value) const { (void)munmap(value, sizeof(T)); }
};
template <class T>
using Shared = std::unique_ptr<T, Unmap<T>>;

template <class T>
Result<Shared<T>> make_shared_value() {
    void* memory =
        mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno_failure("mmap");
    return Shared<T>{new (memory) T{}};
}

}  // namespace confinit
