// SPDX-License-Identifier: Apache-2.0
// FilesLook: one look into the unit directories.
#include "supervisor/jobs/files_look.h"

#include "base/look_note.h"
#include "base/packed_texts.h"
#include "unit/loader.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <utility>

namespace confinit {
namespace {

void add_names(const UnitSection& section, std::vector<std::string>& names) {
    for (const auto* list : {&section.requires_units, &section.wants})
        names.insert(names.end(), list->begin(), list->end());
}

class Look {
public:
    Look(std::span<const std::string> directories, const Vocabulary& vocabulary,
         const FindKnownFiles& find_known)
        : directories_(directories), vocabulary_(vocabulary), find_known_(find_known) {}

    DiskReadings at(FilesLook wanted) {
        readings_.begun = Clock::now();
        waiting_ = std::move(wanted.names);
        if (wanted.all) add_all();
        while (!waiting_.empty()) {
            const std::string name = std::move(waiting_.back());
            waiting_.pop_back();
            if (readings_.units.contains(name) || readings_.unchanged.contains(name)) continue;
            note_key(name);
            const auto known = find_known_(name);
            if (!known || !is_unchanged(name, *known)) read(name, known.has_value());
        }
        return std::move(readings_);
    }

private:
    void add_all() {
        readings_.foreign = foreign_files(directories_);
        for (std::string& name : list_unit_names(directories_)) {
            if (!name.ends_with('@')) waiting_.push_back(std::move(name));
        }
        std::ranges::sort(waiting_);
        waiting_.erase(std::ranges::unique(waiting_).begin(), waiting_.end());
        readings_.listed = waiting_;
    }

    bool is_unchanged(const std::string& name, const KnownFiles& known) {
        waiting_.insert(waiting_.end(), known.missing.begin(), known.missing.end());
        UnchangedFiles files{.stamp = stamp_now(name, known.profile, directories_),
                             .not_read = known.not_read};
        const bool is_as_it_was = known.are_as_loaded && !known.stamp.is_young() &&
                                  !files.stamp.is_young() && files.stamp.is_same(known.stamp);
        if (!known.paths.empty() && !is_as_it_was) return false;
        for (const std::string& path : known.paths)
            readings_.add_rules_of(path);
        if (!files.not_read || !files.stamp.has_directories_of(known.stamp))
            files.not_read = lies_beside(name);
        readings_.unchanged.emplace(name, std::move(files));
        return true;
    }

    void read(const std::string& name, bool is_known) {
        Checked<Unit> unit;
        UnitReading reading = read_unit_files(name, directories_, vocabulary_, unit);
        if (is_known) reading.not_read = lies_beside(name);
        for (const std::string& path : reading.stamp.paths())
            readings_.add_rules_of(path);
        if (unit) add_names(unit->unit, waiting_);
        readings_.units.emplace(name, std::move(reading));
    }

    // Where all is looked at, what lies beside the units is known as a whole.
    std::optional<std::vector<std::string>> lies_beside(const std::string& unit) const {
        if (readings_.foreign) return std::nullopt;
        return foreign_files_of(unit, directories_);
    }

    std::span<const std::string> directories_;
    const Vocabulary& vocabulary_;
    const FindKnownFiles& find_known_;
    std::vector<std::string> waiting_;
    DiskReadings readings_;
};

}  // namespace

DiskReadings look_at_files(FilesLook wanted, std::span<const std::string> directories,
                           const Vocabulary& vocabulary, const FindKnownFiles& find_known) {
    return Look{directories, vocabulary, find_known}.at(std::move(wanted));
}

UnitStamp stamp_now(std::string_view unit, const std::string& profile,
                    std::span<const std::string> directories) {
    UnitStamp stamp = UnitStamp::take(unit, directories);
    if (!profile.empty()) stamp.add_file(profile);
    return stamp;
}

std::string pack(const KnownUnits& units) {
    TextPacker packer;
    packer.add_each(units, [&](const auto& item) {
        const auto& [name, known] = item;
        packer.add(name);
        packer.add_all(known.paths);
        packer.add(known.profile);
        packer.add_all(known.missing);
        packer.add_number(known.are_as_loaded);
        known.stamp.pack(packer);
        packer.add_all(known.not_read);
    });
    return std::move(packer).finish();
}

std::optional<KnownUnits> unpack_known_units(std::string_view bytes) {
    TextUnpacker unpacker{bytes};
    KnownUnits units;
    unpacker.take_each([&] {
        KnownFiles& known = units[unpacker.next_text()];
        known.paths = unpacker.next_all();
        known.profile = unpacker.next_text();
        known.missing = unpacker.next_all();
        known.are_as_loaded = unpacker.next_number() != 0;
        known.stamp = UnitStamp::unpack(unpacker);
        known.not_read = unpacker.next_all_if_any();
    });
    if (!unpacker.is_whole()) return std::nullopt;
    return units;
}

}  // namespace confinit
