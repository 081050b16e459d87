// SPDX-License-Identifier: Apache-2.0
// ImageWriter: lays out an image part by part. All bytes that no part has set are 0, so that equal
// values are equal bytes.
#pragma once

#include "launch/image.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace confinit {

// A part is named by its position, since the block moves while it grows.
template <class T>
struct Position {
    std::size_t bytes = 0;

    Position operator[](std::size_t index) const { return {bytes + index * sizeof(T)}; }
};

class ImageWriter {
public:
    template <class T>
    Position<T> add(std::size_t count = 1) {
        static_assert(std::is_trivially_destructible_v<T>);
        const Position<T> position{(block_.size() + alignof(T) - 1) / alignof(T) * alignof(T)};
        block_.resize(position.bytes + count * sizeof(T));
        return position;
    }

    template <class T>
    T& at(Position<T> position) {
        return *reinterpret_cast<T*>(block_.data() + position.bytes);
    }

    // The position of a part of something that is in the block.
    template <class T>
    Position<T> position_of(const T& part) const {
        return {
            static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&part) - block_.data())};
    }

    void set(ImageText& field, const char* text) {
        const auto place = position_of(field);
        if (text != nullptr) refer(place, add_text(text));
    }

    void set(ImageString& field, std::string_view text) {
        const auto place = position_of(field);
        if (!text.empty()) refer(place, add_text(text));
    }

    // The list's room, all of it 0; the items are the caller's to set.
    template <class T>
    Position<T> set(ImageList<T>& field, std::size_t size) {
        const auto place = position_of(field);
        if (size == 0) return {};
        const Position<T> items = add<T>(size);
        refer(place, items);
        at(place).size_ = static_cast<std::uint32_t>(size);
        return items;
    }

    std::vector<std::byte> finish() && {
        block_.shrink_to_fit();
        return std::move(block_);
    }

private:
    Position<char> add_text(std::string_view text) {
        const auto position = add<char>(text.size() + 1);
        if (!text.empty()) std::memcpy(&at(position), text.data(), text.size());
        return position;
    }

    template <class Field, class T>
    void refer(Position<Field> field, Position<T> target) {
        at(field).bytes_ = static_cast<std::uint32_t>(target.bytes - field.bytes);
    }

    std::vector<std::byte> block_;
};

}  // namespace confinit
