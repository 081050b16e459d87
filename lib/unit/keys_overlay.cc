// SPDX-License-Identifier: Apache-2.0
// The keys of [mounts] that bring whole file systems: overlays, and a root from an image.
#include "unit/forms.h"
#include "unit/keys.h"

namespace confinit {
namespace {

// The kernel is told the layers in one word of at most 256 bytes.
constexpr std::size_t most_layers = 32;
constexpr std::string_view overlay_form =
    "a table with target, lower and perhaps upper, work and size";
constexpr std::string_view upper_form = "an absolute path or \"tmpfs\"";

void read_root_image(const Value& value, Unit& unit) {
    assign(unit.mounts.root_image, read_plain_path(value));
}

// Commas and colons separate what the kernel is told; a layer is told by its descriptor, so that a
// path may have them.
std::optional<std::vector<std::string>> read_lower(const Value& table) {
    const auto member = table.member("lower", path_form);
    if (!member) {
        table.miss("lower");
        return std::nullopt;
    }
    std::vector<std::string> paths = list_of(*member, path_form, read_plain_path);
    if (paths.empty()) {
        member->refuse("there is nothing to lay over each other");
    } else if (paths.size() > most_layers) {
        member->refuse("more than 32 layers");
    } else {
        return paths;
    }
    return std::nullopt;
}

std::optional<std::string> read_upper(const Value& value) {
    if (const std::string* text = value.if_text(); text != nullptr && *text == "tmpfs") {
        return *text;
    }
    return read_plain_path(value);
}

template <class Target, class Read>
bool read_optional(const Value& table, std::string_view name, std::string_view form,
                   std::optional<Target>& target, Read read) {
    const auto member = table.member(name, form);
    if (!member) return true;
    target = read(*member);
    return target.has_value();
}

// What must stand together.
std::string overlay_fault(const OverlayMount& overlay) {
    if (overlay.target == "/")
        return "an overlay cannot be the root; lay it over directories below";
    if (overlay.upper_in_memory && overlay.work) return "an upper in memory needs no work";
    if (overlay.size && !overlay.upper_in_memory) return "size is that of upper = \"tmpfs\"";
    if (overlay.upper && !overlay.work) return "'work' is missing: an empty directory beside upper";
    if (overlay.work && !overlay.upper) return "'upper' is missing beside work";
    const bool is_read_only = !overlay.upper && !overlay.upper_in_memory;
    if (is_read_only && overlay.lower.size() < 2) {
        return "one lower alone is a bind mount; name a second one or an upper";
    }
    return {};
}

std::optional<OverlayMount> read_overlay(const Value& table) {
    constexpr std::string_view names[] = {"target", "lower", "upper", "work", "size"};
    if (!table.is_table()) {
        table.mismatch();
        return std::nullopt;
    }
    table.allow_members(names);
    OverlayMount overlay;
    std::optional<std::string> target;
    bool is_good = read_optional(table, "target", path_form, target, read_plain_path);
    if (is_good && !target) table.miss("target");
    auto lower = read_lower(table);
    is_good = read_optional(table, "upper", upper_form, overlay.upper, read_upper) && is_good;
    is_good = read_optional(table, "work", path_form, overlay.work, read_plain_path) && is_good;
    is_good = read_optional(table, "size", size_form, overlay.size, read_size) && is_good;
    if (!is_good || !target || !lower) return std::nullopt;
    overlay.target = std::move(*target);
    overlay.lower = std::move(*lower);
    overlay.upper_in_memory = overlay.upper == "tmpfs";
    if (overlay.upper_in_memory) overlay.upper.reset();
    if (std::string fault = overlay_fault(overlay); !fault.empty()) {
        table.refuse(std::move(fault));
        return std::nullopt;
    }
    return overlay;
}

void read_overlays(const Value& value, Unit& unit) {
    unit.mounts.overlay = list_of(value, overlay_form, read_overlay);
}

constexpr Key overlay_table[] = {
    {
        .path = "mounts.root_image",
        .form = "an absolute path such as \"/var/lib/images/web.squashfs\"",
        .fallback = "none",
        .documentation =
            "A file with a squashfs, ext4 or erofs file system that becomes the service's /, "
            "read-only. It is found by its first bytes which of them it is. Mount points of the "
            "unit's other mounts must be in it. Users and groups given by name are those of the "
            "host. The loop device is freed with the service's last process.",
        .operation = "ioctl(2) LOOP_CONFIGURE with LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR, "
                     "fsopen(2), move_mount(2), pivot_root(2)",
        .source = "loop(4), pivot_root(2)",
        .systemd = "RootImage=",
        .read = read_root_image,
    },
    {
        .path = "mounts.overlay",
        .form = "an array of tables such as { target = \"/srv\", lower = [\"/a\", \"/b\"], "
                "upper = \"tmpfs\" }",
        .fallback = "[]",
        .documentation =
            "Directories of the host, laid over each other at a target, the first of lower on top. "
            "What the service writes goes to upper, which needs an empty directory work beside it "
            "on the same mount; with upper = \"tmpfs\" it goes to memory, of at most size bytes, "
            "and is forgotten when the service ends. Without an upper the target is read-only. The "
            "layers must not change otherwise meanwhile.",
        .operation = "fsopen(2) overlay with its layers by descriptor, move_mount(2)",
        .source = "Documentation/filesystems/overlayfs.rst",
        .systemd = "MountImages=, ExtensionDirectories=",
        .read = read_overlays,
        .skips_entries = true,
    },
};

}  // namespace

std::span<const Key> overlay_keys() {
    return overlay_table;
}

}  // namespace confinit
