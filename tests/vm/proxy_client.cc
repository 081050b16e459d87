// SPDX-License-Identifier: Apache-2.0
// A client of the system bus as others write one: with the proxies that sdbus-c++ generates from
// the interface files as they are installed.
//
//     proxy-client drive UNIT          rules a service and tells all that it hears, a line each
//     proxy-client rounds UNIT COUNT   starts and stops it so often, and tells how long that takes
//     proxy-client listen COUNT JOBS   listens over so many connections until each of them has
//                                      heard of the ends of so many jobs
#include "Confinement1-proxy.h"
#include "Manager1-proxy.h"
#include "Service1-proxy.h"
#include "Unit1-proxy.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <poll.h>
#include <sdbus-c++/StandardInterfaces.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr const char* service = "org.confinit";

// Manager: the supervisor, and the ends of jobs as they are told.
class Manager final : public sdbus::ProxyInterfaces<org::confinit::Manager1_proxy> {
public:
    explicit Manager(sdbus::IConnection& connection, bool tells = false)
        : ProxyInterfaces(connection, service, "/org/confinit/Manager"), tells_(tells) {
        registerProxy();
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() { unregisterProxy(); }

    std::size_t jobs_over() const { return results_.size(); }
    // Empty until the job is over.
    std::string result_of(const std::string& job) const {
        const auto result = results_.find(job);
        return result == results_.end() ? "" : result->second;
    }

private:
    void onUnitNew(const std::string& unit, const sdbus::ObjectPath& path) override {
        tell("UnitNew " + unit + " " + path);
    }
    void onUnitRemoved(const std::string& unit, const sdbus::ObjectPath& path) override {
        tell("UnitRemoved " + unit + " " + path);
    }
    void onJobNew(const uint32_t&, const sdbus::ObjectPath&, const std::string& unit) override {
        tell("JobNew " + unit);
    }
    void onJobRemoved(const uint32_t&, const sdbus::ObjectPath& job, const std::string& unit,
                      const std::string& result) override {
        results_[job] = result;
        tell("JobRemoved " + unit + " " + result);
    }
    void onStateChanged(const std::string& unit, const std::string& active, const std::string& sub,
                        const std::string& /*reason*/) override {
        tell("StateChanged " + unit + " " + active + " " + sub);
    }
    void onDriftFound(const std::string& unit, const std::string& text) override {
        tell("DriftFound " + unit + " " + text);
    }
    void onReloading(const bool& active) override {
        tell(active ? "Reloading begins" : "Reloading ends");
    }

    void tell(const std::string& line) const {
        if (tells_) (void)std::printf("%s\n", line.c_str());
    }

    bool tells_;
    std::map<std::string, std::string> results_;
};

// UnitObject: a service with the properties of all its interfaces, and their changes.
class UnitObject final
    : public sdbus::ProxyInterfaces<org::confinit::Unit1_proxy, org::confinit::Service1_proxy,
                                    org::confinit::Confinement1_proxy, sdbus::Properties_proxy> {
public:
    UnitObject(sdbus::IConnection& connection, std::string path)
        : ProxyInterfaces(connection, service, std::move(path)) {
        registerProxy();
    }
    UnitObject(const UnitObject&) = delete;
    UnitObject& operator=(const UnitObject&) = delete;
    ~UnitObject() { unregisterProxy(); }

private:
    void onPropertiesChanged(const std::string& /*interface*/,
                             const std::map<std::string, sdbus::Variant>& changed,
                             const std::vector<std::string>& /*invalidated*/) override {
        for (const auto& [name, value] : changed) {
            if (value.peekValueType() != "s") continue;
            (void)std::printf("changed %s %s\n", name.c_str(), value.get<std::string>().c_str());
        }
    }
};

// Works off what has come, and waits for more if there was nothing.
void turn(sdbus::IConnection& connection) {
    if (connection.processPendingRequest()) return;
    const auto data = connection.getEventLoopPollData();
    pollfd one{data.fd, data.events, 0};
    (void)poll(&one, 1, data.getPollTimeout());
}

std::string wait_for(sdbus::IConnection& connection, const Manager& manager,
                     const std::string& job) {
    while (manager.result_of(job).empty())
        turn(connection);
    return manager.result_of(job);
}

void drive(const std::string& name) {
    const auto connection = sdbus::createSystemBusConnection();
    Manager manager{*connection, true};
    (void)wait_for(*connection, manager, manager.StartUnit(name));
    UnitObject unit{*connection, manager.GetUnit(name)};
    (void)std::printf("%s is %s, %s, process %s\n", unit.Id().c_str(), unit.ActiveState().c_str(),
                      unit.SubState().c_str(), unit.MainPID() != 0 ? "known" : "unknown");
    const std::map<std::string, std::string> values{{"memory.max", "48M"}};
    (void)manager.SetUnitProperties(name, values, true, false);
    for (const auto& [from, limits] :
         {std::pair{"declared", unit.Declared()}, std::pair{"in force", unit.InForce()}}) {
        const auto limit = limits.find("cgroup.memory.max");
        if (limit == limits.end()) continue;
        (void)std::printf("%s: memory.max %llu bytes\n", from,
                          static_cast<unsigned long long>(limit->second.get<std::uint64_t>()));
    }
    (void)std::printf("%s\n",
                      std::get<0>(manager.VerifyUnit(name)) ? "verified" : "not as declared");
    (void)wait_for(*connection, manager, manager.StopUnit(name));
    try {
        (void)manager.StartUnit("no-such-unit");
    } catch (const sdbus::Error& error) {
        (void)std::printf("refused: %s\n", error.getName().c_str());
    }
}

void rounds(const std::string& name, unsigned long count) {
    const auto connection = sdbus::createSystemBusConnection();
    Manager manager{*connection};
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned long round = 0; round < count; ++round) {
        (void)wait_for(*connection, manager, manager.StartUnit(name));
        (void)wait_for(*connection, manager, manager.StopUnit(name));
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    (void)std::printf("%lu rounds, %.2f ms each\n", count,
                      took.count() / static_cast<double>(count));
}

void listen(unsigned long count, unsigned long jobs) {
    struct Listener {
        std::unique_ptr<sdbus::IConnection> connection;
        std::unique_ptr<Manager> manager;
    };
    std::vector<Listener> listeners;
    for (unsigned long number = 0; number < count; ++number) {
        auto connection = sdbus::createSystemBusConnection();
        auto manager = std::make_unique<Manager>(*connection);
        listeners.push_back({std::move(connection), std::move(manager)});
    }
    (void)std::printf("%lu listen\n", count);
    (void)std::fflush(stdout);
    for (const Listener& listener : listeners) {
        while (listener.manager->jobs_over() < jobs)
            turn(*listener.connection);
    }
    (void)std::printf("%lu have heard\n", count);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto number = [&](std::size_t at) {
        return std::strtoul(words[at].c_str(), nullptr, 10);
    };
    try {
        if (words.size() == 2 && words[0] == "drive") {
            drive(words[1]);
        } else if (words.size() == 3 && words[0] == "rounds") {
            rounds(words[1], number(2));
        } else if (words.size() == 3 && words[0] == "listen") {
            listen(number(1), number(2));
        } else {
            return 2;
        }
    } catch (const sdbus::Error& error) {
        (void)std::fprintf(stderr, "proxy-client: %s\n", error.what());
        return 1;
    }
    return 0;
}
