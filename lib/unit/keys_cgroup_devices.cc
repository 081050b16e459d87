// SPDX-License-Identifier: Apache-2.0
// The keys of [cgroup] about devices, huge pages and other counted things; and files that no key
// is for.
#include "unit/cgroup_form.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace confinit {
namespace {

constexpr std::string_view device_form = "a path such as \"/dev/vda\" or \"/var\", or \"254:0\"";
constexpr std::int64_t highest_weight = 10'000;

bool is_device_number(std::string_view text) {
    const auto numbers = split(text, ':');
    return numbers.size() == 2 && parse_unsigned(numbers[0]) && parse_unsigned(numbers[1]);
}

// A device may be written as any path on it: what it is called changes from boot to boot.
bool is_device(const Value& member) {
    if (is_device_number(member.name()) || plain_path_fault(member.name()).empty()) return true;
    member.refuse(quoted(member.name()) + " is no " + std::string{device_form});
    return false;
}

// A line a device: `text_of` gives what follows its name, or nothing when it has told a problem.
template <class TextOf>
void read_devices(const Value& value, Unit& unit, std::string_view form, TextOf text_of) {
    const auto members = value.members(form);
    if (!members) return;
    for (const Value& member : *members) {
        if (!is_device(member)) continue;
        if (const auto text = text_of(member)) {
            add_setting(unit, value, member.name() + " " + *text);
        }
    }
}

void read_io_weight(const Value& value, Unit& unit) {
    const auto weight_of = [](const Value& member) -> std::optional<std::string> {
        const auto weight = member.integer(1, highest_weight);
        if (!weight) return std::nullopt;
        return std::to_string(*weight);
    };
    if (!value.is_table()) {
        if (const auto weight = weight_of(value)) add_setting(unit, value, *weight);
        return;
    }
    read_devices(value, unit, "a whole number from 1 to 10000", weight_of);
}

// "rbps=1M wiops=100" in the kernel's units.
std::optional<std::string> io_limits(const Value& member) {
    constexpr std::array<std::string_view, 4> keys{"rbps", "wbps", "riops", "wiops"};
    const auto text = member.word();
    if (!text) return std::nullopt;
    std::string limits;
    for (const std::string_view word : split_words(*text)) {
        const std::size_t equals = std::min(word.find('='), word.size());
        const bool is_known = std::ranges::find(keys, word.substr(0, equals)) != keys.end();
        const std::string_view number = word.substr(std::min(equals + 1, word.size()));
        const auto amount = parse_size(number);
        if (!is_known || (number != "max" && (!amount || *amount == 0))) {
            member.mismatch();
            return std::nullopt;
        }
        if (!limits.empty()) limits += ' ';
        limits.append(word.substr(0, equals)).append("=");
        limits += amount ? std::to_string(*amount) : std::string{number};
    }
    return limits;
}

void read_io_max(const Value& value, Unit& unit) {
    read_devices(value, unit, "limits such as \"rbps=10M wiops=100\": rbps, wbps, riops, wiops",
                 io_limits);
}

void read_io_latency(const Value& value, Unit& unit) {
    read_devices(value, unit, duration_form, [](const Value& member) -> std::optional<std::string> {
        const auto target = read_timeout(member);
        if (!target) return std::nullopt;
        return "target=" + std::to_string(target->count());
    });
}

bool is_plain_word(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' || byte == '.';
    });
}

// A line a resource; what it may be called is the driver's matter.
template <class TextOf>
void read_resources(const Value& value, Unit& unit, std::string_view form, TextOf text_of) {
    const auto members = value.members(form);
    if (!members) return;
    for (const Value& member : *members) {
        if (!is_plain_word(member.name())) {
            member.refuse(quoted(member.name()) + " is no name of a resource");
        } else if (const auto text = text_of(member)) {
            add_setting(unit, value, member.name() + " " + *text);
        }
    }
}

void read_misc(const Value& value, Unit& unit) {
    read_resources(value, unit, "a whole number or \"max\"",
                   [](const Value& member) -> std::optional<std::string> {
                       if (is_text(member, "max")) return "max";
                       const auto count = member.integer(0, std::int64_t{1} << 62);
                       if (!count) return std::nullopt;
                       return std::to_string(*count);
                   });
}

void read_rdma(const Value& value, Unit& unit) {
    read_resources(value, unit, "limits such as \"hca_handle=2 hca_object=2000\"",
                   [](const Value& member) { return member.word(); });
}

bool is_own_key(std::string_view file) {
    return std::ranges::any_of(all_keys(), [&](const Key* key) {
        return key->path == file || key->path == "cgroup." + std::string{file};
    });
}

void read_raw(const Value& value, Unit& unit) {
    constexpr std::string_view form = "the text to write";
    const auto members = value.members(form);
    if (!members) return;
    for (const Value& member : *members) {
        const std::string& file = member.name();
        const bool has_controller = file.find('.') != std::string::npos && !file.starts_with('.');
        if (!is_plain_word(file) || !has_controller) {
            member.refuse(quoted(file) + " is no name of a controller's file");
        } else if (file.starts_with("cgroup.")) {
            member.refuse("the cgroup.* files are the supervisor's own");
        } else if (is_own_key(file)) {
            member.refuse("there is a key for this file: write cgroup." + file);
        } else if (auto text = member.word()) {
            unit.cgroup.push_back({file, std::move(*text), member.key()});
        }
    }
}

constexpr Key cgroup_device_table[] = {
    {
        .path = "cgroup.io.weight",
        .form = "a whole number from 1 to 10000, or a table of devices such as "
                "{ \"/dev/vda\" = 50 }",
        .fallback = "100",
        .documentation = "The share of the disks' time that the service gets while others want it "
                         "too, in proportion to their weights. A device is its path, any path on "
                         "its file system, or its number.",
        .operation = "write(2) to io.weight of the unit's node",
        .source = kernel_document,
        .systemd = "IOWeight=, IODeviceWeight=",
        .read = read_io_weight,
    },
    {
        .path = "cgroup.io.max",
        .form = "a table of devices such as { \"/dev/vda\" = \"rbps=10M wiops=100\" }",
        .fallback = "no limit",
        .documentation = "The most bytes (rbps, wbps) and operations (riops, wiops) a second that "
                         "the service may read from and write to a device.",
        .operation = "write(2) to io.max of the unit's node",
        .source = kernel_document,
        .systemd = "IOReadBandwidthMax=, IOWriteBandwidthMax=, IOReadIOPSMax=, IOWriteIOPSMax=",
        .read = read_io_max,
    },
    {
        .path = "cgroup.io.latency",
        .form = "a table of devices such as { \"/dev/vda\" = \"10ms\" }",
        .fallback = "none",
        .documentation = "The time in which requests of the service are to be answered by a "
                         "device; others are slowed down for it.",
        .operation = "write(2) to io.latency of the unit's node",
        .source = kernel_document,
        .systemd = "IODeviceLatencyTargetSec=",
        .read = read_io_latency,
    },
    {
        .path = "cgroup.hugetlb.64KB.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most memory in huge pages of 64KB that the service may have.",
        .operation = "write(2) to hugetlb.64KB.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_bytes,
    },
    {
        .path = "cgroup.hugetlb.2MB.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most memory in huge pages of 2MB that the service may have.",
        .operation = "write(2) to hugetlb.2MB.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_bytes,
    },
    {
        .path = "cgroup.hugetlb.32MB.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most memory in huge pages of 32MB that the service may have.",
        .operation = "write(2) to hugetlb.32MB.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_bytes,
    },
    {
        .path = "cgroup.hugetlb.1GB.max",
        .form = bytes_form,
        .fallback = "\"max\"",
        .documentation = "The most memory in huge pages of 1GB that the service may have.",
        .operation = "write(2) to hugetlb.1GB.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_bytes,
    },
    {
        .path = "cgroup.rdma.max",
        .form = "a table of devices such as { mlx5_0 = \"hca_handle=2\" }",
        .fallback = "no limit",
        .documentation = "How many handles and objects of an RDMA device the service may have.",
        .operation = "write(2) to rdma.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_rdma,
    },
    {
        .path = "cgroup.misc.max",
        .form = "a table of resources such as { sev = 10 }",
        .fallback = "no limit",
        .documentation = "How much of a scalar resource, such as encryption ids of SEV, the "
                         "service may have; misc.capacity at the root of the tree lists them.",
        .operation = "write(2) to misc.max of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_misc,
    },
    {
        .path = "cgroup.raw",
        .form = "a table of files such as { \"memory.reclaim\" = \"1M\" }",
        .fallback = "none",
        .documentation = "Files of the node that no key is for, with the text to write, for "
                         "kernels newer than this version. They are written after all others, and "
                         "read back by svctl verify as they are.",
        .operation = "write(2) to the file of the unit's node",
        .source = kernel_document,
        .systemd = "",
        .read = read_raw,
    },
};

}  // namespace

std::span<const Key> cgroup_device_keys() {
    return cgroup_device_table;
}

}  // namespace confinit
