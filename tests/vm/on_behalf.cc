// SPDX-License-Identifier: Apache-2.0
// Calls a method of the supervisor in the name of somebody else, and prints what comes of it:
//
//     on-behalf SOCKET METHOD UNIT UID SENDER ACTION
//     on-behalf SOCKET NAME PID    tells in its own name who owns a name on the bus
#include "control/client.h"
#include "control/fields.h"

#include <cstdio>
#include <cstdlib>

using namespace confinit;

namespace {

Call telling(char** argv) {
    return {.method = "org.confinit.Manager.SetNameOwner",
            .parameters = {{"name", argv[2]}, {"pid", std::atoi(argv[3])}}};
}

Call asking(char** argv) {
    Call call{.method = std::string{"org.confinit.Manager."} + argv[2],
              .on_behalf_of = Principal{.uid = static_cast<std::uint32_t>(std::atoll(argv[4])),
                                        .sender = argv[5],
                                        .authorized = argv[6]}};
    if (argv[3][0] != '\0') call.parameters["unit"] = argv[3];
    return call;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7 && argc != 4) return 2;
    auto client = Client::connect(argv[1]);
    if (!client) {
        std::printf("%s\n", client.error().text().c_str());
        return 1;
    }
    const Call call = argc == 4 ? telling(argv) : asking(argv);
    if (auto sent = client->send(call); !sent) return 1;
    const auto received = client->receive();
    if (!received) {
        std::printf("%s\n", received.error().text().c_str());
        return 1;
    }
    const Reply& reply = received->reply;
    if (reply.error.empty()) {
        std::printf("done\n");
        return 0;
    }
    std::printf("%s: %s\n", reply.error.c_str(), string_or(reply.parameters, "message").c_str());
    return 1;
}
