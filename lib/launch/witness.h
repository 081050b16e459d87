// SPDX-License-Identifier: Apache-2.0
// Witness: what there was at a path when a plan was made from it.
//
// Some time passes between a plan and its launch, and a plan may serve more launches than one. The
// child looks at each witness again, and does not go on where it finds something else.
#pragma once

#include "launch/image.h"

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>

namespace confinit {

enum class WitnessKind : std::uint32_t {
    object,    // which file it is, its type, mode and owner
    content,   // and what it holds
    presence,  // whether there is anything: a procfs numbers its files anew each time
};

// The order leaves no gaps: equal facts are equal bytes.
struct WitnessFacts {
    WitnessKind kind = WitnessKind::object;
    std::int32_t error = 0;  // of the look: ENOENT where nothing was there; the rest is 0 then
    std::uint64_t inode = 0;
    std::uint64_t device = 0;
    std::uint64_t detail = 0;  // of a device its number; of a link, and where the content counts,
                               // when it was changed last
    std::uint32_t mount = 0;   // its id, which is another one in a copy of the mount namespace
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t size = 0;  // where the content counts

    bool operator==(const WitnessFacts&) const = default;
};

struct Witness {
    WitnessFacts facts;
    ImageText path;  // with no link before its last part
    ImageText key;   // of the unit, which the first look at it was for; absent where that is none
};

// A look at a witness: statx(2) with these flags and this mask.
inline constexpr int witness_look = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
inline constexpr unsigned witness_mask = STATX_BASIC_STATS | STATX_MNT_ID;

// The child calls this too.
inline WitnessFacts facts_of(WitnessKind kind, const struct statx& seen) {
    WitnessFacts facts{.kind = kind};
    if (kind == WitnessKind::presence) return facts;
    facts.inode = seen.stx_ino;
    facts.device = std::uint64_t{seen.stx_dev_major} << 32 | seen.stx_dev_minor;
    facts.mount = static_cast<std::uint32_t>(seen.stx_mnt_id);
    facts.mode = seen.stx_mode;
    facts.uid = seen.stx_uid;
    facts.gid = seen.stx_gid;
    constexpr std::uint64_t nanoseconds = 1'000'000'000;
    if (S_ISCHR(seen.stx_mode) || S_ISBLK(seen.stx_mode)) {
        facts.detail = std::uint64_t{seen.stx_rdev_major} << 32 | seen.stx_rdev_minor;
    } else if (S_ISLNK(seen.stx_mode) || kind == WitnessKind::content) {
        facts.detail = static_cast<std::uint64_t>(seen.stx_ctime.tv_sec) * nanoseconds +
                       seen.stx_ctime.tv_nsec;
    }
    if (kind == WitnessKind::content) facts.size = seen.stx_size;
    return facts;
}

// Those of a block that PlanWitnesses has sealed, or none of an empty one.
inline std::span<const Witness> witnesses_in(std::span<const std::byte> block) {
    using List = ImageList<Witness>;
    if (block.size() < sizeof(List)) return {};
    return *reinterpret_cast<const List*>(block.data());
}

}  // namespace confinit
