// SPDX-License-Identifier: Apache-2.0
// MemoryReserve: memory that PID 1 keeps back for what must not stop half-way.
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace confinit {
namespace {

// 1 MiB: the actions that end some 2,000 units. malloc(3) touches one page of each block, 256 KiB
// in all; the rest is address space. The blocks are small, so that each finds its place in the heap
// again between what was kept meanwhile, also where the kernel gives nothing a second time.
constexpr std::size_t block_size = 16UL * 1024;
constexpr std::size_t all_blocks = 64;
constexpr std::size_t ample_blocks = all_blocks * 3 / 4;
constexpr std::size_t fewest_blocks = all_blocks / 4;

// operator new knows one handler for the whole process, and so there is one reserve. The first
// `present` blocks are there.
std::array<std::unique_ptr<std::byte[]>, all_blocks> blocks;
std::size_t present = 0;
bool is_in_use = false;

// A std::new_handler: operator new tries again after it, and goes on with what it throws.
void give_up_a_block() {
    if (present == 0) throw std::bad_alloc{};
    blocks[--present].reset();
}

// Whether it was in use before.
bool use(bool from_now_on) noexcept {
    std::set_new_handler(from_now_on ? give_up_a_block : nullptr);
    return std::exchange(is_in_use, from_now_on);
}

// The blocks are asked for outside of the reserve, or one would be given up for another.
void fill() noexcept {
    if (present == all_blocks) return;
    const bool was_in_use = use(false);
    while (present < all_blocks) {
        blocks[present].reset(new (std::nothrow) std::byte[block_size]);
        if (!blocks[present]) break;
        ++present;
    }
    (void)use(was_in_use);
}

bool use_what_is_left() noexcept {
    fill();
    return use(true);
}

bool use_at_least_a_quarter() {
    fill();
    if (present < fewest_blocks) throw std::bad_alloc{};
    return use(true);
}

}  // namespace

MemoryReserve::MemoryReserve() : was_in_use_(use_at_least_a_quarter()) {}

MemoryReserve::MemoryReserve(std::nothrow_t /*tag*/) noexcept : was_in_use_(use_what_is_left()) {}

MemoryReserve::~MemoryReserve() {
    (void)use(was_in_use_);
}

OutsideReserve::OutsideReserve() noexcept : was_in_use_(use(false)) {}

OutsideReserve::~OutsideReserve() {
    (void)use(was_in_use_);
}

bool is_reserve_ample() {
    return present >= ample_blocks;
}

void make_room(std::string& received, std::size_t more) {
    const OutsideReserve outside;
    if (received.capacity() - received.size() < more) received.reserve(2 * received.size() + more);
}

}  // namespace confinit
