// SPDX-License-Identifier: Apache-2.0
// The pages of doc/book, which are compiled into svctl: a guest may have no other file of it.
#include "svctl/book.h"

#include "base/text.h"
#include "unit/systemd_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>
#include <vector>

namespace confinit {
namespace {

constexpr std::string_view words_line = "@SYSTEMD_WORDS@\n";

// "MemoryMax" for "MemoryMax=", and "Type=notify" as it is.
std::string_view without_equals(std::string_view word) {
    return word.ends_with('=') ? word.substr(0, word.size() - 1) : word;
}

std::string answered_words() {
    std::map<std::string_view, std::string> keys;
    for (const Key* key : all_keys()) {
        for (const std::string_view word : directives_of(*key)) {
            std::string& paths = keys[without_equals(word)];
            paths.append(paths.empty() ? "" : ", ").append(key->path);
        }
    }
    std::string text;
    for (const auto& [word, paths] : keys)
        text += fmt::format("- {}: {}\n", word, paths);
    return text;
}

// The words of one piece of advice stand together.
std::string advised_words() {
    std::vector<std::pair<std::string_view, std::string>> groups;
    for (const std::string_view word : advised_directives()) {
        const auto advice = advice_for_directive(word);
        const auto group =
            std::ranges::find(groups, advice, [](const auto& one) { return one.first; });
        if (group == groups.end()) {
            groups.emplace_back(advice, word);
        } else {
            group->second.append(", ").append(word);
        }
    }
    std::string text;
    for (const auto& [advice, words] : groups)
        text += fmt::format("- {}: {}.\n", words, advice);
    return text;
}

}  // namespace

const BookPage* find_book_page(std::string_view name) {
    const auto pages = book_pages();
    const auto found = std::ranges::find(pages, name, &BookPage::name);
    return found == pages.end() ? nullptr : &*found;
}

std::string_view title_of(const BookPage& page) {
    constexpr std::string_view mark = "# ";
    return page.source.substr(mark.size(), page.source.find('\n') - mark.size());
}

std::string text_of(const BookPage& page) {
    std::string text{page.source};
    const std::size_t at = text.find(words_line);
    return at == std::string::npos ? text
                                   : text.replace(at, words_line.size(), systemd_words_text());
}

std::string systemd_words_text() {
    return "### Answered by a key\n\n" + answered_words() +
           "\n### Without a key; `*` stands for any letters\n\n" + advised_words();
}

}  // namespace confinit
