// SPDX-License-Identifier: Apache-2.0
// UnitReading: one look at the files of a unit, as a value.
#include "unit/unit_reading.h"

#include "unit/drafts.h"
#include "unit/packed_values.h"
#include "unit/seccomp_profile.h"

#include <utility>

namespace confinit {
namespace {

void pack_problem(TextPacker& packer, const Problem& problem) {
    pack(packer, problem.location);
    packer.add(problem.key);
    packer.add(problem.message);
    packer.add(problem.nearest);
    packer.add_number(problem.error);
}

Problem next_problem(TextUnpacker& unpacker) {
    Problem problem;
    problem.location = next_location(unpacker);
    problem.key = unpacker.next_text();
    problem.message = unpacker.next_text();
    problem.nearest = unpacker.next_text();
    problem.error = static_cast<int>(unpacker.next_number());
    return problem;
}

void pack_texts(TextPacker& packer, const UnitTexts& texts) {
    packer.add(texts.name);
    packer.add_each(texts.files, [&](const auto& item) {
        const auto& [path, text] = item;
        packer.add(path);
        packer.add(text);
    });
    packer.add_each(texts.profiles, [&](const auto& item) {
        const auto& [key, file] = item;
        packer.add(key);
        packer.add(file.path);
        packer.add(file.text);
    });
    packer.add_all(texts.warnings);
    packer.add_number(texts.are_owners_checked);
}

UnitTexts next_texts(TextUnpacker& unpacker) {
    UnitTexts texts;
    texts.name = unpacker.next_text();
    unpacker.take_each([&] {
        UnitText file{.path = unpacker.next_text(), .text = {}};
        file.text = unpacker.next_text();
        texts.files.push_back(std::move(file));
    });
    unpacker.take_each([&] {
        std::string key = unpacker.next_text();
        ProfileFile file{.path = unpacker.next_text(), .text = {}};
        file.text = unpacker.next_text();
        texts.profiles.emplace(std::move(key), std::move(file));
    });
    texts.warnings = unpacker.next_all();
    texts.are_owners_checked = unpacker.next_number() != 0;
    return texts;
}

}  // namespace

void UnitReading::pack(TextPacker& packer) const {
    stamp.pack(packer);
    packer.add_each(problems, [&](const Problem& problem) { pack_problem(packer, problem); });
    pack_texts(packer, texts);
    packer.add_all(not_read);
}

UnitReading UnitReading::unpack(TextUnpacker& unpacker) {
    UnitReading reading;
    reading.stamp = UnitStamp::unpack(unpacker);
    unpacker.take_each([&] { reading.problems.push_back(next_problem(unpacker)); });
    reading.texts = next_texts(unpacker);
    reading.not_read = unpacker.next_all_if_any();
    return reading;
}

std::string profile_of(const Unit& unit) {
    return unit.seccomp && unit.seccomp->profile ? unit.seccomp->profile->path : "";
}

UnitReading read_unit_files(std::string_view name, std::span<const std::string> directories,
                            const Vocabulary& vocabulary, Checked<Unit>& unit) {
    UnitReading reading;
    reading.stamp = UnitStamp::take(name, directories);
    unit = load_unit_with(name, directories, vocabulary, {}, &reading.texts);
    const std::string profile = unit ? profile_of(*unit) : "";
    if (!profile.empty()) reading.stamp.add_file(profile);
    if (!unit) {
        reading.problems = unit.error();
        reading.texts = {};
    }
    return reading;
}

Checked<Unit> unit_of(const UnitReading& reading, const Vocabulary& vocabulary) {
    if (!reading.problems.empty()) return std::unexpected(reading.problems);
    return unit_of(reading.texts, vocabulary);
}

}  // namespace confinit
