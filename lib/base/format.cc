// SPDX-License-Identifier: Apache-2.0
// The one compiled copy of fmt's implementation. Debian ships it as a shared library and as
// headers; a static program needs it compiled, and each source that did so would take three times
// as long.
// Separators of a locale are asked for nowhere, and std::locale is larger than the rest of this.
#define FMT_STATIC_THOUSANDS_SEPARATOR ','
#include <fmt/format-inl.h>

namespace fmt::inline v9::detail {

// What fmt/format.h and fmt/core.h declare and leave to a library, for char.
template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
template void vformat_to<char>(buffer<char>&, string_view, format_args, locale_ref);
template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;

}  // namespace fmt::inline v9::detail
