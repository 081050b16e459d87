// SPDX-License-Identifier: Apache-2.0
// Binding: the plan and the order become what the child walks. It allocates nothing, and is the
// same in PID 1 and in the launcher.
#pragma once

#include "launch/launch_order.h"
#include "launch/plan/plan.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace confinit {

// The child plan refers to this memory beside the image; the maker keeps it until the clone.
struct BoundMemory {
    std::span<char*> words;        // as many as words_for() says
    std::span<int> mount_sources;  // one for each mount
    std::span<char> notify_variable;
};
inline constexpr std::size_t notify_variable_size = 256;

inline std::size_t words_for(const Plan& plan) {
    return plan.arguments.size() + plan.environment.size() + 2;
}

namespace binding {

// The forms have the same parts in the same order.
template <std::size_t... I>
void bind_parts(const ChildPlanIn<Sealed>& image, ChildPlanIn<Bound>& child,
                std::index_sequence<I...>) {
    const auto from = ChildPlanIn<Sealed>::references(image);
    const auto to = ChildPlanIn<Bound>::references(child);
    ((std::get<I>(to) = std::get<I>(from)), ...);
}

// execve(2) writes to none of them.
inline char* word(const char* text) {
    return const_cast<char*>(text);
}

// The variable of the notify socket ends with the run's own name of it.
inline char* environment_word(const char* text, std::string_view name, std::span<char> memory) {
    static_assert(notify_name_length <= longest_notify_name);
    const std::string_view variable{text};
    const std::size_t size = variable.size();
    const bool is_other = name.empty() || !variable.starts_with(notify_socket_variable) ||
                          text[notify_socket_variable.size()] != '=';
    if (is_other || size < name.size() || size >= memory.size()) return word(text);
    std::memcpy(memory.data(), text, size + 1);
    std::memcpy(memory.data() + size - name.size(), name.data(), name.size());
    return memory.data();
}

}  // namespace binding

// The child has the order's own name of the notify socket in its environment, in the place of the
// plan's. `witnesses` is the block of those to look at again, empty for none.
inline ChildPlan bind_order(const Plan& plan, std::span<const std::byte> witnesses,
                            const LaunchOrder& order, LastWords* last_words,
                            const BoundMemory& memory) {
    using namespace binding;
    ChildPlan child;
    static_cast<ChildNumbers&>(child) = plan.child;
    bind_parts(plan.child, child,
               std::make_index_sequence<std::tuple_size_v<decltype(ChildPlanIn<Bound>::references(
                   std::declval<ChildPlan&>()))>>{});
    char** next = memory.words.data();
    child.argv = next;
    for (const ImageString& text : plan.arguments)
        *next++ = word(text.c_str());
    *next++ = nullptr;
    child.envp = next;
    for (const ImageString& text : plan.environment)
        *next++ = environment_word(text.c_str(), order.notify_name, memory.notify_variable);
    *next = nullptr;
    child.executable = plan.executable.c_str();
    child.report_socket = order[LentPlace::report];
    child.exit_socket = order[LentPlace::exit];
    child.streams[0] = order[LentPlace::input];
    child.streams[1] = order[LentPlace::output];
    child.streams[2] = order[LentPlace::error];
    child.tty_is_stream = order.tty_is_stream;
    child.preparation_socket = order[LentPlace::prepared];
    child.preparer_socket = order[LentPlace::preparer];
    child.ready_pipe = order[LentPlace::ready];
    child.wait_for_parent = order.wait_for_parent;
    child.owns_proc_files = order.owns_proc_files;
    for (int& source : memory.mount_sources)
        source = -1;
    child.mount_sources = memory.mount_sources.data();
    child.last_words = last_words;
    child.witnesses = witnesses_in(witnesses);
    child.join_pidfd = order[LentPlace::join_pidfd];
    const int* joins = order.lent.data() + static_cast<std::size_t>(LentPlace::joins);
    std::size_t count = 0;
    while (count < most_joins && joins[count] >= 0)
        ++count;
    child.joins = {joins, count};
    child.join_user = order[LentPlace::join_user];
    child.reaper_program = order[LentPlace::reaper];
    return child;
}

}  // namespace confinit
