// SPDX-License-Identifier: Apache-2.0
// LookNote: where a process is that looks at what a unit names, for whoever waits for it.
//
// A look may be kept by a file system that does not answer, and cannot tell of it any more: it
// writes down beforehand, in memory that it shares, what it is about to look at.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace confinit {

// Texts that end with a 0, or are cut.
struct LookNote {
    std::array<char, 128> key;
    std::array<char, 1024> path;
};

// From now on looks are noted here; null: nobody reads it.
void note_looks_in(LookNote* note);

void note_key(std::string_view key);
void note_path(std::string_view path);

// The key that was noted last.
const std::string& noted_key();

// The note's own text, as far as it has come: the writer may be in the middle of it.
template <std::size_t size>
std::string text_of(const std::array<char, size>& text) {
    const std::string_view all{text.data(), text.size()};
    return std::string{all.substr(0, all.find('\0'))};
}

}  // namespace confinit
