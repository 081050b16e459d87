// SPDX-License-Identifier: Apache-2.0
// The pages of doc/book, which are compiled into svctl: a guest may have no other file of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace confinit {

struct BookPage {
    std::string_view name;    // "first-hour"
    std::string_view source;  // the file in doc/book
};

// In the order of their names.
std::span<const BookPage> book_pages();
const BookPage* find_book_page(std::string_view name);

// The first line, without its "# ".
std::string_view title_of(const BookPage& page);

// The page with what comes from the key table.
std::string text_of(const BookPage& page);

// Every word of systemd's that is known, with the keys that answer to it or what is in its place.
std::string systemd_words_text();

}  // namespace confinit
