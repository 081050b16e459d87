// SPDX-License-Identifier: Apache-2.0
// ChangePlan as bytes, from the helper that has made it to PID 1.
#include "supervisor/jobs/change_plan.h"

#include "base/packed_texts.h"

#include <utility>

namespace confinit {
namespace {

void add_settings(TextPacker& packer, const CgroupConfig& settings) {
    packer.add_number(settings.size());
    for (const auto& [file, value, given_as] : settings) {
        packer.add(file);
        packer.add(value);
        packer.add(given_as);
    }
}

CgroupConfig next_settings(TextUnpacker& unpacker) {
    CgroupConfig settings;
    for (std::uint64_t left = unpacker.next_number(); left > 0 && unpacker.is_whole(); --left) {
        CgroupSetting setting;
        setting.file = unpacker.next_text();
        setting.value = unpacker.next_text();
        setting.given_as = unpacker.next_text();
        settings.push_back(std::move(setting));
    }
    return settings;
}

void add_plan(TextPacker& packer, const ChangePlan& plan) {
    packer.add_all(plan.keys);
    packer.add_number(plan.edits.size());
    for (const auto& [path, text, before] : plan.edits) {
        packer.add(path);
        packer.add(text);
        packer.add(before);
    }
    packer.add_number(plan.values.size());
    for (const auto& [key, value, location] : plan.values) {
        packer.add(key);
        packer.add(value);
        packer.add(location.file);
        packer.add_number(location.line);
        packer.add_number(location.column);
    }
    add_settings(packer, plan.limits.settings);
    packer.add_all(plan.limits.lasting);
    add_settings(packer, plan.limits.after);
}

ChangePlan next_plan(TextUnpacker& unpacker) {
    ChangePlan plan;
    plan.keys = unpacker.next_all();
    for (std::uint64_t left = unpacker.next_number(); left > 0 && unpacker.is_whole(); --left) {
        FileEdit edit;
        edit.path = unpacker.next_text();
        edit.text = unpacker.next_text();
        edit.before = unpacker.next_text();
        plan.edits.push_back(std::move(edit));
    }
    for (std::uint64_t left = unpacker.next_number(); left > 0 && unpacker.is_whole(); --left) {
        LimitValue value;
        value.key = unpacker.next_text();
        value.value = unpacker.next_text();
        value.location.file = unpacker.next_text();
        value.location.line = static_cast<unsigned>(unpacker.next_number());
        value.location.column = static_cast<unsigned>(unpacker.next_number());
        plan.values.push_back(std::move(value));
    }
    plan.limits.settings = next_settings(unpacker);
    plan.limits.lasting = unpacker.next_all();
    plan.limits.after = next_settings(unpacker);
    return plan;
}

}  // namespace

std::string pack(const ChangePlanned& planned) {
    TextPacker packer;
    packer.add_number(planned.has_value());
    if (planned) {
        add_plan(packer, *planned);
    } else {
        packer.add_all(planned.error().problems);
        packer.add(planned.error().failure);
    }
    return std::move(packer).finish();
}

ChangePlanned unpack_change(std::string_view bytes) {
    TextUnpacker unpacker{bytes};
    if (unpacker.next_number() == 0) {
        ChangeRefused refused;
        refused.problems = unpacker.next_all();
        refused.failure = unpacker.next_text();
        return std::unexpected(std::move(refused));
    }
    ChangePlan plan = next_plan(unpacker);
    if (unpacker.is_whole()) return plan;
    return std::unexpected(ChangeRefused{{}, "the helper's answer is damaged"});
}

}  // namespace confinit
