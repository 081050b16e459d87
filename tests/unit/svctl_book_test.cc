// SPDX-License-Identifier: Apache-2.0
// The pages that `svctl help` prints.
#include "source_paths.h"
#include "svctl/book.h"
#include "svctl_scene.h"
#include "unit/systemd_words.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>

namespace confinit {

TEST_CASE("help prints the pages of the book, and lists them", "[svctl][book]") {
    const std::string list = run_svctl("/nowhere", {"help", "help"}).output;
    for (const BookPage& page : book_pages()) {
        const std::string name{page.name};
        INFO(name);
        const Outcome outcome = run_svctl("/nowhere", {"help", name});
        CHECK(outcome.status == 0);
        CHECK(outcome.output == text_of(page));
        CHECK(outcome.output.starts_with("# " + std::string{title_of(page)} + "\n\n"));
        CHECK_FALSE(outcome.output.contains('@' + std::string{"SYSTEMD"}));
        CHECK(list.contains("  " + name + " "));
    }
    CHECK(std::ranges::is_sorted(book_pages(), {}, &BookPage::name));
}

TEST_CASE("a slip in the name of a page is told", "[svctl][book]") {
    const Outcome outcome = run_svctl("/nowhere", {"help", "fist-hour"});

    CHECK(outcome.status == 1);
    CHECK(outcome.error.contains("did you mean 'first-hour'?"));
}

TEST_CASE("those who come from systemd find each of its words", "[svctl][book][N19]") {
    const std::string text = text_of(*find_book_page("from-systemd"));
    std::ifstream list{CONFINIT_SOURCE "/tests/unit/systemd-directives.txt"};
    std::size_t count = 0;
    for (std::string word; std::getline(list, word); ++count) {
        INFO(word);
        const auto advice = advice_for_directive(word);
        const bool has_key =
            text.contains("\n- " + word + ": ") || text.contains("\n- " + word + "=");
        CHECK((advice.empty() ? has_key : text.contains(std::string{advice} + ".\n")));
    }
    CHECK(count > 290);
}

}  // namespace confinit
