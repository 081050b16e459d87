// SPDX-License-Identifier: Apache-2.0
// Problem: one thing wrong with a unit file, and the bounded list of all of them.
#include "unit/problem.h"

#include "base/text.h"

#include <algorithm>
#include <tuple>

namespace confinit {
namespace {

// No word of a unit file is longer, and the search for the nearest one is quadratic.
constexpr std::size_t longest_word = 64;

}  // namespace

std::string Problem::text() const {
    std::string text = location.file;
    if (location.line > 0) {
        text += ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
    }
    if (!text.empty()) text += ": ";
    if (!key.empty()) text += key + ": ";
    text += message;
    if (!nearest.empty()) text += "; did you mean '" + nearest + "'?";
    return escape_control_characters(text);
}

std::string nearest_of(std::string_view word, std::span<const std::string_view> words) {
    if (word.size() > longest_word) return {};
    return std::string{nearest_word(word, words).value_or("")};
}

std::string quoted(std::string_view word) {
    constexpr std::size_t longest = 80;
    if (word.size() <= longest) return "'" + std::string{word} + "'";
    return "'" + std::string{word.substr(0, longest)} + "...'";
}

void ProblemList::add(Problem problem) {
    if (is_full()) {
        ++left_out_;
        return;
    }
    problems_.push_back(std::move(problem));
}

bool ProblemList::concerns(std::string_view key) const {
    return std::ranges::any_of(problems_, [&](const Problem& problem) {
        if (!problem.key.starts_with(key)) return false;
        const std::string_view rest = std::string_view{problem.key}.substr(key.size());
        return rest.empty() || rest[0] == '.' || rest[0] == '[';
    });
}

bool ProblemList::suggests(std::string_view key) const {
    const std::string_view word = key.substr(key.rfind('.') + 1);
    const std::string_view place = key.substr(0, key.size() - word.size());
    return std::ranges::any_of(problems_, [&](const Problem& problem) {
        return problem.nearest == key ||
               (problem.nearest == word && problem.key.starts_with(place));
    });
}

std::vector<Problem> ProblemList::take(std::span<const std::string> files) {
    const auto place = [&](const Problem& problem) {
        const auto rank = std::ranges::find(files, problem.location.file) - files.begin();
        return std::tuple{rank, problem.location.line, problem.location.column};
    };
    // Problems of one place keep the order in which they were found.
    std::vector<Problem> sorted;
    for (Problem& problem : problems_) {
        const auto after = std::ranges::upper_bound(sorted, place(problem), {}, place);
        sorted.insert(after, std::move(problem));
    }
    if (left_out_ > 0) {
        sorted.push_back({.location = {.file = sorted.back().location.file},
                          .message = std::to_string(left_out_) + " more problems are not shown"});
    }
    return sorted;
}

}  // namespace confinit
