// SPDX-License-Identifier: Apache-2.0
// A client of the system bus that behaves badly:
//
//     bus-client flood COUNT METHOD UNIT   asks all at once, and counts the answers by their errors
//     bus-client leave COUNT METHOD UNIT   asks, each time over a connection of its own, and leaves
//     bus-client deaf COUNT SECONDS        asks for all units, and never reads
//     bus-client properties COUNT UNIT     asks so often how a unit is confined, all at once
//     bus-client own NAME                  owns a name until it is ended
//     bus-client toggle COUNT NAME         the same, after it was taken and given back so often
//     bus-client long BYTES                asks for a unit with a name of so many bytes
//     bus-client many COUNT                passes so many empty texts
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace {

constexpr const char* name = "org.confinit";
constexpr const char* path = "/org/confinit/Manager";
constexpr const char* interface = "org.confinit.Manager1";

struct Answers {
    std::map<std::string, unsigned> by_error;
    unsigned open = 0;
};

void check(int result, const char* what) {
    if (result >= 0) return;
    std::fprintf(stderr, "%s: error %d\n", what, -result);
    std::exit(1);
}

sd_bus* open_bus() {
    sd_bus* bus = nullptr;
    check(sd_bus_open_system(&bus), "open");
    return bus;
}

int on_answer(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& answers = *static_cast<Answers*>(data);
    const sd_bus_error* error = sd_bus_message_get_error(message);
    ++answers.by_error[error == nullptr ? "done" : error->name];
    --answers.open;
    return 0;
}

void ask(sd_bus* bus, const char* method, const char* unit, Answers* answers) {
    const int result = unit == nullptr
                           ? sd_bus_call_method_async(bus, nullptr, name, path, interface, method,
                                                      on_answer, answers, nullptr)
                           : sd_bus_call_method_async(bus, nullptr, name, path, interface, method,
                                                      on_answer, answers, "s", unit);
    check(result, "call");
    ++answers->open;
}

void wait_for_all(sd_bus* bus, Answers& answers) {
    while (answers.open > 0) {
        const int result = sd_bus_process(bus, nullptr);
        check(result, "process");
        if (result == 0) check(sd_bus_wait(bus, UINT64_MAX), "wait");
    }
    for (const auto& [error, count] : answers.by_error)
        std::printf("%s %u\n", error.c_str(), count);
}

// Sends what was asked, and tells the answers when all are there.
void finish(sd_bus* bus, Answers& answers) {
    check(sd_bus_flush(bus), "flush");
    std::fprintf(stderr, "asked\n");
    wait_for_all(bus, answers);
    sd_bus_flush_close_unref(bus);
}

void flood(unsigned count, const char* method, const char* unit) {
    sd_bus* bus = open_bus();
    Answers answers;
    for (unsigned n = 0; n < count; ++n)
        ask(bus, method, unit, &answers);
    finish(bus, answers);
}

void leave(unsigned count, const char* method, const char* unit) {
    for (unsigned n = 0; n < count; ++n) {
        sd_bus* bus = open_bus();
        Answers answers;
        ask(bus, method, unit, &answers);
        check(sd_bus_flush(bus), "flush");
        sd_bus_close_unref(bus);
    }
}

void deaf(unsigned count, unsigned seconds) {
    sd_bus* bus = open_bus();
    Answers answers;
    for (unsigned n = 0; n < count; ++n) {
        ask(bus, "ListUnits", nullptr, &answers);
        check(sd_bus_flush(bus), "flush");
    }
    sleep(seconds);
    sd_bus_close_unref(bus);
}

// Each of them is five bytes of the message.
void many(unsigned count) {
    sd_bus* bus = open_bus();
    sd_bus_message* call = nullptr;
    Answers answers;
    check(sd_bus_message_new_method_call(bus, &call, name, path, interface, "RevertUnit"), "make");
    check(sd_bus_message_append(call, "s", "web"), "append");
    check(sd_bus_message_open_container(call, 'a', "s"), "open");
    for (unsigned n = 0; n < count; ++n)
        check(sd_bus_message_append(call, "s", ""), "append");
    check(sd_bus_message_close_container(call), "close");
    check(sd_bus_message_append(call, "b", 0), "append");
    check(sd_bus_call_async(bus, nullptr, call, on_answer, &answers, 0), "call");
    ++answers.open;
    sd_bus_message_unref(call);
    finish(bus, answers);
}

void properties(unsigned count, const char* unit) {
    sd_bus* bus = open_bus();
    Answers answers;
    const std::string object = std::string{"/org/confinit/unit/"} + unit;
    for (unsigned n = 0; n < count; ++n) {
        check(sd_bus_call_method_async(bus, nullptr, name, object.c_str(),
                                       "org.freedesktop.DBus.Properties", "GetAll", on_answer,
                                       &answers, "s", "org.confinit.Confinement1"),
              "call");
        ++answers.open;
    }
    finish(bus, answers);
}

void own(const char* wanted, unsigned toggles) {
    sd_bus* bus = open_bus();
    for (unsigned n = 0; n < toggles; ++n) {
        check(sd_bus_request_name(bus, wanted, 0), "request the name");
        check(sd_bus_release_name(bus, wanted), "release the name");
    }
    check(sd_bus_request_name(bus, wanted, 0), "request the name");
    for (;;) {
        const int result = sd_bus_process(bus, nullptr);
        check(result, "process");
        if (result == 0) check(sd_bus_wait(bus, UINT64_MAX), "wait");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc > 2 ? argv[1] : "";
    const auto number = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 0);
    if (mode == "flood" && argc == 5) {
        flood(number, argv[3], argv[4]);
    } else if (mode == "leave" && argc == 5) {
        leave(number, argv[3], argv[4]);
    } else if (mode == "deaf" && argc == 4) {
        deaf(number, static_cast<unsigned>(std::atoi(argv[3])));
    } else if (mode == "own") {
        own(argv[2], 0);
    } else if (mode == "toggle" && argc == 4) {
        own(argv[3], number);
    } else if (mode == "properties" && argc == 4) {
        properties(number, argv[3]);
    } else if (mode == "many") {
        many(number);
    } else if (mode == "long") {
        flood(1, "StartUnit", std::string(number, 'x').c_str());
    } else {
        return 2;
    }
    return 0;
}
