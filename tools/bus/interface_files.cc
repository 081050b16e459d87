// SPDX-License-Identifier: Apache-2.0
// The introspection files of the D-Bus interfaces, written from the tables that register them.
#include "bus/interface_files.h"

#include "bus/interfaces.h"
#include "control/description.h"
#include "control/manager_interface.h"
#include "control/methods.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

std::string escape(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        switch (byte) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        default:
            escaped += byte;
        }
    }
    return escaped;
}

std::string annotation(std::string_view indent, std::string_view name, std::string_view value) {
    return fmt::format("{}<annotation name=\"{}\" value=\"{}\"/>\n", indent, name, escape(value));
}

std::string documentation(std::string_view indent, std::string_view text) {
    return text.empty() ? "" : annotation(indent, "org.gtk.GDBus.DocString", text);
}

std::string arguments(std::span<const BusArgument> list, std::string_view direction) {
    std::string text;
    for (const BusArgument& argument : list) {
        const std::string way =
            direction.empty() ? "" : fmt::format(" direction=\"{}\"", direction);
        text += fmt::format("      <arg name=\"{}\" type=\"{}\"{}/>\n", argument.name,
                            argument.signature, way);
    }
    return text;
}

std::string file_of(std::string_view name, std::string_view doc, std::string_view body) {
    return fmt::format(
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
        "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
        "<node>\n  <interface name=\"{}\">\n{}{}  </interface>\n</node>\n",
        name, documentation("    ", doc), body);
}

// The comment of the Varlink method, and who may call.
std::string method_documentation(const MethodInfo& method, const BusMethod& bus) {
    std::string text{bus.documentation};
    if (text.empty()) {
        const auto interface = find_interface_description("org.confinit.Manager");
        for (const DescribedMethod& one : described_methods(interface.value_or(""))) {
            if (method.name.ends_with("." + one.name)) text = one.documentation;
        }
    }
    if (method.callers == Callers::anyone) return text;
    return fmt::format("{} Takes the polkit action {}.", text, action_names.name(method.action));
}

std::string method_text(const BusMethod& method, std::string_view text) {
    return fmt::format("    <method name=\"{}\">\n{}{}{}    </method>\n", method.name,
                       documentation("      ", text), arguments(method.in, "in"),
                       arguments(method.out, "out"));
}

std::string manager_file() {
    std::string body;
    for (const MethodInfo& method : method_table) {
        for (const BusMethod& bus : method.bus)
            body += method_text(bus, method_documentation(method, bus));
    }
    body += method_text(varlink_call, varlink_call.documentation);
    for (const SignalRow& signal : manager_signals()) {
        body += fmt::format("    <signal name=\"{}\">\n{}{}    </signal>\n", signal.name,
                            documentation("      ", signal.documentation),
                            arguments(signal.arguments, ""));
    }
    body += "    <property name=\"Version\" type=\"s\" access=\"read\">\n" +
            documentation("      ", "The version of confinit-bus.") +
            annotation("      ", "org.freedesktop.DBus.Property.EmitsChangedSignal", "const") +
            "    </property>\n";
    return file_of(manager_interface, "The supervisor: org.confinit at /org/confinit/Manager.",
                   body);
}

std::string properties_file(const InterfaceTable& table) {
    std::string body;
    for (const PropertyRow& row : table.properties) {
        body += fmt::format("    <property name=\"{}\" type=\"{}\" access=\"read\">\n{}", row.name,
                            row.signature, documentation("      ", row.documentation));
        if (!row.is_signalled()) {
            body += annotation("      ", "org.freedesktop.DBus.Property.EmitsChangedSignal",
                               row.source == Source::fixed ? "const" : "false");
        }
        body += "    </property>\n";
    }
    return file_of(table.name, table.documentation, body);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> interface_files() {
    std::vector<std::pair<std::string, std::string>> files{{manager_interface, manager_file()}};
    for (const InterfaceTable* table :
         {&unit_interface, &service_interface, &confinement_interface, &group_interface}) {
        files.emplace_back(table->name, properties_file(*table));
    }
    return files;
}

}  // namespace confinit
