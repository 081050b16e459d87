// SPDX-License-Identifier: Apache-2.0
// MemoryReserve: memory that PID 1 keeps back for what must not stop half-way.
//
// Where the kernel gives PID 1 no more memory (RLIMIT_AS, or vm.overcommit_memory = 2 in
// Documentation/mm/overcommit-accounting.rst), operator new throws. That may cost a caller his
// answer. But an end of a service that is told in part, or a list of actions of which some are
// performed, would leave units in a state that nothing ends.
//
// All that the loop runs may use the reserve. Beside that:
//   - work that must be done as a whole, and can be asked for again, begins with a MemoryReserve;
//   - bytes that are kept for others, as long as these like, are taken with an OutsideReserve;
//   - work that others make large, and that can wait, begins only while the reserve is ample;
//   - a destructor that needs memory does so by run_in_destructor().
// Memory that C libraries take by malloc(3) is not of the reserve.
#pragma once

#include <cstddef>
#include <exception>
#include <new>
#include <string>

namespace confinit {

// While one lives, operator new takes from the reserve what the kernel does not give. They nest.
class [[nodiscard]] MemoryReserve {
public:
    // Fails by std::bad_alloc, as operator new does, where less than a quarter is left and the
    // kernel does not fill it.
    MemoryReserve();
    // For what cannot be asked for again: with what is left.
    explicit MemoryReserve(std::nothrow_t /*tag*/) noexcept;
    ~MemoryReserve();
    MemoryReserve(const MemoryReserve&) = delete;
    MemoryReserve& operator=(const MemoryReserve&) = delete;

private:
    const bool was_in_use_;
};

// While one lives, operator new has what the kernel gives and nothing else.
class [[nodiscard]] OutsideReserve {
public:
    OutsideReserve() noexcept;
    ~OutsideReserve();
    OutsideReserve(const OutsideReserve&) = delete;
    OutsideReserve& operator=(const OutsideReserve&) = delete;

private:
    const bool was_in_use_;
};

// There is room for so many more bytes from others before they are read, since they do not come
// again. Outside of the reserve.
void make_room(std::string& received, std::size_t more);

// Whether three quarters of it are there now.
bool is_reserve_ample();

// For the work of a destructor, from which no exception may go: the supervisor would end. It has
// what is left of the reserve, and where that is nothing the work ends half-way, untold.
template <typename Work>
void run_in_destructor(const Work& work) noexcept {
    const MemoryReserve reserve{std::nothrow};
    try {
        work();
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace confinit
