// SPDX-License-Identifier: Apache-2.0
// Plan messages: a plan on its way from the process that has made it.
#include "launch/plan/plan_message.h"

#include "unit/packed_values.h"

#include <algorithm>
#include <span>
#include <utility>

namespace confinit {
namespace {

Error damaged() {
    return {.hint = "the planner's answer is damaged"};
}

void add_maps(TextPacker& packer, const std::vector<IdMap>& maps) {
    packer.add_each(maps, [&](const IdMap& map) {
        packer.add_number(map.inside);
        packer.add_number(map.outside);
        packer.add_number(map.count);
    });
}

std::vector<IdMap> next_maps(TextUnpacker& unpacker) {
    std::vector<IdMap> maps;
    unpacker.take_each([&] {
        IdMap map;
        map.inside = static_cast<std::uint32_t>(unpacker.next_number());
        map.outside = static_cast<std::uint32_t>(unpacker.next_number());
        map.count = static_cast<std::uint32_t>(unpacker.next_number());
        maps.push_back(map);
    });
    return maps;
}

std::string_view text_of(std::span<const std::byte> block) {
    return {reinterpret_cast<const char*>(block.data()), block.size()};
}

std::vector<std::byte> next_block(TextUnpacker& unpacker) {
    const std::string_view bytes = unpacker.next();
    std::vector<std::byte> block(bytes.size());
    std::ranges::copy(std::as_bytes(std::span{bytes}), block.begin());
    return block;
}

}  // namespace

Parcel pack(LaunchPlan plan) {
    TextPacker packer;
    packer.add_all(plan.warnings);
    add_maps(packer, plan.ids.uid_map);
    add_maps(packer, plan.ids.gid_map);
    packer.add_number(plan.ids.allow_setgroups);
    packer.add(text_of(plan.image()));
    packer.add(text_of(plan.witnesses));
    packer.add_number(plan.serves_once);
    return {std::move(packer).finish(), std::move(plan.join_files)};
}

Result<LaunchPlan> unpack_plan(Parcel parcel) {
    TextUnpacker unpacker{parcel.bytes};
    PlanCompany company;
    company.warnings = unpacker.next_all();
    company.ids.uid_map = next_maps(unpacker);
    company.ids.gid_map = next_maps(unpacker);
    company.ids.allow_setgroups = unpacker.next_number() != 0;
    std::vector<std::byte> image = next_block(unpacker);
    company.witnesses = next_block(unpacker);
    company.serves_once = unpacker.next_number() != 0;
    if (!unpacker.is_whole() || image.size() < sizeof(Plan)) return std::unexpected(damaged());
    company.join_files = std::move(parcel.descriptors);
    LaunchPlan plan{std::move(company), std::move(image)};
    if (plan.join_files.size() != plan->joins.size()) return std::unexpected(damaged());
    return plan;
}

std::string pack(const CgroupConfig& config) {
    TextPacker packer;
    pack(packer, config);
    return std::move(packer).finish();
}

Result<CgroupConfig> unpack_config(std::string_view bytes) {
    TextUnpacker unpacker{bytes};
    CgroupConfig config = next_settings(unpacker);
    if (!unpacker.is_whole()) return std::unexpected(damaged());
    return config;
}

}  // namespace confinit
