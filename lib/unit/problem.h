// SPDX-License-Identifier: Apache-2.0
// Problem: one thing wrong with a unit file, and the bounded list of all of them.
#pragma once

#include "unit/unit.h"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// One thing wrong with a unit file. `nearest` is the nearest valid word, or empty. Line 0 is the
// file as a whole, and an empty file the unit as a whole.
struct Problem {
    Location location;
    std::string key;      // "service.restart"
    std::string message;  // "expected one of no, on-failure, always; got 'yes'"
    std::string nearest;
    int error = 0;  // the errno for which a file could not be read

    // "heat.toml:12:3: service.restart: expected one of ...; did you mean 'always'?"
    // Bytes of the file that could drive a terminal are escaped.
    std::string text() const;
};

template <class T>
using Checked = std::expected<T, std::vector<Problem>>;

// The nearest of these words, or an empty one when none is near or the word is absurdly long.
std::string nearest_of(std::string_view word, std::span<const std::string_view> words);

// A piece of a file in single ticks for a message, cut when it is long.
std::string quoted(std::string_view word);

// All problems of one unit. The list is bounded, so that a hostile file costs neither much memory
// nor much time: what goes beyond is only counted.
class ProblemList {
public:
    void add(Problem problem);

    bool is_empty() const { return problems_.empty(); }
    // Nobody needs to look for suggestions any more.
    bool is_full() const { return problems_.size() >= most; }
    // Whether this key, or something below it, is at fault already.
    bool concerns(std::string_view key) const;

    // Whether a problem names this key as the one that is meant: then the key is not missing.
    bool suggests(std::string_view key) const;

    // In the order of the files and of their lines.
    std::vector<Problem> take(std::span<const std::string> files);

private:
    static constexpr std::size_t most = 100;

    std::vector<Problem> problems_;
    std::size_t left_out_ = 0;
};

}  // namespace confinit
