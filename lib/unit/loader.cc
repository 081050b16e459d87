// SPDX-License-Identifier: Apache-2.0
// Loading units: search path, drop-ins and templates; a unit comes whole or not at all.
#include "unit/loader.h"

#include "base/installation.h"
#include "base/text.h"
#include "unit/drafts.h"
#include "unit/reader.h"
#include "unit/systemd_names.h"
#include "unit/unit_files.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

namespace confinit {
namespace {

constexpr std::string_view file_ending = ".toml";
constexpr std::size_t most_drop_ins = 64;

std::unexpected<std::vector<Problem>> refusal(Problem problem) {
    return std::unexpected(std::vector{std::move(problem)});
}

// "units/heat.toml" -> "units", "heat.toml".
std::pair<std::string, std::string> split_path(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {".", path};
    return {path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1)};
}

// Collects the files of one unit, and what is wrong with those that cannot be read.
class FileCollector {
public:
    explicit FileCollector(std::span<const UnitDirectory> directories,
                           std::span<const Draft> drafts = {})
        : directories_(directories), drafts_(drafts) {
        files_.are_owners_checked =
            std::ranges::any_of(directories, [](const UnitDirectory& directory) {
                return directory.ownership == Ownership::checked;
            });
    }

    // The first directory that has one of these names wins; false when none has.
    bool add_main_file(std::span<const std::string> names) {
        for (const std::string& name : names) {
            for (const UnitDirectory& directory : directories_) {
                if (add_file(directory, name)) return true;
            }
        }
        return false;
    }

    // The files gathered so far have no [service], and the next main file of these names, which the
    // first one hides, has: that one, absent otherwise.
    std::optional<std::string> find_hidden_service(std::span<const std::string> names) const {
        const bool is_whole = files_.documents.size() == files_.names.size();
        if (!is_whole || std::ranges::any_of(files_.documents, has_service)) return std::nullopt;
        const auto [folder, file] = split_path(files_.names.front());
        bool is_behind = false;
        for (const std::string& name : names) {
            for (const UnitDirectory& directory : directories_) {
                if (!is_behind) {
                    is_behind = name == file && is_same_directory(directory, folder);
                    continue;
                }
                const auto text = find_unit_file(directory, name);
                if (!text || !*text) continue;
                std::string path = path_of(directory, name);
                const auto document = parse_document(path, **text);
                if (!document || !has_service(*document)) return std::nullopt;
                return path;
            }
        }
        return std::nullopt;
    }

    bool add_file(const UnitDirectory& directory, const std::string& name) {
        auto text = find_unit_file(directory, name);
        if (text && !*text) return false;
        if (text) {
            add_text(path_of(directory, name), **text);
        } else {
            add_problem(std::move(text).error());
        }
        return true;
    }

    // The drop-ins of a main file of this name, in the order of their own names. A name in an
    // earlier directory hides the same name in a later one.
    void add_drop_ins(const std::string& main_name) {
        std::vector<UnitDirectory> found;
        for (const UnitDirectory& directory : directories_) {
            auto below = find_directory(directory, main_name + ".d");
            if (!below) add_problem(std::move(below).error());
            if (below && *below) found.push_back(std::move(**below));
        }
        std::map<std::string, const UnitDirectory*> drop_ins;
        // A draft is in no directory yet.
        for (const Draft& draft : drafts_) {
            if (draft.unit_file == main_name) drop_ins.emplace(draft.name, nullptr);
        }
        for (const UnitDirectory& directory : found) {
            auto names = list_unit_files(directory);
            if (!names) add_problem(std::move(names).error());
            if (!names) continue;
            for (const std::string& name : *names)
                drop_ins.emplace(name, &directory);
        }
        if (drop_ins.size() > most_drop_ins) {
            return add_problem({.location = {.file = found.front().path},
                                .message = "a unit may have at most 64 drop-ins"});
        }
        for (const auto& [name, directory] : drop_ins) {
            if (directory != nullptr) {
                add_file(*directory, name);
            } else {
                add_draft(main_name, name);
            }
        }
    }

    void add_text(const std::string& path, std::string_view text) {
        files_.names.push_back(path);
        if (texts_ != nullptr) texts_->files.push_back({path, std::string{text}});
        auto document = parse_document(path, text);
        if (document) {
            files_.documents.push_back(std::move(*document));
        } else {
            files_.problems.add(std::move(document).error());
        }
    }

    ParsedFiles take() { return std::move(files_); }

    void keep_texts(UnitTexts* texts) { texts_ = texts; }

private:
    static bool has_service(const Document& document) {
        return std::ranges::find(document.root.children, "service", &Node::name) !=
               document.root.children.end();
    }

    // A file that could not be read stands in the list of names, so that the reader knows that one
    // is missing.
    void add_problem(Problem problem) {
        files_.names.push_back(problem.location.file);
        files_.problems.add(std::move(problem));
    }

    void add_draft(const std::string& main_name, const std::string& name) {
        for (const Draft& draft : drafts_) {
            const bool is_meant = draft.unit_file == main_name && draft.name == name;
            if (is_meant && !draft.text.empty()) add_text(draft.path(), draft.text);
        }
    }

    std::span<const UnitDirectory> directories_;
    std::span<const Draft> drafts_;
    ParsedFiles files_;
    UnitTexts* texts_ = nullptr;
};

// One that cannot be trusted is an error: leaving it out could leave a restriction out.
std::expected<std::vector<UnitDirectory>, std::vector<Problem>> open_directories(
    std::span<const std::string> paths) {
    std::vector<UnitDirectory> directories;
    std::vector<Problem> problems;
    for (const std::string& path : paths) {
        auto directory = find_directory(path, Ownership::checked);
        if (!directory) problems.push_back(std::move(directory).error());
        if (directory && *directory) directories.push_back(std::move(**directory));
    }
    if (!problems.empty()) return std::unexpected(std::move(problems));
    return directories;
}

Problem not_found(std::string_view name, std::span<const std::string> directories) {
    const std::string places = directories.empty() ? "any directory" : join(directories, ", ");
    std::string advice = advice_for_unit_name(name);
    for (const std::string& text : files_in_place_of(name, directories))
        advice += (advice.empty() ? "" : "; ") + text;
    return {.key = std::string{not_found_key},
            .message = "there is no unit " + quoted(name) + " in " + places +
                       (advice.empty() ? "" : "; " + advice)};
}

void add_all_drop_ins(FileCollector& collector, const UnitNameParts& parts) {
    auto names = unit_file_names(parts);
    std::ranges::reverse(names);
    for (const std::string& name : names)
        collector.add_drop_ins(name);
}

// The unit that the collected files make. One without [service] that hides a service turns that
// into an empty group or target, which is hardly meant.
Checked<Unit> read_collected(std::string_view name, FileCollector& collector,
                             const Vocabulary& vocabulary, UnitTexts* texts = nullptr) {
    const auto file_names = unit_file_names(split_unit_name(name));
    const auto hidden = collector.find_hidden_service(file_names);
    ParsedFiles files = collector.take();
    const Problem warning{.location = {.file = files.names.front()},
                          .message = "it has no [service] and hides " + hidden.value_or("") +
                                     ", which has one, so that nothing runs; a drop-in " +
                                     file_names.front() + ".d/*.toml changes single keys"};
    const auto profiles = files.profiles;
    const bool are_owners_checked = files.are_owners_checked;
    auto unit = read_unit(name, std::move(files), vocabulary);
    if (hidden && unit) unit->warnings.push_back(warning.text());
    if (hidden && !unit) unit.error().push_back(warning);
    if (texts == nullptr) return unit;
    texts->name = name;
    texts->profiles = *profiles;
    texts->are_owners_checked = are_owners_checked;
    if (hidden) texts->warnings.push_back(warning.text());
    return unit;
}

}  // namespace

std::vector<std::string> default_unit_path() {
    return {"/etc/confinit/units", "/run/confinit/units", installed_unit_directory()};
}

Checked<Unit> load_unit(std::string_view name, std::span<const std::string> directories,
                        const Vocabulary& vocabulary) {
    return load_unit_with(name, directories, vocabulary, {});
}

Checked<Unit> load_unit_with(std::string_view name, std::span<const std::string> directories,
                             const Vocabulary& vocabulary, std::span<const Draft> drafts,
                             UnitTexts* texts) {
    if (!is_valid_unit_name(name)) return refusal({.message = unit_name_fault(name)});
    const UnitNameParts parts = split_unit_name(name);
    if (parts.is_template()) {
        return refusal({.message = quoted(name) + " is a template; name an instance, as in '" +
                                   std::string{name} + "1'"});
    }
    const auto opened = TRY(open_directories(directories));
    FileCollector collector{opened, drafts};
    collector.keep_texts(texts);
    if (!collector.add_main_file(unit_file_names(parts)))
        return refusal(not_found(name, directories));
    add_all_drop_ins(collector, parts);
    return read_collected(name, collector, vocabulary, texts);
}

Checked<Unit> unit_of(const UnitTexts& texts, const Vocabulary& vocabulary) {
    FileCollector collector{{}};
    for (const UnitText& file : texts.files)
        collector.add_text(file.path, file.text);
    ParsedFiles files = collector.take();
    files.are_owners_checked = texts.are_owners_checked;
    *files.profiles = texts.profiles;
    auto unit = read_unit(texts.name, std::move(files), vocabulary);
    if (unit) std::ranges::copy(texts.warnings, std::back_inserter(unit->warnings));
    return unit;
}

Checked<Unit> load_unit_file(const std::string& path, std::span<const std::string> directories,
                             const Vocabulary& vocabulary) {
    const auto [folder, file] = split_path(path);
    const auto fault = [&](std::string message) {
        return refusal({.location = {.file = path}, .message = std::move(message)});
    };
    if (!file.ends_with(file_ending)) return fault("the name of a unit file ends in '.toml'");
    if (folder.ends_with(".toml.d")) return fault("it is a drop-in; check the unit it belongs to");
    const std::string name = file.substr(0, file.size() - file_ending.size());
    if (!is_valid_unit_name(name)) return fault(unit_name_fault(name));

    auto own = find_directory(folder, Ownership::ignored);
    if (!own) return refusal(std::move(own).error());
    const Problem absent{.location = {.file = path},
                         .message = "cannot open: No such file or directory",
                         .error = ENOENT};
    if (!*own) return refusal(absent);
    const bool is_installed = std::ranges::any_of(directories, [&](const std::string& directory) {
        return is_same_directory(**own, directory);
    });
    if (is_installed) (*own)->ownership = Ownership::checked;

    const auto opened =
        is_installed ? TRY(open_directories(directories)) : std::vector<UnitDirectory>{};
    FileCollector collector{is_installed ? std::span{opened} : std::span{&**own, 1}};
    if (!collector.add_file(**own, file)) return refusal(absent);
    add_all_drop_ins(collector, split_unit_name(name));
    return read_collected(name, collector, vocabulary);
}

Checked<Unit> parse_unit(std::string_view name, std::string_view file, std::string_view text,
                         const Vocabulary& vocabulary) {
    if (!is_valid_unit_name(name)) return refusal({.message = unit_name_fault(name)});
    if (text.size() > unit_file_limit) {
        return refusal(
            {.location = {.file = std::string{file}}, .message = "it is larger than 256 KiB"});
    }
    FileCollector collector{{}};
    collector.add_text(std::string{file}, text);
    return read_unit(name, collector.take(), vocabulary);
}

std::vector<std::string> list_unit_names(std::span<const std::string> directories) {
    std::set<std::string> names;
    for (const std::string& path : directories) {
        // Loading a unit tells what is wrong with a directory; a list shows what can be seen.
        const auto directory = find_directory(path, Ownership::ignored);
        if (!directory || !*directory) continue;
        const auto files = list_unit_files(**directory);
        if (!files) continue;
        for (const std::string& file : *files) {
            std::string name = file.substr(0, file.size() - file_ending.size());
            if (is_valid_unit_name(name)) names.insert(std::move(name));
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace confinit
