// SPDX-License-Identifier: Apache-2.0
// The time of a file's last change, and for how long it may hide one more.
#pragma once

#include <cstdint>

namespace confinit {

// Whether a file whose ctime is this may change once more and keep it. The kernel takes the time of
// its last tick, of which there are 100 a second or more; some file systems (ext4 with inodes of
// 128 bytes, ext2, vfat) keep whole seconds, at worst each second one.
bool may_hide_change(std::int64_t seconds, std::uint32_t nanoseconds);

}  // namespace confinit
