// SPDX-License-Identifier: Apache-2.0
// The forms of a plan: what its texts and lists are while it is made, in its image, and for the
// child.
#pragma once

#include "launch/image.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace confinit {

template <class Form>
struct MountOpIn;
template <class Form>
struct PreparationIn;

// In the image.
struct Sealed {
    using Text = ImageText;
    using String = ImageString;
    template <class T>
    using List = ImageList<T>;
    using Strings = ImageList<ImageString>;
    using MountOp = MountOpIn<Sealed>;
    using Preparation = PreparationIn<Sealed>;
};

// While the plan is made. The draft keeps the memory behind a Text.
struct Drafted {
    using Text = const char*;
    using String = std::string;
    template <class T>
    using List = std::vector<T>;
    using Strings = std::vector<std::string>;
    using MountOp = MountOpIn<Drafted>;
    using Preparation = PreparationIn<Drafted>;
};

// Read from an image by the child, which calls nothing and copies freely.
struct Bound {
    using Text = const char*;
    template <class T>
    using List = std::span<const T>;
    using MountOp = MountOpIn<Sealed>;
    using Preparation = PreparationIn<Sealed>;
};

}  // namespace confinit
