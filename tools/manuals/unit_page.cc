// SPDX-License-Identifier: Apache-2.0
// The keys of confinit.unit(5), from the key table.
#include "manuals/pages.h"

#include "manuals/scdoc.h"
#include "unit/keys.h"

#include <fmt/format.h>
#include <string_view>

namespace confinit {
namespace {

std::string key_entry(const Key& key) {
    std::string body = plain(key.documentation) + "\n\n";
    body += fact("Value", key.form);
    body += fact("Default", key.fallback);
    if (key.operation != "none") body += fact("Kernel", key.operation);
    if (key.source != "confinit") body += fact("Source", key.source);
    if (key.drop_ins == DropIns::add) {
        body += fact("Drop-ins", "add to the list; an empty one takes away what came before it");
    }
    body += fact("systemd", key.systemd);
    // A break behind the last line would leave an empty one.
    body.erase(body.rfind("++"));
    return entry(bold(key.path), body);
}

}  // namespace

std::string keys_part() {
    std::string text;
    std::string_view table;
    for (const Key* key : all_keys()) {
        const std::string_view own = key->path.substr(0, key->path.find('.'));
        if (own != table) text += fmt::format("## [{}]\n\n", own);
        table = own;
        text += key_entry(*key);
    }
    return text;
}

}  // namespace confinit
