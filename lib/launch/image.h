// SPDX-License-Identifier: Apache-2.0
// Image: a value in one block of bytes, which may be copied, kept, sent and compared as a whole.
//
// Its parts refer to one another by how far apart they lie, so that they are true wherever the
// block is, and false in a copy of a part alone: none of them can be copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace confinit {

// How far behind itself something lies; 0 for nothing.
class Distance {
public:
    Distance() = default;
    Distance(const Distance&) = delete;
    Distance& operator=(const Distance&) = delete;

    const std::byte* target() const {
        if (bytes_ == 0) return nullptr;
        return reinterpret_cast<const std::byte*>(this) + bytes_;
    }

private:
    std::uint32_t bytes_ = 0;

    friend class ImageWriter;
};

// A text that may be absent, as a C string. The child takes it as it is.
class ImageText : public Distance {
public:
    const char* c_str() const { return reinterpret_cast<const char*>(target()); }
    operator const char*() const { return c_str(); }
};

// A text that is always there, and may be empty.
class ImageString : public Distance {
public:
    const char* c_str() const {
        return target() != nullptr ? reinterpret_cast<const char*>(target()) : "";
    }
    operator std::string_view() const { return c_str(); }
    std::string str() const { return c_str(); }
    bool empty() const { return target() == nullptr; }
    friend bool operator==(const ImageString& one, const ImageString& other) {
        return std::string_view{one} == std::string_view{other};
    }
    friend bool operator==(const ImageString& one, std::string_view other) {
        return std::string_view{one} == other;
    }
};

template <class T>
class ImageList : public Distance {
public:
    const T* data() const { return reinterpret_cast<const T*>(target()); }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const T* begin() const { return data(); }
    const T* end() const { return data() + size_; }
    const T& operator[](std::size_t index) const { return data()[index]; }
    const T& front() const { return data()[0]; }
    const T& back() const { return data()[size_ - 1]; }
    operator std::span<const T>() const { return {data(), size_}; }

private:
    std::uint32_t size_ = 0;

    friend class ImageWriter;
};

}  // namespace confinit
