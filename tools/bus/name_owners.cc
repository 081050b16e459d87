// SPDX-License-Identifier: Apache-2.0
// NameOwners: tells the supervisor who owns the names on the bus that units wait for.
#include "bus/name_owners.h"

#include "control/fields.h"

#include <cstdio>
#include <string_view>
#include <utility>

namespace confinit {
namespace {

constexpr std::string_view no_owner = "org.freedesktop.DBus.Error.NameHasNoOwner";

void complain(const std::string& name, const std::string& why) {
    (void)fprintf(stderr, "who owns '%s': %s\n", name.c_str(), why.c_str());
}

}  // namespace

void NameOwners::follow(const std::string& name) {
    Followed& followed = names_[name];
    if (followed.units++ > 0) return;
    auto slot =
        bus_.watch_owner(name, [this, name](const std::string& owner) { on_owner(name, owner); });
    if (!slot) return complain(name, slot.error().text());
    followed.slot = std::move(*slot);
    ask_owner(name);
}

void NameOwners::leave(const std::string& name) {
    const auto found = names_.find(name);
    if (found != names_.end() && --found->second.units == 0) names_.erase(found);
}

void NameOwners::tell_all() {
    for (const auto& [name, followed] : names_)
        ask_owner(name);
}

// A name without an owner is an error of the broker, and nobody has to hear of it.
void NameOwners::ask_owner(const std::string& name) {
    const auto asked = bus_.call(broker, "GetNameOwner", "s", Json::array({name}), broker_time,
                                 [this, name](sdbus::MethodReply& reply, const BusError* error) {
                                     if (error != nullptr) {
                                         if (error->name != no_owner)
                                             complain(name, error->message);
                                         return;
                                     }
                                     std::string owner;
                                     reply >> owner;
                                     on_owner(name, owner);
                                 });
    if (!asked) complain(name, asked.error().text());
}

void NameOwners::on_owner(const std::string& name, const std::string& owner) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    Followed& followed = found->second;
    followed.owner = owner;
    followed.has_changed = followed.is_being_told;
    if (std::exchange(followed.is_being_told, true)) return;
    if (owner.empty()) return tell(name, std::nullopt);
    find_process(name, owner);
}

void NameOwners::find_process(const std::string& name, const std::string& owner) {
    authorization_.identify(owner, [this, name](const std::expected<Principal, BusError>& who) {
        if (who) return tell(name, who->pid);
        complain(name, who.error().message);
        end_telling(name);
    });
}

// A name that comes and goes is told once an answer, as it is then.
void NameOwners::end_telling(const std::string& name) {
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    found->second.is_being_told = false;
    if (std::exchange(found->second.has_changed, false)) on_owner(name, found->second.owner);
}

void NameOwners::tell(const std::string& name, std::optional<std::int32_t> pid) {
    Call call{.method = std::string{method_names.name(Method::set_name_owner)},
              .parameters = {{"name", name}}};
    if (pid) call.parameters["pid"] = *pid;
    const std::weak_ptr<bool> still_here = here_;
    calls_.make("", std::move(call), [this, name, still_here](const Result<Reply>& reply) {
        if (still_here.expired()) return;
        if (!reply) {
            complain(name, reply.error().text());
        } else if (!reply->error.empty()) {
            complain(name, string_or(reply->parameters, "message", reply->error));
        }
        end_telling(name);
    });
}

}  // namespace confinit
