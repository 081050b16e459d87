// SPDX-License-Identifier: Apache-2.0
// LookNote: where a process is that looks at what a unit names, for whoever waits for it.
#include "base/look_note.h"

#include <algorithm>

namespace confinit {
namespace {

// One thread looks, at one thing at a time.
LookNote* present_note = nullptr;
std::string present_key;

template <std::size_t size>
void write(std::array<char, size>& field, std::string_view text) {
    const std::string_view fitting = text.substr(0, size - 1);
    *std::ranges::copy(fitting, field.begin()).out = '\0';
}

}  // namespace

void note_looks_in(LookNote* note) {
    present_note = note;
}

void note_key(std::string_view key) {
    present_key = key;
    if (present_note != nullptr) write(present_note->key, key);
}

const std::string& noted_key() {
    return present_key;
}

void note_path(std::string_view path) {
    if (present_note != nullptr) write(present_note->path, path);
}

}  // namespace confinit
