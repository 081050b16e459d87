// SPDX-License-Identifier: Apache-2.0
// TOML as text: where its strings end and its statements begin, for those who look at what the
// parser refused.
#include "unit/toml_text.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Every step goes on by at least one byte.
class StatementWalk {
public:
    StatementWalk(std::string_view text, std::size_t stop) : text_(text), stop_(stop) {
        if (text.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    }

    std::optional<TomlStatement> next() {
        skip_blank();
        if (at_ >= text_.size() || at_ > stop_) return std::nullopt;
        TomlStatement statement{.begin = at_};
        if (text_[at_] == '[') {
            statement.is_header = true;
            statement.is_array_header = text_.substr(at_).starts_with("[[");
            at_ = std::min(text_.find_first_not_of('[', at_), text_.size());
            read_path(statement);
            at_ = std::min(text_.find('\n', at_), text_.size());
            return statement;
        }
        read_path(statement);
        if (at_ < text_.size() && text_[at_] == '=') {
            at_ = std::min(text_.find_first_not_of(" \t", at_ + 1), text_.size());
            statement.value = at_;
        }
        skip_value();
        return statement;
    }

private:
    void skip_blank() {
        while (at_ < text_.size()) {
            if (text_[at_] == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (std::string_view{" \t\r\n"}.contains(text_[at_])) {
                ++at_;
            } else {
                return;
            }
        }
    }

    void skip_spaces() { at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size()); }

    void read_path(TomlStatement& statement) {
        do {
            skip_spaces();
            statement.path.push_back(read_part());
            skip_spaces();
        } while (at_ < text_.size() && text_[at_] == '.' && ++at_ > 0);
    }

    std::string read_part() {
        const std::size_t begin = at_;
        if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
            at_ = end_of_string(text_, at_);
            const std::size_t size = at_ - begin;
            return std::string{text_.substr(begin + 1, size > 2 ? size - 2 : 0)};
        }
        at_ = std::min(text_.find_first_of(".:=[]{}#\"' \t\r\n", at_), text_.size());
        return std::string{text_.substr(begin, at_ - begin)};
    }

    // Up to the end of the line that no bracket or string is open in.
    void skip_value() {
        int depth = 0;
        while (at_ < text_.size() && at_ <= stop_) {
            const char byte = text_[at_];
            if (byte == '\n' && depth <= 0) return;
            if (byte == '"' || byte == '\'') {
                at_ = end_of_string(text_, at_);
                continue;
            }
            if (byte == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (byte == '[' || byte == '{') ++depth;
            if (byte == ']' || byte == '}') --depth;
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t stop_;
    std::size_t at_ = 0;
};

}  // namespace

std::size_t end_of_string(std::string_view text, std::size_t at) {
    const char quote = text[at];
    const std::string delimiter(3, quote);
    const bool is_long = text.substr(at).starts_with(delimiter);
    at += is_long ? 3 : 1;
    while (at < text.size()) {
        if (quote == '"' && text[at] == '\\') {
            at = std::min(at + 2, text.size());
            continue;
        }
        if (!is_long && text[at] == '\n') return at;
        if (!is_long && text[at] == quote) return at + 1;
        if (is_long && text.substr(at).starts_with(delimiter)) {
            // Up to two quotes before the closing ones belong to the string.
            const std::size_t end = std::min(text.find_first_not_of(quote, at), text.size());
            return at + std::min<std::size_t>(end - at, 5);
        }
        ++at;
    }
    return at;
}

std::vector<TomlStatement> statements_before(std::string_view text, std::size_t stop) {
    std::vector<TomlStatement> statements;
    StatementWalk walk{text, stop};
    while (auto statement = walk.next())
        statements.push_back(std::move(*statement));
    return statements;
}

}  // namespace confinit
