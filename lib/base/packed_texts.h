// SPDX-License-Identifier: Apache-2.0
// PackedTexts: texts and numbers one after another in one string, between two processes of one
// program.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace confinit {

class TextPacker {
public:
    void add(std::string_view text) {
        add_number(text.size());
        packed_ += text;
    }
    template <class Number>
    void add_number(Number number) {
        static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
        const auto wide = static_cast<std::uint64_t>(number);
        packed_.append(reinterpret_cast<const char*>(&wide), sizeof wide);
    }
    // Their number, and then what `add_one` adds of each.
    template <class Items, class AddOne>
    void add_each(const Items& items, const AddOne& add_one) {
        add_number(items.size());
        for (const auto& item : items)
            add_one(item);
    }
    void add_all(const std::vector<std::string>& texts) {
        add_each(texts, [this](const std::string& text) { add(text); });
    }
    void add_all(const std::optional<std::vector<std::string>>& texts) {
        add_number(texts.has_value());
        if (texts) add_all(*texts);
    }

    std::string finish() && { return std::move(packed_); }

private:
    std::string packed_;
};

// Reads in the order of the packing. One that has gone beyond the end reads empty texts and zeros.
class TextUnpacker {
public:
    explicit TextUnpacker(std::string_view packed) : rest_(packed) {}

    std::string_view next() { return take(next_number()); }
    std::string next_text() { return std::string{next()}; }
    std::uint64_t next_number() {
        std::uint64_t number = 0;
        const std::string_view bytes = take(sizeof number);
        std::memcpy(&number, bytes.data(), bytes.size());
        return number;
    }
    // Calls `take_one` as often as there were items.
    template <class TakeOne>
    void take_each(const TakeOne& take_one) {
        for (std::uint64_t left = next_number(); left > 0 && is_whole_; --left)
            take_one();
    }
    std::vector<std::string> next_all() {
        std::vector<std::string> texts;
        take_each([&] { texts.push_back(next_text()); });
        return texts;
    }
    std::optional<std::vector<std::string>> next_all_if_any() {
        if (next_number() == 0) return std::nullopt;
        return next_all();
    }

    // Whether nothing was missing so far.
    bool is_whole() const { return is_whole_; }

private:
    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            is_whole_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest_;
    bool is_whole_ = true;
};

}  // namespace confinit
