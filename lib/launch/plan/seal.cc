// SPDX-License-Identifier: Apache-2.0
// Sealing: a draft becomes the one value that is kept, compared and launched.
#include "launch/plan/image_writer.h"
#include "launch/plan/plan.h"

#include <utility>

namespace confinit {
namespace {

// Each reference is named once, for all forms; one that is forgotten makes a form too large.
template <class... Parts>
constexpr std::size_t sum_of_sizes(std::tuple<Parts&...>*) {
    return (sizeof(Parts) + ...);
}
template <class Form>
constexpr std::size_t size_of_parts() {
    using References = decltype(Form::references(std::declval<const Form&>()));
    return sum_of_sizes(static_cast<References*>(nullptr));
}

// A form ends where its alignment lets it.
constexpr std::size_t rounded(std::size_t size) {
    constexpr std::size_t alignment = alignof(std::uint64_t);
    return (size + alignment - 1) / alignment * alignment;
}
static_assert(sizeof(ChildPlanIn<Sealed>) ==
              rounded(sizeof(ChildNumbers) + size_of_parts<ChildPlanIn<Sealed>>()));
static_assert(sizeof(Plan) == rounded(rounded(sizeof(PlanNumbers) + size_of_parts<Plan>()) +
                                      sizeof(ChildPlanIn<Sealed>)));

// One overload for each kind of part. The place is found anew after each part, since the block
// moves.
class Sealer {
public:
    std::vector<std::byte> seal(const PlanDraft& draft) {
        const auto plan = writer_.add<Plan>();
        static_cast<PlanNumbers&>(writer_.at(plan)) = draft;
        static_cast<ChildNumbers&>(writer_.at(plan).child) = draft.child;
        const auto child = writer_.position_of(writer_.at(plan).child);
        put_references(plan, static_cast<const PlanIn<Drafted>&>(draft));
        put_references(child, draft.child);
        return std::move(writer_).finish();
    }

private:
    template <class Part, class From>
    void put_references(Position<Part> place, const From& from) {
        const auto parts = From::references(from);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (put(writer_.position_of(std::get<I>(Part::references(writer_.at(place)))),
                 std::get<I>(parts)),
             ...);
        }(std::make_index_sequence<std::tuple_size_v<decltype(parts)>>{});
    }

    void put(Position<ImageText> place, const char* text) { writer_.set(writer_.at(place), text); }
    void put(Position<ImageString> place, const std::string& text) {
        writer_.set(writer_.at(place), text);
    }

    template <class T, class From>
    void put(Position<ImageList<T>> place, const std::vector<From>& items) {
        const Position<T> first = writer_.set(writer_.at(place), items.size());
        for (std::size_t i = 0; i < items.size(); ++i)
            put(first[i], items[i]);
    }

    template <class Number>
        requires std::has_unique_object_representations_v<Number> && std::is_trivial_v<Number>
    void put(Position<Number> place, const Number& number) {
        writer_.at(place) = number;
    }

    void put(Position<CgroupLineIn<Sealed>> place, const CgroupLineIn<Drafted>& line) {
        const auto& [file, value, key] = line;
        put(writer_.position_of(writer_.at(place).file), file);
        put(writer_.position_of(writer_.at(place).value), value);
        put(writer_.position_of(writer_.at(place).key), key);
    }

    void put(Position<JoinIn<Sealed>> place, const JoinIn<Drafted>& join) {
        const auto& [key, identity, flag] = join;
        writer_.at(place).flag = flag;
        put(writer_.position_of(writer_.at(place).key), key);
        put(writer_.position_of(writer_.at(place).identity), identity);
    }

    void put(Position<Preparation> place, const PreparationDraft& draft) {
        const auto& [kind, base, path, options, mode, uid, gid, gives_over] = draft;
        Preparation& preparation = writer_.at(place);
        preparation.kind = kind;
        preparation.mode = mode;
        preparation.uid = uid;
        preparation.gid = gid;
        preparation.gives_over = gives_over;
        put(writer_.position_of(writer_.at(place).base), base);
        put(writer_.position_of(writer_.at(place).path), path);
        put(writer_.position_of(writer_.at(place).options), options);
    }

    void put(Position<MountOp> place, const MountDraft& draft) {
        const auto& [kind, source, target, options, attributes, recursive, mode, device, where,
                     inside, exact_source, may_be_absent] = draft;
        MountOp& op = writer_.at(place);
        op.kind = kind;
        op.attributes = attributes;
        op.recursive = recursive;
        op.mode = mode;
        op.device = device;
        op.inside = inside;
        op.exact_source = exact_source;
        op.may_be_absent = may_be_absent;
        put(writer_.position_of(writer_.at(place).source), source);
        put(writer_.position_of(writer_.at(place).target), target);
        put(writer_.position_of(writer_.at(place).options), options);
        put(writer_.position_of(writer_.at(place).place), where);
    }

    ImageWriter writer_;
};

}  // namespace

LaunchPlan::LaunchPlan(PlanDraft draft)
    : LaunchPlan(std::move(static_cast<PlanCompany&>(draft)), Sealer{}.seal(draft)) {}

LaunchPlan::LaunchPlan(PlanCompany company, std::vector<std::byte> image)
    : PlanCompany(std::move(company)), image_(std::move(image)) {
    take_limits();
}

void LaunchPlan::take_limits() {
    limits.clear();
    for (const auto& [file, value, key] : (*this)->cgroup)
        limits.push_back({file.str(), value.str(), key.str()});
}

}  // namespace confinit
