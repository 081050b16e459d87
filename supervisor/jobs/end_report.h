// SPDX-License-Identifier: Apache-2.0
// EndReport: why everything ends, and the exit status that tells it outside.
#pragma once

#include "supervisor/jobs/manager.h"

#include <string>

namespace confinit {

// requested    by a signal or an operator
// exited       an essential service has ended with success
// crash        it has ended otherwise, or could not be launched
// start_limit  it was tried again as often as service.restart_limit allows
enum class EndReason { requested, exited, crash, start_limit };

struct EndReport {
    EndReason reason = EndReason::requested;
    std::string unit = {};  // the one that the code is of; empty for none
    int code = 0;           // 0 to 255, see service.essential
    int signal = 0;         // that has killed its main process
    bool is_oom_kill = false;
};

// The report of an essential unit that has ended by itself.
EndReport report_of_end(const Manager& manager, const std::string& unit);

// For an end by request: of the units that boot has started the first that has failed gives the
// code.
EndReport report_of_request(const Manager& manager);

// The code of an essential unit that a requested end has not stopped in good order replaces 0.
void add_essential_ends(const Manager& manager, EndReport& report);

// "CONFINIT-EXIT v=1 unit=web code=139 signal=SEGV oom=0 reason=crash", for the host of a virtual
// machine; "-" stands for what there is not.
std::string exit_line(const EndReport& report);

}  // namespace confinit
