// SPDX-License-Identifier: Apache-2.0
// The commonest slips of those who write TOML by hand, in words that say how it is written.
#include "unit/toml_slips.h"

#include "base/text.h"
#include "unit/keys.h"
#include "unit/systemd_words.h"
#include "unit/toml_text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace confinit {
namespace {

using Path = std::vector<std::string>;

constexpr std::size_t nowhere = std::string_view::npos;
// A longer text is not repeated in the example of how it is written.
constexpr std::size_t longest_example = 60;

constexpr std::string_view typographic_quotes[] = {"\u2018", "\u2019", "\u201A", "\u201B",
                                                   "\u201C", "\u201D", "\u201E", "\u201F",
                                                   "\u00AB", "\u00BB"};

bool is_quote(char byte) {
    return byte == '"' || byte == '\'';
}

bool is_word_byte(char byte) {
    return !std::string_view{" \t\r\n,[]{}#\"'="}.contains(byte);
}

bool starts_with(const Path& path, const Path& start) {
    return path.size() >= start.size() && std::equal(start.begin(), start.end(), path.begin());
}

bool is_number_with_zero(std::string_view word) {
    if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
    return word.size() > 1 && word.front() == '0' &&
           word.find_first_not_of("0123456789_") == nowhere;
}

bool means_boolean(std::string_view word) {
    static constexpr std::string_view words[] = {"yes", "no", "on",   "off",  "Yes",
                                                 "No",  "On", "Off",  "True", "False",
                                                 "YES", "NO", "TRUE", "FALSE"};
    return std::ranges::find(words, word) != std::end(words);
}

class SlipFinder {
public:
    SlipFinder(std::string_view text, Position stopped) : text_(text), stop_(offset_of(stopped)) {}

    std::optional<TomlSlip> find() {
        if (is_foreign_comment()) return slip(stop_, "a comment begins with '#'");
        statements_ = statements_before(text_, stop_);
        if (statements_.empty()) return std::nullopt;
        const TomlStatement& last = statements_.back();
        path_ = last.is_header ? last.path : path_of(table_of(last), last);
        if (auto found = given_before()) return found;
        if (last.is_header) return find_in_header();
        if (!last.value) return find_without_value();
        value_ = *last.value;
        return find_in_value();
    }

private:
    std::size_t line_start(std::size_t at) const {
        const std::size_t newline = at == 0 ? nowhere : text_.rfind('\n', at - 1);
        return newline == nowhere ? 0 : newline + 1;
    }
    std::size_t line_end(std::size_t at) const {
        return std::min(text_.find('\n', std::min(at, text_.size())), text_.size());
    }
    unsigned line_number(std::size_t at) const {
        return static_cast<unsigned>(std::ranges::count(text_.substr(0, at), '\n')) + 1;
    }
    char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\n'; }

    // Columns count code points, of which each has one byte that does not go on with another.
    static bool begins_code_point(char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }

    std::size_t offset_of(Position position) const {
        std::size_t at = 0;
        for (unsigned line = 1; line < position.line && at < text_.size(); ++line)
            at = std::min(line_end(at) + 1, text_.size());
        for (unsigned column = 1; column < position.column && at < line_end(at); ++column) {
            ++at;
            while (at < text_.size() && !begins_code_point(text_[at]))
                ++at;
        }
        return at;
    }

    Position position_of(std::size_t at) const {
        const std::string_view before = text_.substr(0, at).substr(line_start(at));
        return {
            .line = line_number(at),
            .column = static_cast<unsigned>(std::ranges::count_if(before, begins_code_point)) + 1};
    }

    std::string key() const { return join(path_, "."); }
    std::string last_part() const { return path_.empty() ? std::string{} : path_.back(); }

    TomlSlip slip(std::size_t place, std::string message) const {
        std::string key = this->key();
        // An absurdly long key is not quoted: its place is told.
        if (key.size() > longest_example) key.clear();
        return {
            .position = position_of(place), .key = std::move(key), .message = std::move(message)};
    }

    bool is_foreign_comment() const {
        const char byte = at(stop_);
        const bool is_mark = byte == ';' || (byte == '/' && at(stop_ + 1) == '/');
        const std::string_view before =
            trim(text_.substr(line_start(stop_), stop_ - line_start(stop_)));
        return is_mark && !before.ends_with('=') && !before.ends_with('[') &&
               !before.ends_with(',');
    }

    static Path path_of(const TomlStatement* table, const TomlStatement& statement) {
        Path path = table != nullptr ? table->path : Path{};
        path.insert(path.end(), statement.path.begin(), statement.path.end());
        return path;
    }

    // The header that a statement stands under.
    const TomlStatement* table_of(const TomlStatement& statement) const {
        const TomlStatement* table = nullptr;
        for (const TomlStatement& earlier : statements_) {
            if (&earlier == &statement) return table;
            if (earlier.is_header) table = &earlier;
        }
        return table;
    }

    // A name that is there already, or that has a value and cannot be a table too.
    std::optional<TomlSlip> given_before() const {
        const TomlStatement& last = statements_.back();
        const TomlStatement* own_table = last.is_header ? &last : table_of(last);
        if (own_table != nullptr && own_table->is_array_header) return std::nullopt;
        const TomlStatement* table = nullptr;
        for (const TomlStatement& earlier : statements_) {
            if (&earlier == &last) break;
            if (earlier.is_header) table = &earlier;
            if (table != nullptr && table->is_array_header) continue;
            if (auto found = clash(earlier, table)) return found;
        }
        return std::nullopt;
    }

    // The clash of the last statement with this earlier one.
    std::optional<TomlSlip> clash(const TomlStatement& earlier, const TomlStatement* table) const {
        const bool is_header = statements_.back().is_header;
        if (earlier.is_header) {
            if (!is_header || earlier.path != path_) return std::nullopt;
            return given_twice(earlier, "the table is there", "; put these keys into it");
        }
        const Path path = path_of(table, earlier);
        if (path == path_) return given_twice(earlier, "it is given", "");
        const bool is_above = starts_with(path_, path);
        if (is_above || (!is_header && starts_with(path, path_))) return beside(earlier, path);
        return std::nullopt;
    }

    TomlSlip given_twice(const TomlStatement& earlier, const std::string& what,
                         const std::string& advice) const {
        const std::string line = std::to_string(line_number(earlier.begin));
        return slip(statements_.back().begin, what + " already in line " + line + advice);
    }

    // "cpu.max" and "cpu.max.burst".
    TomlSlip beside(const TomlStatement& earlier, const Path& path) const {
        const Path& longer = path.size() > path_.size() ? path : path_;
        const Path& shorter = path.size() > path_.size() ? path_ : path;
        const std::string whole = join(longer, ".");
        const std::string line = std::to_string(line_number(earlier.begin));
        std::string message = "'" + join(shorter, ".") + "' cannot have a value and keys below it";
        message += " (line " + line + ")";
        if (is_quoted_key(whole)) {
            message += "; the name of a file of the kernel goes on there: write \"" +
                       whole.substr(whole.find('.') + 1) + "\" = ... with its quotes";
        }
        return slip(statements_.back().begin, std::move(message));
    }

    std::optional<TomlSlip> find_in_header() const {
        const std::size_t begin = statements_.back().begin;
        const std::string_view line = text_.substr(begin, line_end(begin) - begin);
        if (line.contains(']')) return std::nullopt;
        return slip(stop_, "the ']' behind the name of the table is missing");
    }

    std::optional<TomlSlip> find_without_value() const {
        const std::string_view line =
            text_.substr(statements_.back().begin,
                         line_end(statements_.back().begin) - statements_.back().begin);
        if (at(stop_) == ':') return slip(stop_, "between a key and its value stands '='");
        // Bytes that are no text are no slip.
        const bool is_text = std::ranges::all_of(
            line, [](char byte) { return (byte >= ' ' && byte < '\x7F') || byte == '\t'; });
        if (line.contains('=') || !is_text) return std::nullopt;
        return slip(stop_, "the line is no KEY = VALUE");
    }

    std::optional<TomlSlip> find_in_value() const {
        const char first = at(value_);
        if (first == '\n' || first == '\r' || first == '#') {
            return slip(value_, "the value is missing");
        }
        if (auto found = find_foreign_quote()) return found;
        if (first == '=') return slip(value_, "one '=' is enough");
        if (!is_quote(first) && first != '[' && first != '{') return find_in_bare_value();
        if (auto found = find_escape()) return found;
        if (auto found = find_missing_quote()) return found;
        if (first == '[') return find_in_array();
        if (first == '{') return find_in_inline_table();
        return slip(stop_, "behind a value only a comment may follow");
    }

    std::optional<TomlSlip> find_foreign_quote() const {
        const std::string_view here = text_.substr(stop_);
        const auto found = std::ranges::find_if(
            typographic_quotes, [&](std::string_view quote) { return here.starts_with(quote); });
        if (found == std::end(typographic_quotes)) return std::nullopt;
        return slip(
            stop_, std::string{*found} + " is a quote of printed text; TOML's quotes are \" and '");
    }

    // Up to a comment.
    std::string_view bare_value() const {
        const std::string_view line = text_.substr(value_, line_end(value_) - value_);
        const std::size_t comment = std::min(line.find(" #"), line.find("\t#"));
        return trim(line.substr(0, comment));
    }

    std::string example(std::string_view value) const {
        std::string name = last_part();
        if (statements_.back().path.size() > 1) name = join(statements_.back().path, ".");
        const Key* known = find_key(key());
        const bool is_list = known != nullptr && known->form.starts_with("an array");
        if (name.size() + value.size() > longest_example) return {};
        if (!is_list) return name + " = \"" + std::string{value} + "\"";
        std::string list;
        for (const std::string_view word : split_words(value))
            list += (list.empty() ? "\"" : ", \"") + std::string{word} + "\"";
        return name + " = [" + list + "]";
    }

    std::optional<TomlSlip> find_in_bare_value() const {
        std::string_view value = bare_value();
        if (value.empty()) return std::nullopt;
        if (value.contains(" = ")) return slip(stop_, "a line holds one key and its value");
        const bool has_end_quote = is_quote(value.back());
        while (!value.empty() && is_quote(value.back()))
            value.remove_suffix(1);
        const bool has_quote = value.find_first_of("\"\\") != nowhere;
        std::string write = has_quote ? std::string{} : example(value);
        if (!write.empty()) write.insert(0, ": ");
        if (const std::string advice = systemd_advice(value); !advice.empty()) {
            return slip(statements_.back().begin, advice);
        }
        if (is_number_with_zero(value)) {
            return slip(value_, "a number does not begin with 0; a mode is a text" + write);
        }
        if (means_boolean(value)) {
            return slip(value_, "it is written true or false; a text needs quotes" + write);
        }
        if (has_end_quote) return slip(value_, "the quote before the text is missing" + write);
        return slip(value_, "a text needs quotes" + write);
    }

    // For lines that were taken over as they are; systemd's words begin with a capital letter.
    std::string systemd_advice(std::string_view value) const {
        const std::string name = last_part();
        if (name.empty() || name.front() < 'A' || name.front() > 'Z') return {};
        const auto keys = keys_for_directive(name + "=" + std::string{value});
        if (!keys.empty()) {
            return "'" + name + "=' is systemd's; here it is " + std::string{keys.front()->path} +
                   ", " + std::string{keys.front()->form};
        }
        const auto advice = advice_for_directive(name + "=" + std::string{value});
        return advice.empty() ? "" : "there is no '" + name + "=': " + std::string{advice};
    }

    std::optional<TomlSlip> find_escape() const {
        if (at(value_) == '\'' || stop_ == 0) return std::nullopt;
        const std::size_t begin = stop_ - std::min<std::size_t>(stop_ - value_, 2);
        const std::size_t slash = text_.substr(0, stop_ + 1).find('\\', begin);
        if (slash == nowhere) return std::nullopt;
        return slip(slash,
                    "within \"...\" a '\\' begins an escape: write '\\\\', or the text in "
                    "'...'");
    }

    // Where the line ends within a string that began in it.
    std::optional<TomlSlip> find_missing_quote() const {
        std::size_t place = std::max(line_start(stop_), value_);
        const std::size_t end = line_end(place);
        while (place < end) {
            if (at(place) == '#') return std::nullopt;
            if (!is_quote(at(place))) {
                ++place;
                continue;
            }
            const std::size_t begin = place;
            const char quote = at(place);
            place = end_of_string(text_, place);
            const bool is_long = at(begin + 1) == quote && at(begin + 2) == quote;
            if (is_long) return std::nullopt;
            if (place <= end && (place == begin + 1 || at(place - 1) != quote)) {
                return slip(begin,
                            "a quote is missing: the text that begins here does not end in "
                            "this line");
            }
        }
        return std::nullopt;
    }

    // The last byte before the stop that is neither white space nor of a comment.
    char byte_before() const {
        std::size_t end = stop_;
        for (;;) {
            const std::size_t start = std::max(line_start(end), value_);
            std::string_view line = text_.substr(start, end - start);
            line = trim(line.substr(0, line.find('#')));
            if (!line.empty()) return line.back();
            if (start <= value_) return '[';
            end = start - 1;
        }
    }

    bool begins_statement(std::size_t place) const {
        const std::size_t start = line_start(place);
        if (line_start(value_) == start) return false;
        const std::string_view line = trim(text_.substr(start, line_end(place) - start));
        const std::size_t equals = line.find('=');
        return equals != nowhere && equals > 0 && line.find_first_of("\"'{[,") > equals;
    }

    std::optional<TomlSlip> find_in_array() const {
        const bool is_end = stop_ >= text_.size();
        if (is_end || begins_statement(stop_)) {
            return slip(value_, "the array that begins here is not closed: its ']' is missing");
        }
        return find_in_list();
    }

    std::optional<TomlSlip> find_in_inline_table() const {
        if (at(stop_) == '\n' || at(stop_) == '\r') {
            return slip(value_,
                        "a table in braces stands in one line; its members can also be "
                        "written as " +
                            key() + ".NAME = VALUE");
        }
        if (at(stop_) == '}') return slip(stop_, "no comma stands before the '}'");
        return find_in_list();
    }

    std::optional<TomlSlip> find_in_list() const {
        const char here = at(stop_);
        if (here == ',') return slip(stop_, "between two commas stands nothing");
        if (!is_quote(here) && !is_word_byte(here)) return std::nullopt;
        std::size_t begin = stop_;
        while (begin > value_ && is_word_byte(at(begin - 1)))
            --begin;
        std::size_t end = stop_;
        while (end < text_.size() && is_word_byte(at(end)))
            ++end;
        const char before = begin == stop_ ? byte_before() : ',';
        if (is_quote(before) || before == ']' || before == '}' || is_word_byte(before)) {
            return slip(stop_, "a comma is missing before this");
        }
        if (is_quote(here)) return std::nullopt;
        const std::string_view word = text_.substr(begin, end - begin);
        if (word.size() > longest_example || word.contains('\\')) {
            return slip(begin, "a text needs quotes");
        }
        return slip(begin, "a text needs quotes: \"" + std::string{word} + "\"");
    }

    std::string_view text_;
    std::size_t stop_;
    std::vector<TomlStatement> statements_;
    Path path_;  // of the last statement, its table included
    std::size_t value_ = 0;
};

}  // namespace

std::optional<TomlSlip> find_slip(std::string_view text, Position stopped) {
    return SlipFinder{text, stopped}.find();
}

}  // namespace confinit
