// SPDX-License-Identifier: Apache-2.0
// MemoryReserve: memory that PID 1 keeps back for what must not stop half-way.
#include "memory_reserve.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace confinit {
namespace {

// 1 MiB: the actions that end some 2,000 units. No page of it is touched, so that it costs address
// space alone. Each block is below M_MMAP_THRESHOLD (mallopt(3)), and so stays in the heap when it
// is given up, also where the kernel would not give it a second time.
constexpr std::size_t block_size = 64UL * 1024;
using Blocks = std::array<std::unique_ptr<std::byte[]>, 16>;
constexpr std::size_t fewest_blocks = std::tuple_size_v<Blocks> / 2;

// operator new knows one handler for the whole process, and so there is one reserve.
Blocks blocks;
bool is_in_use = false;

void fill_half() {
    for (std::size_t i = 0; i < fewest_blocks; ++i) {
        if (!blocks[i]) blocks[i] = std::make_unique_for_overwrite<std::byte[]>(block_size);
    }
}

void fill_as_far_as_possible() noexcept {
    for (auto& block : blocks) {
        if (!block) block.reset(new (std::nothrow) std::byte[block_size]);
    }
}

// A std::new_handler: operator new tries again after it, and goes on with what it throws.
void give_up_a_block() {
    const auto last = std::ranges::find_if(blocks.rbegin(), blocks.rend(),
                                           [](const auto& block) { return block != nullptr; });
    if (last != blocks.rend()) return last->reset();
    throw std::bad_alloc{};
}

// Whether it was in use before.
bool use(bool from_now_on) noexcept {
    std::set_new_handler(from_now_on ? give_up_a_block : nullptr);
    return std::exchange(is_in_use, from_now_on);
}

bool use_what_is_left() noexcept {
    if (!is_in_use) fill_as_far_as_possible();
    return use(true);
}

bool use_at_least_half() {
    if (!is_in_use) fill_half();
    return use_what_is_left();
}

}  // namespace

MemoryReserve::MemoryReserve() : was_in_use_(use_at_least_half()) {}

MemoryReserve::MemoryReserve(std::nothrow_t /*tag*/) noexcept : was_in_use_(use_what_is_left()) {}

MemoryReserve::~MemoryReserve() {
    (void)use(was_in_use_);
}

bool is_reserve_whole() {
    return std::ranges::none_of(blocks, [](const auto& block) { return block == nullptr; });
}

OutsideReserve::OutsideReserve() noexcept : was_in_use_(use(false)) {}

OutsideReserve::~OutsideReserve() {
    (void)use(was_in_use_);
}

}  // namespace confinit
