// SPDX-License-Identifier: Apache-2.0
// ChangePlan as bytes, from the helper that has made it to PID 1.
#include "supervisor/jobs/change_plan.h"

#include "unit/packed_values.h"

#include <utility>

namespace confinit {
namespace {

void add_plan(TextPacker& packer, const ChangePlan& plan) {
    packer.add_all(plan.keys);
    packer.add_each(plan.edits, [&](const auto& item) {
        const auto& [path, text, before] = item;
        packer.add(path);
        packer.add(text);
        packer.add(before);
    });
    packer.add_each(plan.values, [&](const auto& item) {
        const auto& [key, value, location] = item;
        packer.add(key);
        packer.add(value);
        pack(packer, location);
    });
    pack(packer, plan.limits.settings);
    packer.add_all(plan.limits.lasting);
    pack(packer, plan.limits.after);
}

ChangePlan next_plan(TextUnpacker& unpacker) {
    ChangePlan plan;
    plan.keys = unpacker.next_all();
    unpacker.take_each([&] {
        FileEdit edit;
        edit.path = unpacker.next_text();
        edit.text = unpacker.next_text();
        edit.before = unpacker.next_text();
        plan.edits.push_back(std::move(edit));
    });
    unpacker.take_each([&] {
        LimitValue value;
        value.key = unpacker.next_text();
        value.value = unpacker.next_text();
        value.location = next_location(unpacker);
        plan.values.push_back(std::move(value));
    });
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
