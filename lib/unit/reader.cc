// SPDX-License-Identifier: Apache-2.0
// The reader: parsed files to one Unit, by the key table.
#include "unit/reader.h"

#include "unit/checks.h"
#include "unit/keys.h"
#include "unit/loader.h"
#include "unit/unit_name.h"
#include "unit/unknown_words.h"
#include "unit/value.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

namespace confinit {
namespace {

// One given value of one file.
struct Entry {
    const Key* key;
    const Node* node;
    const Document* document;
};

// Replaces what every text of a templated unit may say of its instance. A '%' before another
// letter is an ordinary one, as in "50%". Returns the bytes of all texts together and stops where
// they are too many.
std::size_t fill_in(Node& node, const Unit& unit) {
    std::string filled;
    std::string_view rest = node.text;
    while (!rest.empty() && filled.size() <= unit_file_limit) {
        const std::size_t plain = std::min(rest.find('%'), rest.size());
        filled += rest.substr(0, plain);
        rest.remove_prefix(plain);
        const bool is_specifier = rest.starts_with("%i") || rest.starts_with("%n");
        if (is_specifier) filled += rest[1] == 'i' ? unit.instance : unit.name;
        if (!is_specifier) filled += rest.substr(0, 1);
        rest.remove_prefix(std::min<std::size_t>(is_specifier ? 2 : 1, rest.size()));
    }
    node.text = std::move(filled);

    std::size_t size = node.text.size();
    for (Node& child : node.children) {
        if (size > unit_file_limit) break;
        size += fill_in(child, unit);
    }
    return size;
}

bool is_below(std::string_view path, std::string_view above) {
    return path.size() > above.size() && path.starts_with(above) && path[above.size()] == '.';
}

// A value with the whole of its path, below a table that nobody knows.
struct Leaf {
    const Node* node;
    std::string path;
};

// No more than these few are looked at: each costs a search for what it means.
constexpr std::size_t most_leaves = 20;

void find_leaves(const Node& node, const std::string& path, std::vector<Leaf>& leaves) {
    if (leaves.size() >= most_leaves) return;
    if (node.kind != Node::Kind::table || node.children.empty()) {
        return leaves.push_back({&node, path});
    }
    for (const Node& child : node.children)
        find_leaves(child, path + "." + child.name, leaves);
}

class UnitReader {
public:
    UnitReader(std::string_view name, ParsedFiles files, const Vocabulary& vocabulary,
               std::span<const std::string> without = {})
        : files_(std::move(files)),
          reading_{vocabulary, unit_.name, files_.problems, files_.are_owners_checked,
                   files_.profiles.get()},
          without_(without) {
        UnitNameParts parts = split_unit_name(name);
        if (parts.is_template()) parts.instance = "instance";
        unit_.name = parts.is_templated ? parts.stem + "@" + parts.instance : parts.stem;
        unit_.instance = parts.instance;
        unit_.files = files_.names;
        reading_.unit_name = unit_.name;
    }

    Checked<Unit> read() {
        for (Document& document : files_.documents)
            fill_in_document(document);
        for (const Document& document : files_.documents)
            add_document(document);
        read_entries();
        // Without one of its files the unit as a whole means something else.
        if (files_.documents.size() == files_.names.size()) {
            check_unit(unit_, files_.problems, reading_.vocabulary);
        }
        if (files_.problems.is_empty()) check_filter();
        if (!files_.problems.is_empty()) {
            return std::unexpected(files_.problems.take(files_.names));
        }
        if (!unit_.unit.optional.empty()) {
            unit_.source = std::make_shared<const UnitSource>(unit_.name, std::move(files_));
        }
        return std::move(unit_);
    }

private:
    void check_filter() {
        const auto fault_of = reading_.vocabulary.filter_fault;
        const auto fault = fault_of != nullptr ? fault_of(unit_) : std::nullopt;
        if (!fault) return;
        const std::size_t colon = std::min(fault->find(": "), fault->size());
        Problem problem{.key = fault->substr(0, colon),
                        .message = fault->substr(std::min(colon + 2, fault->size()))};
        auto place = unit_.locations.find(problem.key);
        if (place == unit_.locations.end()) place = unit_.locations.find("seccomp");
        problem.location =
            place != unit_.locations.end() ? place->second : Location{.file = files_.names.front()};
        files_.problems.add(std::move(problem));
    }

    bool is_left_out(std::string_view path) const {
        return std::ranges::any_of(
            without_, [&](const std::string& key) { return path == key || is_below(path, key); });
    }

    // Whether there is something in a table, and all of it is left out: it is then as if the table
    // were not there.
    bool is_emptied(const Node& table, const std::string& path) const {
        return !table.children.empty() &&
               std::ranges::all_of(table.children, [&](const Node& child) {
                   return is_left_out(path + "." + child.name);
               });
    }

    void fill_in_document(Document& document) {
        if (unit_.instance.empty() || fill_in(document.root, unit_) <= unit_file_limit) return;
        files_.problems.add({.location = {.file = document.file},
                             .message = "with its specifiers filled in, it is larger than "
                                        "256 KiB"});
    }

    void add_document(const Document& document) {
        std::vector<Entry> entries;
        collect(document.root, "", document, entries);
        for (const Entry& entry : entries) {
            if (adds(entry)) continue;
            std::erase_if(in_force_, [&](const auto& older) {
                const bool is_replaced =
                    older.second.front().document != &document &&
                    (older.first == entry.key->path || is_below(older.first, entry.key->path));
                if (is_replaced) record_replaced(older.second, entry);
                return is_replaced;
            });
        }
        for (const Entry& entry : entries)
            in_force_[entry.key->path].push_back(entry);
        entries_.insert(entries_.end(), entries.begin(), entries.end());
    }

    void record_replaced(const std::vector<Entry>& older, const Entry& entry) {
        for (const Entry& one : older) {
            unit_.replaced.push_back({.key = std::string{one.key->path},
                                      .text = toml_text(*one.node),
                                      .place = location(*one.document, one.node->position),
                                      .by = location(*entry.document, entry.node->position)});
        }
    }

    // A value that is no list is at fault anyway, and replaces.
    static bool adds(const Entry& entry) {
        return entry.key->drop_ins == DropIns::add && entry.node->kind == Node::Kind::array &&
               !entry.node->children.empty();
    }

    void collect(const Node& table, const std::string& path, const Document& document,
                 std::vector<Entry>& entries) {
        for (const Node& child : table.children) {
            const std::string below = path.empty() ? child.name : path + "." + child.name;
            // A name with a dot in it would be a second way to write a key.
            const bool is_plain = child.name.find('.') == std::string::npos || is_quoted_key(below);
            const Key* key = is_plain ? find_key(below) : nullptr;
            const bool is_path = is_plain && has_keys_below(below);
            if (is_left_out(below)) continue;
            if (key != nullptr) entries.push_back({key, &child, &document});
            if (is_path && child.kind == Node::Kind::table) {
                unit_.locations[below] = location(document, child.position);
                if (below == "service") unit_.service.emplace();
                if (below == "seccomp" && !is_emptied(child, below)) unit_.seccomp.emplace();
                collect(child, below, document, entries);
            } else if (key == nullptr) {
                refuse(document, child, below, is_path);
            }
        }
    }

    void refuse(const Document& document, const Node& child, const std::string& path,
                bool is_path) {
        if (!is_path && find_key(path) == nullptr) return refuse_unknown(document, child, path);
        Problem problem{.location = location(document, child.name_position), .key = path};
        if (is_path) {
            problem.message = "expected a table";
            problem.nearest = key_below(path);
        } else {
            problem.message = "the dots of a key are written outside of quotes";
        }
        files_.problems.add(std::move(problem));
    }

    // A dotted key in the wrong table is a table that nobody knows, with what is meant below it.
    void refuse_unknown(const Document& document, const Node& child, const std::string& path) {
        if (files_.problems.is_full()) return add_unknown(document, {&child, path}, {});
        Meaning meaning = meaning_of(path);
        const bool is_table = !path.contains('.');
        std::vector<Leaf> leaves;
        if (!is_table || meaning.is_empty()) find_leaves(child, path, leaves);
        const bool is_one_key = leaves.size() == 1 && !is_table;
        const bool are_meant = is_one_key || std::ranges::any_of(leaves, [](const Leaf& leaf) {
                                   return !meaning_of(leaf.path).is_empty();
                               });
        if (!are_meant) return add_unknown(document, {&child, path}, std::move(meaning));
        for (const Leaf& leaf : leaves) {
            if (files_.problems.is_full()) return add_unknown(document, leaf, {});
            add_unknown(document, leaf, meaning_of(leaf.path));
        }
    }

    void add_unknown(const Document& document, const Leaf& leaf, Meaning meaning) {
        const bool is_table = leaf.node->kind == Node::Kind::table && !leaf.path.contains('.');
        Problem problem{.location = location(document, leaf.node->name_position),
                        .key = leaf.path,
                        .message = is_table ? "unknown table" : "unknown key",
                        .nearest = std::move(meaning.nearest)};
        if (!meaning.advice.empty()) problem.message += "; " + meaning.advice;
        files_.problems.add(std::move(problem));
    }

    // In the order of the key table, which is the order of the cgroup settings.
    void read_entries() {
        for (const Key* key : all_keys()) {
            const auto given = in_force_.find(key->path);
            if (given == in_force_.end()) continue;
            for (const Entry& entry : given->second)
                read_entry(entry, unit_);
            record(given->second);
        }
        for (const Entry& entry : entries_) {
            if (is_in_force(entry)) continue;
            Unit replaced;
            replaced.service.emplace();
            replaced.seccomp.emplace();
            read_entry(entry, replaced);
        }
    }

    bool is_in_force(const Entry& entry) const {
        const auto given = in_force_.find(entry.key->path);
        return given != in_force_.end() &&
               std::ranges::find(given->second, entry.node, &Entry::node) != given->second.end();
    }

    void read_entry(const Entry& entry, Unit& unit) {
        const Value value{*entry.node, entry.document->file, std::string{entry.key->path},
                          entry.key->form, reading_};
        entry.key->read(value, unit);
    }

    // A list that several files have added to stands where the last of them has it.
    void record(const std::vector<Entry>& entries) {
        const std::string key{entries.front().key->path};
        if (entries.size() == 1) {
            return record(*entries.front().document, *entries.front().node, key);
        }
        Node whole{.kind = Node::Kind::array};
        std::vector<Location> places;
        for (const Entry& entry : entries) {
            for (const Node& child : entry.node->children) {
                const auto known = std::ranges::find(whole.children, child.text, &Node::text);
                if (known != whole.children.end()) continue;
                whole.children.push_back(child);
                places.push_back(location(*entry.document, child.position));
            }
        }
        record(*entries.back().document, whole, key);
        unit_.locations[key] = location(*entries.back().document, entries.back().node->position);
        for (std::size_t i = 0; i < places.size(); ++i)
            unit_.locations[element_key(key, i)] = places[i];
    }

    static std::string element_key(const std::string& key, std::size_t index) {
        return key + "[" + std::to_string(index) + "]";
    }

    void record(const Document& document, const Node& node, const std::string& key) {
        unit_.locations[key] = location(document, node.position);
        unit_.declared[key] = toml_text(node);
        if (node.kind == Node::Kind::table) {
            for (const Node& child : node.children)
                record(document, child, key + "." + child.name);
        }
        if (node.kind != Node::Kind::array) return;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            unit_.locations[element_key(key, i)] = location(document, node.children[i].position);
        }
    }

    static Location location(const Document& document, const Position& position) {
        return {document.file, position.line, position.column};
    }

    Unit unit_;
    ParsedFiles files_;
    Reading reading_;
    std::span<const std::string> without_;
    std::vector<Entry> entries_;  // of all documents
    // The entries that no later document replaced, by path; several for a key whose drop-ins add
    // to it.
    std::map<std::string_view, std::vector<Entry>> in_force_;
};

}  // namespace

Checked<Unit> without_keys(const Unit& unit, std::span<const std::string> keys,
                           const Vocabulary& vocabulary) {
    std::vector<std::string> whole;
    std::vector<std::string> entries;
    for (const std::string& key : keys)
        (key.ends_with(']') ? entries : whole).push_back(key);
    Checked<Unit> rest =
        whole.empty() ? Checked<Unit>{unit}
                      : UnitReader{unit.source->name, unit.source->files, vocabulary, whole}.read();
    if (rest) rest->left_out = std::move(entries);
    return rest;
}

Checked<Unit> read_unit(std::string_view name, ParsedFiles files, const Vocabulary& vocabulary) {
    return UnitReader{name, std::move(files), vocabulary}.read();
}

}  // namespace confinit
