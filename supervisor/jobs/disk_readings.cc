// SPDX-License-Identifier: Apache-2.0
// DiskReadings: what a planner has found in the unit directories.
#include "supervisor/jobs/disk_readings.h"

#include "base/packed_texts.h"

#include <utility>

namespace confinit {

void DiskReadings::add_rules_of(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        std::string part = path.substr(0, end);
        const auto [place, is_new] = rules.try_emplace(std::move(part));
        if (is_new) place->second = look_at_rule(place->first);
        if (end == std::string::npos) break;
    }
    rules.try_emplace("/", look_at_rule("/"));
}

std::string DiskReadings::pack() const {
    TextPacker packer;
    packer.add_number(begun.time_since_epoch().count());
    packer.add_each(units, [&](const auto& item) {
        const auto& [name, reading] = item;
        packer.add(name);
        reading.pack(packer);
    });
    packer.add_each(unchanged, [&](const auto& item) {
        const auto& [name, files] = item;
        packer.add(name);
        files.stamp.pack(packer);
        packer.add_all(files.not_read);
    });
    packer.add_each(rules, [&](const auto& item) {
        const auto& [path, rule] = item;
        packer.add(path);
        packer.add_number(rule.owner);
        packer.add_number(rule.group);
        packer.add_number(rule.mode);
    });
    packer.add_all(listed);
    packer.add_all(foreign);
    return std::move(packer).finish();
}

Result<DiskReadings> DiskReadings::unpack(std::string_view bytes) {
    TextUnpacker unpacker{bytes};
    DiskReadings readings;
    readings.begun =
        Clock::time_point{Clock::duration{static_cast<Clock::rep>(unpacker.next_number())}};
    unpacker.take_each([&] {
        std::string name = unpacker.next_text();
        readings.units.emplace(std::move(name), UnitReading::unpack(unpacker));
    });
    unpacker.take_each([&] {
        UnchangedFiles& files = readings.unchanged[unpacker.next_text()];
        files.stamp = UnitStamp::unpack(unpacker);
        files.not_read = unpacker.next_all_if_any();
    });
    unpacker.take_each([&] {
        FileRule& rule = readings.rules[unpacker.next_text()];
        rule.owner = static_cast<uid_t>(unpacker.next_number());
        rule.group = static_cast<gid_t>(unpacker.next_number());
        rule.mode = static_cast<mode_t>(unpacker.next_number());
    });
    readings.listed = unpacker.next_all();
    readings.foreign = unpacker.next_all_if_any();
    if (!unpacker.is_whole()) return failure("the planner's answer about unit files is damaged");
    return readings;
}

}  // namespace confinit
