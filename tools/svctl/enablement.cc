// SPDX-License-Identifier: Apache-2.0
// Enablement: the drop-ins by which other units want or require a unit, made and taken away.
#include "svctl/enablement.h"

#include "base/durable_file.h"
#include "base/file.h"
#include "svctl/wanters.h"
#include "unit/document.h"
#include "unit/loader.h"
#include "unit/systemd_names.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <span>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::string_view drop_in_ending = ".toml.d";

std::string drop_in_name(const std::string& unit) {
    return fmt::format("50-{}.toml", unit);
}

// The keys of a target's drop-in.
struct Links {
    bool wants = false;
    bool requires_it = false;
};

std::string drop_in_text(const std::string& unit, const Links& links) {
    std::string text =
        fmt::format("# By `svctl enable`; `svctl disable {}` takes it away.\n[unit]\n", unit);
    if (links.wants) text += fmt::format("wants = [\"{}\"]\n", unit);
    if (links.requires_it) text += fmt::format("requires = [\"{}\"]\n", unit);
    return text;
}

bool names_only(const Node& node, std::string_view unit) {
    return node.kind == Node::Kind::array && node.children.size() == 1 &&
           node.children.front().text == unit;
}

// Whether the file says nothing but that its target wants or requires this unit.
bool is_ours(std::string_view text, const std::string& unit) {
    const auto document = parse_document("", text);
    if (!document || document->root.children.size() != 1) return false;
    const Node& table = document->root.children.front();
    return table.name == "unit" && table.kind == Node::Kind::table &&
           std::ranges::all_of(table.children, [&](const Node& key) {
               return (key.name == "wants" || key.name == "requires") && names_only(key, unit);
           });
}

std::unexpected<Refusal> refuse_unit(const std::string& unit,
                                     const std::vector<Problem>& problems) {
    const Problem& first = problems.front();
    if (first.key == not_found_key) {
        return std::unexpected(Refusal{.code = ExitCode::no_such_unit, .message = first.message});
    }
    std::vector<std::string> texts;
    for (const Problem& problem : problems)
        texts.push_back(problem.text());
    if (!is_valid_unit_name(unit)) {
        return std::unexpected(Refusal{.code = ExitCode::no_such_unit, .message = texts.front()});
    }
    return std::unexpected(Refusal{
        .code = exit_code_of(problems),
        .message = fmt::format("nothing was changed: '{}' does not load: {}", unit, texts.front()),
        .parameters = {{"unit", unit}, {"problems", texts}}});
}

// The first problem of a unit; absent when it loads.
std::optional<Problem> fault_of(const UnitTree& tree, const std::string& unit,
                                const Vocabulary& vocabulary) {
    const auto loaded = load_unit(unit, tree.directories(), vocabulary);
    if (loaded) return std::nullopt;
    return loaded.error().front();
}

// Makes the drop-ins of one unit.
class Enabler {
public:
    Enabler(const UnitTree& tree, const std::string& unit, const Vocabulary& vocabulary)
        : tree_(tree), unit_(unit), vocabulary_(vocabulary) {}

    Answer<Enablement> run(const UnitSection& section) {
        std::map<std::string, Links> targets;
        for (const std::string& target : section.wanted_by)
            targets[target].wants = true;
        for (const std::string& target : section.required_by)
            targets[target].requires_it = true;
        for (const auto& [target, links] : targets)
            TRY(check_name(target));
        for (const auto& [target, links] : targets)
            TRY(link(target, links));
        if (!done_.created.empty()) return std::move(done_);
        const bool has_effect = done_.notes.empty();
        done_.notes.push_back(has_effect
                                  ? fmt::format("'{}' is enabled already", unit_)
                                  : fmt::format("the drop-ins of '{}' are there already", unit_));
        return std::move(done_);
    }

private:
    // A drop-in of a unit that systemd alone has would count for nothing.
    Answer<void> check_name(const std::string& target) const {
        const std::string advice = advice_for_unit_name(target);
        if (advice.empty()) return {};
        const auto fault = fault_of(tree_, target, vocabulary_);
        if (!fault || fault->key != not_found_key) return {};
        return refuse(
            {.hint = fmt::format("'{}' is to be wanted by '{}': {}", unit_, target, advice)});
    }

    Answer<void> link(const std::string& target, const Links& links) {
        const auto before = fault_of(tree_, target, vocabulary_);
        if (before) note_target(target, *before);
        auto folder = tree_.lasting();
        if (!folder) return refuse(std::move(folder.error()));
        const std::string path = fmt::format("{}/{}{}", *folder, target, drop_in_ending);
        auto directory = tree_.make(path);
        if (!directory) return refuse(std::move(directory.error()));
        const std::string file = path + "/" + drop_in_name(unit_);
        TRY(write(target, links, *directory, file, !before));
        note_effect(target, links, file);
        return {};
    }

    Answer<void> write(const std::string& target, const Links& links, const Fd& directory,
                       const std::string& file, bool is_target_good) {
        const std::string name = drop_in_name(unit_);
        const std::string text = drop_in_text(unit_, links);
        const auto present = find_file(directory.get(), name);
        if (!present) return refuse(Error{present.error()}.in(file));
        if (*present && **present == text) return {};
        if (*present && !is_ours(**present, unit_)) {
            return refuse(
                {.hint = fmt::format("{}: it is there and is not by `svctl enable`", file)});
        }
        const auto written = replace_file(directory.get(), name, text);
        if (!written) return refuse(Error{written.error()}.in(file));
        if (is_target_good) TRY(keep_if_good(target, directory, *present));
        done_.created.push_back(file);
        return {};
    }

    // Another drop-in of the target may take back what this one says.
    void note_effect(const std::string& target, const Links& links, const std::string& file) {
        const auto loaded = load_unit(target, tree_.directories(), vocabulary_);
        if (!loaded) return;
        const std::pair<bool, std::string_view> keys[] = {{links.wants, "unit.wants"},
                                                          {links.requires_it, "unit.requires"}};
        for (const auto& [is_given, key] : keys) {
            if (!is_given) continue;
            auto why = why_without_effect(*loaded, key, unit_, file);
            if (why) done_.notes.push_back(std::move(*why));
        }
    }

    // A target that is not there yet may come; a broken one must be mended first anyway.
    void note_target(const std::string& target, const Problem& fault) {
        const bool is_absent = fault.key == not_found_key;
        done_.notes.push_back(is_absent
                                  ? fmt::format("there is no unit '{}' yet", target)
                                  : fmt::format("'{}' does not load: {}", target, fault.text()));
    }

    // A drop-in that keeps its target from loading could keep the machine from booting.
    Answer<void> keep_if_good(const std::string& target, const Fd& directory,
                              const std::optional<std::string>& former) {
        const auto fault = fault_of(tree_, target, vocabulary_);
        if (!fault) return {};
        const std::string name = drop_in_name(unit_);
        if (former) {
            (void)replace_file(directory.get(), name, *former);
        } else {
            (void)unlinkat(directory.get(), name.c_str(), 0);
        }
        return std::unexpected(
            Refusal{.code = ExitCode::refused_by_check,
                    .message = fmt::format("'{}' would not load with '{}' enabled: {}", target,
                                           unit_, fault->text())});
    }

    const UnitTree& tree_;
    const std::string& unit_;
    const Vocabulary& vocabulary_;
    Enablement done_;
};

// The folders of drop-ins in a directory.
std::vector<std::string> drop_in_folders(const Fd& directory) {
    auto names = list_directory(directory.get(), ".").value_or(std::vector<std::string>{});
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(drop_in_ending); });
    return names;
}

// Removes the file if it is ours; the folder goes with its last file.
Answer<void> unlink_drop_in(const UnitTree& tree, const Fd& directory, const std::string& folder,
                            const std::string& path, const std::string& unit, Enablement& done) {
    const auto below = tree.find(path);
    if (!below) return refuse(Error{below.error()});
    if (!*below) return {};
    const std::string name = drop_in_name(unit);
    const auto text = find_file((*below)->get(), name);
    if (!text) return refuse(Error{text.error()}.in(path));
    if (!*text) return {};
    if (!is_ours(**text, unit)) {
        done.notes.push_back(fmt::format("{}/{} says more, and stays", path, name));
        return {};
    }
    if (unlinkat((*below)->get(), name.c_str(), 0) < 0) {
        return refuse(system_error(errno, "unlink", path + "/" + name));
    }
    if (fsync((*below)->get()) < 0) return refuse(system_error(errno, "fsync", path));
    done.removed.push_back(path + "/" + name);
    // It stays when it holds more.
    (void)unlinkat(directory.get(), folder.c_str(), AT_REMOVEDIR);
    return {};
}

// Drop-ins of the same kind that packages brought, which are not ours to take away; their paths.
std::vector<std::string> note_others(const UnitTree& tree, const std::string& unit,
                                     Enablement& done) {
    std::vector<std::string> paths;
    for (const std::string& path : tree.directories()) {
        const auto directory = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
        if (!directory) continue;
        for (const std::string& folder : drop_in_folders(*directory)) {
            const std::string file = fmt::format("{}/{}", folder, drop_in_name(unit));
            const auto text = find_file(directory->get(), file);
            if (!text || !*text || !is_ours(**text, unit)) continue;
            done.notes.push_back(
                fmt::format("it is still enabled by {}/{}; an empty file of this name in a "
                            "directory that comes first would hide it",
                            path, file));
            paths.push_back(path + "/" + file);
        }
    }
    return paths;
}

// Units that want or require it by other files than these.
void note_wanters(const UnitTree& tree, const std::string& unit, const Vocabulary& vocabulary,
                  const std::vector<std::string>& told, Enablement& done) {
    constexpr std::size_t most = 4;
    std::vector<Wanter> wanters = find_wanters(tree, unit, vocabulary);
    std::erase_if(wanters, [&](const Wanter& wanter) {
        return std::ranges::find(told, wanter.place.file) != told.end();
    });
    for (const Wanter& wanter : std::span{wanters}.first(std::min(wanters.size(), most)))
        done.notes.push_back(still_wanted_text(wanter));
    if (wanters.size() > most) {
        done.notes.push_back(
            fmt::format("{} more units want or require it", wanters.size() - most));
    }
}

}  // namespace

Answer<Enablement> enable_unit(const UnitTree& tree, const std::string& unit,
                               const Vocabulary& vocabulary) {
    const auto loaded = load_unit(unit, tree.directories(), vocabulary);
    if (!loaded) return refuse_unit(unit, loaded.error());
    const UnitSection& section = loaded->unit;
    if (section.wanted_by.empty() && section.required_by.empty()) {
        return refuse(
            {.hint = fmt::format("'{}' does not say who wants it: its file needs "
                                 "wanted_by = [\"default\"] in [unit], or else let the other "
                                 "unit's `wants` name it",
                                 unit)});
    }
    return Enabler{tree, unit, vocabulary}.run(section);
}

Answer<Enablement> disable_unit(const UnitTree& tree, const std::string& unit,
                                const Vocabulary& vocabulary) {
    if (!is_valid_unit_name(unit)) return refuse_unit(unit, {{.message = unit_name_fault(unit)}});
    auto lasting = tree.lasting();
    if (!lasting) return refuse(std::move(lasting.error()));
    auto directory = tree.find(*lasting);
    if (!directory) return refuse(std::move(directory.error()));
    Enablement done;
    if (*directory) {
        for (const std::string& folder : drop_in_folders(**directory)) {
            TRY(unlink_drop_in(tree, **directory, folder, *lasting + "/" + folder, unit, done));
        }
    }
    const auto told = note_others(tree, unit, done);
    if (done.removed.empty() && done.notes.empty()) {
        // A unit whose file is gone may have left a drop-in; one that never was is a slip.
        const auto fault = fault_of(tree, unit, vocabulary);
        if (fault && fault->key == not_found_key) return refuse_unit(unit, {*fault});
        done.notes.push_back(fmt::format("'{}' is not enabled", unit));
    }
    note_wanters(tree, unit, vocabulary, told, done);
    return done;
}

}  // namespace confinit
