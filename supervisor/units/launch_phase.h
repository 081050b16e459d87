// SPDX-License-Identifier: Apache-2.0
// LaunchPhase: how far a launch under way has come, as one table without any system call.
#pragma once

namespace confinit {

enum class LaunchPhase : unsigned char {
    asked,        // a process is asked for, and there is none yet
    made,         // the first process walks the steps
    handed_over,  // it has made the main one, in a joined pid namespace, and has ended
    silent,       // nobody has anything to report any more, and the mark was not among it
    executing,    // the mark before execve(2) was read: the main process is known
    running,      // execve(2) has happened
    failing,      // execve(2), or the filter before it, has failed after the mark
    ended,        // there is no process of the launch any more
};

enum class LaunchEvent : unsigned char {
    made,         // the first process exists
    refused,      // no process could be made, or none is wanted any more
    failed,       // a record tells of a failure
    mark,         // the record that its sender executes the program now
    hang_up,      // all who could report have ended, or have executed a program
    handed_over,  // the first process has ended well, and was only to make the main one
    first_ended,  // the first process has ended otherwise, while the main one was not known
    main_ended,   // the main process, which was known, has ended
};

// Every event may come in every phase: reports, ends of processes and answers come by different
// ways, and one that tells nothing new changes nothing.
LaunchPhase phase_after(LaunchPhase phase, LaunchEvent event);

// Whether the main process is known, or was.
bool has_mark(LaunchPhase phase);

}  // namespace confinit
