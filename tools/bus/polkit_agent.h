// SPDX-License-Identifier: Apache-2.0
// PolkitAgent: polkit's agent for terminals, pkttyagent(1), which asks for a password in the name
// of this process for as long as this object lives.
#pragma once

#include "kernel/process.h"

#include <optional>
#include <utility>

namespace confinit {

class PolkitAgent {
public:
    // Returns when polkit knows the agent, or the time for that is over; absent where it is not
    // installed.
    static std::optional<PolkitAgent> start();
    PolkitAgent(PolkitAgent&& other) noexcept = default;
    PolkitAgent& operator=(PolkitAgent&&) = delete;
    PolkitAgent(const PolkitAgent&) = delete;
    PolkitAgent& operator=(const PolkitAgent&) = delete;
    ~PolkitAgent();

private:
    explicit PolkitAgent(Process process) : process_(std::move(process)) {}

    Process process_;
};

}  // namespace confinit
